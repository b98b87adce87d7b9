// The mapper: both mappings side by side, real messages beside them, and what would become of these, as the node itself says.
import {make, mark, say} from '/assets/house.js';
import * as draft from './draft.js';
import {Editor} from './editor.js';
import {Expressions} from './expressions.js';
import * as files from './files.js';
import {Guide} from './guide.js';
import {Inbox} from './inbox.js';
import * as node from './node.js';
import * as results from './results.js';
import {SAMPLES} from './samples.js';
import {Shelf, tell} from './shelf.js';
import {appended} from './source.js';
import {DEVICE, FHIR} from './templates.js';

const PAUSE_MILLIS = 250;
const AGAIN_MILLIS = 500;
const MOST_TRIES = 40;
const MOST_REPLACED = 50;
const COLLECTION = {device: 'CollectionContent', fhir: 'CollectionFhir'};
const FILE = {device: 'devicecontent.json', fhir: 'fhirmapping.json'};
const byId = id => document.getElementById(id);

/** {editor, text}: text is that of the file or version the editor's text comes from; a text area knows no CRLF. */
const panes = {};
let answer = null;
let rights = null;
let focused = 'device';
/** Whether a message has gone from here to the node. */
let sent = false;
/** One question at a time; what has changed meanwhile is asked next. */
let asking = false;
let again = false;
let timer = 0;
/** How often something was changed that the node is asked about: an answer to what was before is not shown. */
let changes = 0;
let quiet = true;
/** {name, version} that a draft comes from, as long as the node could not be asked for it. */
let awaited = null;
/** What was put in place of what: {before, after}[], each {base, device?, fhir?} with {value, text} of a pane. */
const replaced = [];

const expressions = new Expressions(text => panes[focused].editor.insert(text), one => append('device', one));
const shelf = new Shelf(texts, found => put({device: found.deviceContent, fhir: found.fhirMapping}, found), refreshed);
const inbox = new Inbox(shelf, () => !panes.device.editor.text.trim() && !panes.fhir.editor.text.trim(), received, turned);
const guide = new Guide(state, help);

function texts() {
  return {device: {value: panes.device.editor.text, text: panes.device.text}, fhir: {value: panes.fhir.editor.text, text: panes.fhir.text}};
}

function may(access) {
  return rights === null || rights.includes(access);
}

// ---- both editors

for (const which of ['device', 'fhir']) {
  const box = byId(which);
  const pane = panes[which] = {text: null, verdict: box.querySelector('.verdict'), list: box.querySelector('.problems')};
  pane.editor = new Editor(box.querySelector('.editor'), undone => edited(undone ? which : null));
  box.querySelector('textarea').addEventListener('focus', () => focused = which);
  box.querySelector('.import').addEventListener('click', () => choose(which));
  box.querySelector('.export').addEventListener('click', () => save(which));
  const menu = box.querySelector('.insert');
  const kinds = which === 'device' ? DEVICE : FHIR;
  menu.append(...kinds.map((one, i) => make('option', {value: i}, one.title)));
  menu.addEventListener('change', () => {
    if (menu.value !== '') append(which, kinds[menu.value].template);
    menu.value = '';
  });
}

function append(which, one) {
  const {editor} = panes[which];
  const found = appended(editor.text, one, COLLECTION[which]);
  if (found) editor.change(found.from, found.to, found.text);
  else editor.insert(JSON.stringify(one, null, 2));
  editor.area.scrollTop = editor.area.scrollHeight;
}

/** Both texts, or one of them, in place of what stands there; can be undone. @param base where what stands here comes from then */
function put(both, base = shelf.base) {
  const before = {base: shelf.base}, after = {base};
  for (const [which, text] of Object.entries(both)) {
    before[which] = {value: panes[which].editor.text, text: panes[which].text};
    after[which] = {value: files.shown(text), text};
    panes[which].editor.replace(after[which].value);
    panes[which].text = text;
  }
  replaced.push({before, after});
  if (replaced.length > MOST_REPLACED) replaced.shift();
  shelf.from(base);
  keep();
}

/** What was undone, or done again, has its text and, with the other pane, its base. */
function undone(which) {
  const {text} = panes[which].editor;
  const side = replaced.flatMap(({before, after}) => [before, after]).findLast(one => one[which]?.value === text);
  if (!side) return;
  panes[which].text = side[which].text;
  if (side.base !== undefined && ['device', 'fhir'].every(other => !side[other] || side[other].value === panes[other].editor.text)) shelf.base = side.base;
}

/** @param back the pane in which something was undone or done again; null for any other change */
function edited(back) {
  if (quiet) return;
  if (back) undone(back);
  changes++;
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE_MILLIS);
  keep();
  shelf.show();
}

