// What could not be used, newest first. Payloads are anybody's text: they are shown as text and never read as HTML.
import {make, moment, say} from '/assets/house.js';

const REFRESH_MILLIS = 5_000;
const MOST = 200;
const byId = id => document.getElementById(id);
let shown = '';
let letters = [];

async function load() {
  try {
    const answer = await fetch(`/iomt/dead-letters?_count=${MOST}`);
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.issue?.[0]?.diagnostics ?? `status ${answer.status}`);
    letters = body;
    say(byId('note'), letters.length ? '' : 'Every message so far could be used.');
    show();
  } catch (failed) {
    say(byId('note'), `The list cannot be read at the moment, what stands below may be old: ${failed.message}`);
  }
}

function show() {
  const reason = byId('reason').value;
  const wanted = letters.filter(letter => !reason || letter.reason === reason);
  const key = reason + wanted.map(letter => letter.source).join();
  if (key === shown) return;
  shown = key;
  byId('card').hidden = !wanted.length;
  say(byId('count'), letters.length ? `${wanted.length}${letters.length === MOST ? ' newest' : ''} shown` : '');
  byId('rows').replaceChildren(...wanted.map(row));
  reasons();
}

function row(letter) {
  return make('tr', {},
    make('td', {}, make('time', {datetime: letter.at}, moment(Date.parse(letter.at)))),
    make('td', {class: 'reason'}, letter.reason),
    make('td', {}, letter.detail, make('div', {class: 'source'}, letter.source)),
    make('td', {}, letter.device ?? '–'),
    make('td', {class: 'payload'}, make('pre', {tabindex: '0'}, letter.payload)));
}

function reasons() {
  const select = byId('reason'), chosen = select.value;
  const names = [...new Set(letters.map(letter => letter.reason))].sort();
  select.replaceChildren(make('option', {value: ''}, 'All'), ...names.map(name => make('option', {value: name}, name)));
  select.value = names.includes(chosen) ? chosen : '';
}

byId('reason').addEventListener('input', show);
load();
setInterval(load, REFRESH_MILLIS);
