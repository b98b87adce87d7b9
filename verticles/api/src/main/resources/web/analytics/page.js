// Questions to the lake: an editor, the tables beside it, the answer as a table or a chart, and as a file.
import {duration, make, moment, say} from '/assets/house.js';
import * as charts from './chart.js';
import {Editor} from './editor.js';
import {QUESTIONS} from './questions.js';
import * as sheet from './sheet.js';
import {Refused, ask, file, tables} from './sql.js';
import * as list from './tables.js';

/** Most rows a page shows. */
const ROWS = 1000;
const KEPT = 'analytics-sql';
const byId = id => document.getElementById(id);
const editor = new Editor(byId('sql'), run);
let known = [];
let running = null;
let answer = null;
let asked = '';
let chart = null;

async function run() {
  if (running) return;
  const sql = editor.text;
  sessionStorage.setItem(KEPT, sql);
  problem('');
  await busy(async signal => {
    const begun = performance.now();
    const found = await ask(sql, ROWS, signal);
    answer = found;
    asked = sql;
    say(byId('state'), `answered in ${time(performance.now() - begun)}`);
    asOf(found.asOf);
    show();
  });
}

/** One thing at a time; the button becomes one that stops it. */
async function busy(work) {
  running = new AbortController();
  say(byId('run'), 'Stop');
  say(byId('state'), 'working …');
  byId('answer').setAttribute('aria-busy', 'true');
  try {
    await work(running.signal);
  } catch (failed) {
    say(byId('state'), failed.name === 'AbortError' ? 'stopped' : '');
    if (failed.name !== 'AbortError') problem(failed instanceof Refused ? failed.message : 'This node does not answer.');
  } finally {
    running = null;
    say(byId('run'), 'Run');
    byId('answer').setAttribute('aria-busy', 'false');
  }
}

function time(millis) {
  return millis < 1000 ? `${Math.round(millis)} ms` : duration(millis);
}

function problem(text) {
  byId('problem').hidden = !text;
  say(byId('problem'), text);
  byId('sql').setAttribute('aria-invalid', String(Boolean(text)));
  const place = /^line (\d+), column (\d+): /.exec(text);
  if (place) editor.point(Number(place[1]), Number(place[2]));
}

function asOf(text) {
  say(byId('as-of'), text ? `as of ${moment(Date.parse(text))}` : '');
}

function show() {
  byId('answer').hidden = false;
  const shown = sheet.show(byId('table'), answer);
  const rows = answer.count === 1 ? 'row' : 'rows';
  const cut = shown < answer.count ? `the first ${shown} are shown` : '';
  const more = answer.more ? `the first ${answer.count} ${rows}; there are more: add them up, add a LIMIT, or take them as a file` : `${answer.count} ${rows}`;
  say(byId('count'), [more, cut].filter(Boolean).join(', '));
  const possible = charts.choices(answer.columns);
  const drawable = possible.y !== undefined && answer.rows.length > 0;
  byId('as-chart').disabled = !drawable;
  if (drawable) {
    charts.options(byId('x'), answer.columns, possible.across, possible.x);
    charts.options(byId('y'), answer.columns, possible.up, possible.y);
    charts.options(byId('series'), answer.columns, possible.parts, possible.series, 'one for all');
  }
  look(drawable && byId('as-chart').getAttribute('aria-pressed') === 'true');
}

function look(asChart) {
  byId('as-table').setAttribute('aria-pressed', String(!asChart));
  byId('as-chart').setAttribute('aria-pressed', String(asChart));
  byId('table').hidden = asChart;
  byId('chart').hidden = !asChart;
  chart?.destroy();
  chart = null;
  if (!asChart) return;
  const series = byId('series').value;
  const drawn = charts.draw(byId('canvas'), answer, Number(byId('x').value), Number(byId('y').value), series === '' ? undefined : Number(series));
  chart = drawn.chart;
  say(byId('chart-note'), drawn.note);
}

async function download(form) {
  if (running) return;
  problem('');
  await busy(async signal => {
    const saved = URL.createObjectURL(await file(asked, form, signal));
    const link = make('a', {href: saved, download: `query.${form}`});
    link.click();
    setTimeout(() => URL.revokeObjectURL(saved), 60_000);
    say(byId('state'), `saved as query.${form}`);
  });
}

async function load() {
  try {
    const found = await tables();
    known = found.tables;
    asOf(found.asOf);
    list.show(byId('tables'), known, word => editor.insert(word));
    list.note(byId('tables-note'), known, known.length, found.asOf);
  } catch (failed) {
    say(byId('tables-note'), failed instanceof Refused ? failed.message : 'This node does not answer.');
  }
}

byId('examples').append(...QUESTIONS.map((question, i) => make('option', {value: i}, question.title)));
byId('examples').addEventListener('change', () => {
  const question = QUESTIONS[byId('examples').value];
  if (!question) return;
  editor.text = question.sql;
  run();
});
byId('run').addEventListener('click', () => running ? running.abort() : run());
byId('find').addEventListener('input', () => list.note(byId('tables-note'), known, list.filter(byId('tables'), known, byId('find').value), true));
byId('as-table').addEventListener('click', () => look(false));
byId('as-chart').addEventListener('click', () => look(true));
for (const id of ['x', 'y', 'series']) byId(id).addEventListener('change', () => look(true));
for (const button of document.querySelectorAll('[data-form]')) button.addEventListener('click', () => download(button.dataset.form));
document.addEventListener('theme', () => answer && look(byId('as-chart').getAttribute('aria-pressed') === 'true'));

editor.text = sessionStorage.getItem(KEPT) ?? QUESTIONS[0].sql;
load();