function keep() {
  const base = shelf.base ?? awaited;
  const kept = draft.save({...texts(), name: base?.name ?? null, version: base?.version ?? null});
  if (!kept) say(byId('note'), 'This browser has no room to keep your mappings: export them before you leave.');
}

function listed(which, problems) {
  const {list, editor, verdict} = panes[which];
  list.replaceChildren(...problems.map(one => {
    const button = make('button', {type: 'button'}, make('b', {}, one.line ? `line ${one.line}, column ${one.column}: ` : ''), one.message);
    button.addEventListener('click', () => editor.point(one.line ?? 1, one.column ?? 1));
    return make('li', {class: one.severity}, button);
  }));
  editor.show(problems);
  const errors = problems.filter(one => one.severity === 'error').length, warnings = problems.length - errors;
  const empty = !editor.text.trim();
  const words = [errors ? `✕ ${errors} ${errors === 1 ? 'error' : 'errors'}` : '', warnings ? `! ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}` : ''].filter(Boolean).join(', ');
  say(verdict, empty ? 'empty' : words || '✓ valid');
  for (const kind of ['error', 'warning', 'good']) mark(verdict, kind, !empty && kind === (errors ? 'error' : warnings ? 'warning' : 'good'));
}

// ---- what the node says, the newest answer only

async function check(tries = 0) {
  clearTimeout(timer);
  if (asking) {
    again = true;
    return;
  }
  const {device, fhir} = texts();
  if (!device.value.trim() && !fhir.value.trim() && !inbox.all.length) {
    answer = null;
    say(byId('state'), '');
    show();
    return;
  }
  say(byId('state'), 'checking …');
  asking = true;
  const before = changes;
  try {
    const found = await previewed(device.value, fhir.value);
    if (!again && before === changes) {
      answer = found;
      say(byId('state'), found.only === undefined ? 'checked' : 'checked with the chosen message only: together they are more than the node takes at once');
      show();
    }
  } catch (failed) {
    if (failed.status === 503 && tries < MOST_TRIES) timer = setTimeout(() => check(tries + 1), AGAIN_MILLIS);
    else say(byId('state'), `Not checked: ${failed.message}`);
  }
  asking = false;
  if (again) {
    again = false;
    check();
  }
}

/** Of all messages; of the chosen one only when all are too large together, and {only} is which it was. */
async function previewed(device, fhir) {
  const all = inbox.all.map(({payload, headers, reading}) => reading ? {reading: payload} : {payload, headers}), only = inbox.at;
  try {
    return await node.preview(device, fhir, all);
  } catch (failed) {
    if (failed.status !== 413 || all.length < 2) throw failed;
    const found = await node.preview(device, fhir, [all[only]]), results = [];
    [results[only]] = found.results ?? [];
    return {...found, results, only};
  }
}

function show() {
  const problems = answer?.templateErrors ?? [];
  for (const which of ['device', 'fhir']) listed(which, problems.filter(one => one.mapping === which));
  turned();
  guide.show();
}

/** @param put whether this page's texts were put in force: whatever is undone from now on is a change of these */
function refreshed(put) {
  if (put) for (const {before, after} of replaced) before.base = after.base = undefined;
  keep();
  guide.show();
  sendable();
}

// ---- messages, and what is said of the chosen one

function received() {
  changes++;
  if (answer) answer = {templateErrors: answer.templateErrors, results: []};
  turned();
  clearTimeout(timer);
  check();
}

function turned() {
  inbox.show(answer?.results);
  if (answer?.only !== undefined && answer.only !== inbox.at && !answer.results[inbox.at]) check();
  const one = inbox.chosen, result = answer?.results?.[inbox.at];
  if (!one) expressions.clear('Paste or capture a message. Then choose a value in it to get the expressions that find it.');
  else if (one.reading) expressions.clear('A device mapping has made this reading already: only the FHIR mapping is tried on it.');
  else if (!result) expressions.clear('The node has not said yet what templates see of it.');
  else if (result.message === undefined) expressions.clear('There is nothing to be seen: the message cannot be read, or is too large to be shown.');
  else expressions.show(result.message);
  results.errors(byId('errors'), result, line => panes.device.editor.point(line, 1));
  results.measurements(byId('measurements'), result);
  results.observations(byId('observations'), result, Boolean(panes.fhir.editor.text.trim()));
  say(byId('about'), !one ? '' : inbox.all.length > 1 ? `of message ${inbox.at + 1} of ${inbox.all.length}` : 'of the message on the left');
  sendable();
}

function sendable() {
  const one = inbox.chosen;
  const good = Boolean(one) && !one.origin && shelf.inForce() && may('TELEMETRY_SEND');
  byId('send').disabled = !good;
  byId('send').title = good ? '' : !may('TELEMETRY_SEND') ? 'This needs TELEMETRY_SEND, which none of your roles gives.' : !shelf.inForce() ? 'Put the mapping in force first.' : 'Only for a message that was pasted.';
}

