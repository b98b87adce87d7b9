// What could not be used, newest first, and sending it again. Payloads are anybody's text: they are shown as text and never read as HTML.
import {make, moment, say} from '/assets/house.js';
import {canBeTried} from '/mapper/messages.js';

const REFRESH_MILLIS = 5_000;
const MOST = 200;
const byId = id => document.getElementById(id);
let shown = '';
let letters = [];
let more = false;
let sending = false;

/** The words of the node for what went wrong. */
async function ask(address, options) {
  const answer = await fetch(address, options);
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(answer.status === 404 && options ? 'this node does not write into the log: it has not role ingest' : body?.issue?.[0]?.diagnostics ?? `status ${answer.status}`);
  return {body, next: /rel="next"/.test(answer.headers.get('Link') ?? '')};
}

function filter() {
  return Object.fromEntries([['reason', byId('reason').value], ['device', byId('device').value.trim()]].filter(([, value]) => value));
}

async function load() {
  const asked = new URLSearchParams({_count: MOST, state: byId('state').value, ...filter()}).toString();
  try {
    const found = await ask(`/iomt/dead-letters?${asked}`);
    if (asked !== new URLSearchParams({_count: MOST, state: byId('state').value, ...filter()}).toString()) return;
    letters = found.body;
    more = found.next;
    const narrowed = Object.keys(filter()).length || byId('state').value === 'replayed';
    say(byId('note'), letters.length ? '' : narrowed ? 'None of these.' : 'Every message so far could be used, or was sent again.');
    show();
    reasons((await ask('/iomt/dead-letters/$count')).body);
  } catch (failed) {
    say(byId('note'), `The list cannot be read at the moment, what stands below may be old: ${failed.message}`);
  }
}

function show() {
  const key = letters.map(letter => letter.source + (letter.replayed ?? '')).join();
  byId('all').hidden = !letters.some(letter => !letter.replayed) || byId('state').value === 'replayed';
  byId('all').disabled = sending;
  if (key === shown) return;
  shown = key;
  byId('card').hidden = !letters.length;
  say(byId('count'), letters.length ? `${letters.length}${more ? ' newest' : ''} shown` : '');
  byId('rows').replaceChildren(...letters.map(row));
}

function row(letter) {
  const again = make('button', {type: 'button', class: 'plain'}, 'Send again');
  again.addEventListener('click', () => one(letter, again));
  return make('tr', {},
    make('td', {}, make('time', {datetime: letter.at}, moment(Date.parse(letter.at)))),
    make('td', {class: 'reason'}, letter.reason),
    make('td', {}, letter.detail, make('div', {class: 'source'}, letter.source), letter.replayed ? make('div', {class: 'again'}, `sent again ${moment(Date.parse(letter.replayed))}`) : null),
    make('td', {}, letter.device ?? '–'),
    make('td', {class: 'payload'}, make('pre', {tabindex: '0'}, letter.payload)),
    make('td', {class: 'do'}, canBeTried(letter) ? make('a', {href: `/mapper/#${new URLSearchParams({letter: letter.source})}`}, 'Open in the mapper') : null, again));
}

function reasons(tallies) {
  const select = byId('reason'), chosen = select.value;
  const names = new Map(tallies.map(one => [one.reason, `${one.reason} (${one.open} open)`]));
  if (chosen && !names.has(chosen)) names.set(chosen, chosen);
  const options = ['All', ...names.values()];
  if ([...select.options].map(option => option.text).join() === options.join()) return;
  select.replaceChildren(make('option', {value: ''}, 'All'), ...[...names].map(([name, words]) => make('option', {value: name}, words)));
  select.value = chosen;
}

async function replay(body) {
  return (await ask('/iomt/dead-letters/$replay', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)})).body;
}

async function one(letter, button) {
  button.disabled = true;
  try {
    await replay({source: letter.source});
    say(byId('done'), 'Sent again. Should it be set aside once more, there is a new letter.');
  } catch (failed) {
    say(byId('done'), `Not sent: ${failed.message}`);
  }
  button.disabled = false;
  load();
}

/** What a call has not looked at is sent by the next one. */
async function all() {
  const wanted = filter();
  sending = true;
  byId('all').disabled = true;
  let replayed = 0, left = 0, cut = false, after;
  try {
    do {
      say(byId('done'), `Sending … ${replayed} so far.`);
      const report = await replay({...wanted, ...(after ? {after} : {})});
      replayed += report.replayed;
      left += report.left;
      after = report.more ? report.next : undefined;
      cut = report.more && !report.next;
    } while (after);
    say(byId('done'), `${replayed} sent again.${left ? ` ${left} could not be sent: their mapping is not there, or the log refuses them.` : ''}${cut ? ' Then the log or the store went away: there are more.' : ''}`);
  } catch (failed) {
    say(byId('done'), `${replayed} sent again, then it ended: ${failed.message}`);
  }
  sending = false;
  load();
}

byId('all').addEventListener('click', () => {
  const {reason, device} = filter();
  const open = letters.filter(letter => !letter.replayed).length;
  say(byId('confirm-text'), `${more ? 'All' : open} letters${reason ? ` with reason ${reason}` : ''}${device ? ` of device ${device}` : ''} that were not sent again yet.`);
  byId('confirm').returnValue = 'no';
  byId('confirm').showModal();
});
byId('confirm').addEventListener('close', () => byId('confirm').returnValue === 'yes' && all());
for (const id of ['reason', 'state', 'device']) byId(id).addEventListener('input', load);
load();
setInterval(load, REFRESH_MILLIS);