async function send() {
  await tell(byId('problem'), async () => {
    await node.send(shelf.base.name, inbox.chosen.payload);
    sent = true;
    byId('note').replaceChildren('The node has taken the message. A second later its Observations are at the ', make('a', {href: '/patients/'}, 'patient'),
      '; if not, it is in the ', make('a', {href: '/dead-letters/'}, 'dead letters'), ', with the reason.');
    guide.show();
  });
}

// ---- files

function choose(which) {
  byId('file').dataset.which = which;
  byId('file').value = '';
  byId('file').click();
}

/** @param which the pane that is meant when a file does not say itself */
async function imported(list, which) {
  await tell(byId('problem'), async () => {
    const taken = [];
    for (const file of list) {
      let found;
      try {
        found = files.read(new Uint8Array(await file.arrayBuffer()));
      } catch (failed) {
        throw new node.Refused(`${file.name}: ${failed.message}`, 0);
      }
      const target = (list.length === 1 ? which : null) ?? files.kind(file.name, found.text);
      if (target) {
        put({[target]: found.text});
        taken.push(file.name);
      } else {
        inbox.paste(found.value);
        taken.push(`${file.name} as messages`);
      }
    }
    say(byId('note'), `Imported ${taken.join(', ')}.`);
  });
}

function save(which) {
  const {editor, text} = panes[which];
  const address = URL.createObjectURL(new Blob([files.written(editor.text, text)], {type: 'application/json'}));
  make('a', {href: address, download: FILE[which]}).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// ---- the tutorial

function state() {
  return {messages: inbox.all.length, problems: answer?.templateErrors, results: answer?.results, stored: shelf.inForce(), sent};
}

/** What a step of the tutorial does for somebody. */
function help(step) {
  if (step.message) inbox.paste(step.message);
  if (step.append) {
    const [which, ...templates] = step.append(state());
    for (const one of templates) append(which, one);
  }
  if (step.open) byId(step.open).click();
}

// ---- from here on it runs

byId('samples').append(...SAMPLES.map((one, i) => make('option', {value: i}, one.title)));
byId('samples').addEventListener('change', () => {
  if (byId('samples').value === '') return;
  inbox.paste(SAMPLES[byId('samples').value].text);
  byId('samples').value = '';
});
byId('send').addEventListener('click', send);
byId('file').addEventListener('change', () => imported([...byId('file').files], byId('file').dataset.which));
document.addEventListener('dragover', event => {
  if (![...event.dataTransfer.types].includes('Files')) return;
  event.preventDefault();
  document.querySelector('main').classList.add('dropping');
});
document.addEventListener('dragleave', event => event.relatedTarget || document.querySelector('main').classList.remove('dropping'));
document.addEventListener('drop', event => {
  document.querySelector('main').classList.remove('dropping');
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  imported([...event.dataTransfer.files], null);
});
draft.elsewhere(() => say(byId('note'), 'Another tab works on mappings too. This browser keeps the texts of the tab that was typed in last: export these before you leave.'));

async function open() {
  const kept = draft.load();
  if (kept) for (const which of ['device', 'fhir']) {
    panes[which].text = kept[which].text ?? null;
    panes[which].editor.text = kept[which].value;
  }
  awaited = kept?.name ? {name: kept.name, version: kept.version} : null;
  quiet = false;
  show();
  check();
  guide.open(!kept && !location.hash);
  try {
    rights = await node.rights();
  } catch {
    // the node does not answer: the check says so
  }
  const operates = may('OPERATE');
  for (const id of ['stored', 'capture', 'limit']) byId(id).disabled = !operates;
  byId('put').disabled = !operates;
  if (!operates) {
    say(byId('note'), 'You may try mappings here. Stored mappings, putting one in force, capturing messages and dead letters need OPERATE, which none of your roles gives.');
    return;
  }
  await tell(byId('problem'), () => shelf.refresh());
  if (kept?.name) await restored(kept);
  await inbox.letter();
}

/** What a draft from before was made from; when that is gone it is a mapping of its own, and what cannot be asked now is asked at the next reload. */
async function restored({name, version}) {
  try {
    const found = version ? await node.version(name, version) : await node.mapping(name);
    awaited = null;
    if (shelf.base || found.removed || (!version && found.version)) return;
    shelf.from({name, version, deviceContent: found.deviceContent, fhirMapping: found.fhirMapping});
    byId('stored').value = name;
    shelf.chosen();
    sendable();
  } catch (failed) {
    if (failed.status === 404) awaited = null;
    say(byId('note'), failed.status === 404 ? `Your texts come from mapping ${name}, which is not there any more.`
      : `Your texts come from mapping ${name}, which cannot be read at the moment: ${failed.message} Reload this page later to go on from it.`);
  }
}

open();
