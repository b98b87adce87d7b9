// The mapper: both mappings side by side, real messages beside them, and what would become of these, as the node itself says.
import {make, mark, moment, say} from '/assets/house.js';
import * as draft from './draft.js';
import {Editor} from './editor.js';
import * as files from './files.js';
import {Guide} from './guide.js';
import {label, split} from './messages.js';
import * as node from './node.js';
import {jsonPath, proposals, template} from './paths.js';
import * as results from './results.js';
import {SAMPLES} from './samples.js';
import {Shelf, tell} from './shelf.js';
import {appended} from './source.js';
import {DEVICE, FHIR} from './templates.js';
import {Tree} from './tree.js';

const PAUSE_MILLIS = 250;
const AGAIN_MILLIS = 500;
const MOST_TRIES = 40;
const COLLECTION = {device: 'CollectionContent', fhir: 'CollectionFhir'};
const FILE = {device: 'devicecontent.json', fhir: 'fhirmapping.json'};
const byId = id => document.getElementById(id);

/** {editor, text}: text is that of the file or version the editor's text comes from; a text area knows no CRLF. */
const panes = {};
/** {payload, headers, origin: null | {at, mapping} | a dead letter}[] */
let messages = [];
let chosen = 0;
let answer = null;
let rights = null;
let focused = 'device';
/** Whether a message has gone from here to the node. */
let sent = false;
/** One question at a time; what has changed meanwhile is asked next. */
let asking = false;
let again = false;
let timer = 0;
let quiet = true;

const tree = new Tree(byId('tree'), propose);
const shelf = new Shelf(texts, found => put({device: found.deviceContent, fhir: found.fhirMapping}), refreshed);

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
  pane.editor = new Editor(box.querySelector('.editor'), edited);
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

/** Both texts, or one of them, in place of what stands there; can be undone. */
function put(both) {
  for (const [which, text] of Object.entries(both)) {
    panes[which].editor.replace(files.shown(text));
    panes[which].text = text;
  }
  keep();
  shelf.show();
}

function edited() {
  if (quiet) return;
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE_MILLIS);
  keep();
  shelf.show();
}

function keep() {
  const kept = draft.save({...texts(), name: shelf.base?.name ?? null, version: shelf.base?.version ?? null});
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
  if (!device.value.trim() && !fhir.value.trim() && !messages.length) {
    answer = null;
    say(byId('state'), '');
    show();
    return;
  }
  say(byId('state'), 'checking …');
  asking = true;
  try {
    const found = await node.preview(device.value, fhir.value, messages.map(({payload, headers}) => ({payload, headers})));
    if (!again) {
      answer = found;
      say(byId('state'), 'checked');
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

function show() {
  const problems = answer?.templateErrors ?? [];
  for (const which of ['device', 'fhir']) listed(which, problems.filter(one => one.mapping === which));
  listMessages();
  showChosen();
  guide.show();
}

function refreshed() {
  keep();
  guide.show();
  sendable();
}

// ---- messages

function pasted() {
  const text = byId('paste').value;
  const found = text.trim() ? split(text) : {messages: [], error: null};
  byId('paste-problem').hidden = !found.error;
  say(byId('paste-problem'), found.error ? `Line ${found.error.line}, column ${found.error.column}: ${found.error.message}.` : '');
  messages = [...found.messages.map(payload => ({payload, headers: {}, origin: null})), ...messages.filter(one => one.origin)];
  chosen = Math.min(chosen, Math.max(0, messages.length - 1));
  received();
}

/** There are other messages: what was said is of those before. */
function received() {
  if (answer) answer.results = [];
  shownMessage = null;
  listMessages();
  showChosen();
  clearTimeout(timer);
  check();
}

function listMessages() {
  byId('message-list').replaceChildren(...(messages.length > 1 || messages.some(one => one.origin) ? messages : []).map((one, i) => {
    const {kind, text} = results.verdict(answer?.results?.[i]);
    const when = one.origin ? `${moment(Date.parse(one.origin.at))} · ` : '';
    const button = make('button', {type: 'button', 'aria-current': String(i === chosen)}, make('span', {class: 'what'}, when + label(one.payload)), make('span', {class: `how ${kind}`}, text));
    button.addEventListener('click', () => {
      chosen = i;
      shownMessage = null;
      listMessages();
      showChosen();
      byId('message-list').querySelectorAll('button')[i].focus();
    });
    return make('li', {}, button);
  }));
}

let shownMessage = null;

function showChosen() {
  const one = messages[chosen], result = answer?.results?.[chosen];
  origin(one?.origin);
  const text = result?.message === undefined ? null : JSON.stringify(result.message);
  if (!one) tree.clear('Paste or capture a message. Then choose a value in it to get the expressions that find it.');
  else if (result && text === null) tree.clear('There is nothing to be seen: the message cannot be read, or is too large to be shown.');
  else if (text !== null && text !== shownMessage) tree.show(result.message);
  if (text !== shownMessage || !one) {
    byId('proposals').hidden = true;
    shownMessage = text;
  }
  results.errors(byId('errors'), result, line => panes.device.editor.point(line, 1));
  results.measurements(byId('measurements'), result);
  results.observations(byId('observations'), result, Boolean(panes.fhir.editor.text.trim()));
  say(byId('about'), !one ? '' : messages.length > 1 ? `of message ${chosen + 1} of ${messages.length}` : 'of the message on the left');
  sendable();
}

/** Where a message comes from that nobody pasted. */
function origin(from) {
  byId('origin').hidden = !from;
  if (!from) return;
  const when = moment(Date.parse(from.at));
  if (!from.reason) {
    byId('origin').replaceChildren(`Captured from topic ${from.topic}, ${when}, for mapping ${from.mapping}.`);
    return;
  }
  const name = from.headers?.['caregrid-mapping'] ?? 'default';
  const load = make('button', {type: 'button', class: 'plain'}, `Load mapping ${name}`);
  load.addEventListener('click', () => shelf.load(name));
  const again = make('button', {type: 'button', class: 'plain'}, 'Send it again');
  again.addEventListener('click', () => tell(byId('problem'), async () => {
    again.disabled = true;
    await node.replay(from.source);
    say(byId('note'), 'The dead letter is in the log again. Should it be set aside once more, there is a new one in the dead letters.');
  }));
  byId('origin').replaceChildren(make('b', {}, `Dead letter: ${from.reason}. `), from.detail, make('div', {class: 'soft'}, `${when}, for mapping ${name}`), load, again);
}

async function capture() {
  await tell(byId('problem'), async () => {
    byId('capture').disabled = true;
    const found = await node.captured(byId('stored').value || null, byId('limit').value).finally(() => byId('capture').disabled = false);
    messages = [...messages.filter(one => !one.origin || one.origin.reason), ...found.map(one => ({payload: one.payload, headers: one.headers, origin: one}))];
    const of = byId('stored').value ? ` for mapping ${byId('stored').value}` : '';
    say(byId('note'), found.length ? `Captured the ${found.length === 1 ? 'newest message' : `newest ${found.length} messages`}${of}. This look is in the audit trail.` : `There is no message${of} in the stream.`);
    if (found.length) chosen = messages.length - found.length;
    received();
  });
}

function clear() {
  messages = [];
  chosen = 0;
  byId('paste').value = '';
  byId('paste-problem').hidden = true;
  location.hash && history.replaceState(null, '', location.pathname);
  received();
}

/** A dead letter named in the address. */
async function letter() {
  const source = new URLSearchParams(location.hash.slice(1)).get('letter');
  if (!source) return;
  await tell(byId('problem'), async () => {
    const found = await node.letter(source);
    const {'caregrid-mapping': name, ...headers} = found.headers ?? {};
    messages = [...messages.filter(one => !one.origin?.reason), {payload: found.payload, headers, origin: found}];
    chosen = messages.length - 1;
    if (!panes.device.editor.text.trim() && !panes.fhir.editor.text.trim()) await shelf.load(name ?? 'default');
    received();
  });
}

function sendable() {
  const one = messages[chosen];
  const good = Boolean(one) && !one.origin && shelf.inForce() && may('TELEMETRY_SEND');
  byId('send').disabled = !good;
  byId('send').title = good ? '' : !may('TELEMETRY_SEND') ? 'This needs TELEMETRY_SEND, which none of your roles gives.' : !shelf.inForce() ? 'Put the mapping in force first.' : 'Only for a message that was pasted.';
}

async function send() {
  await tell(byId('problem'), async () => {
    await node.send(shelf.base.name, messages[chosen].payload);
    sent = true;
    byId('note').replaceChildren('The node has taken the message. A second later its Observations are at the ', make('a', {href: '/patients/'}, 'patient'),
      '; if not, it is in the ', make('a', {href: '/dead-letters/'}, 'dead letters'), ', with the reason.');
    guide.show();
  });
}

// ---- expressions

/** @param place of a value in the message */
function propose(place) {
  if (!place.length) {
    byId('proposals').hidden = true;
    return;
  }
  const message = answer.results[chosen].message;
  const plain = JSON.parse(JSON.stringify(message));
  const made = template(plain, place);
  const whole = make('button', {type: 'button', class: 'plain'}, 'New template for this value');
  whole.addEventListener('click', () => append('device', made));
  byId('proposals').replaceChildren(make('div', {class: 'bar'}, make('code', {}, jsonPath(place)), made ? whole : null), make('ul', {}, ...proposals(place).map(one => {
    const insert = make('button', {type: 'button', class: 'plain', title: 'Insert at the cursor'}, 'Insert');
    insert.addEventListener('click', () => panes[focused].editor.insert(JSON.stringify(one.text).slice(1, -1)));
    const copy = make('button', {type: 'button', class: 'plain'}, 'Copy');
    copy.addEventListener('click', () => copied(copy, one.text));
    const attempt = make('button', {type: 'button', class: 'plain'}, 'Try');
    attempt.addEventListener('click', () => {
      byId('language').value = one.language;
      byId('expression').value = one.text;
      evaluate();
    });
    return make('li', {}, make('code', {}, one.text), make('span', {class: 'soft'}, `${one.language}, ${one.about}`),
      make('span', {class: 'do'}, insert, copy, one.text.includes('matchedToken') || one.about.includes('JsonPathContent') ? null : attempt));
  })));
  byId('proposals').hidden = false;
}

async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    say(button, 'Copied');
  } catch {
    say(button, 'Not allowed');
  }
  setTimeout(() => say(button, 'Copy'), 2_000);
}

async function evaluate() {
  const message = answer?.results?.[chosen]?.message;
  byId('matches').hidden = true;
  tree.mark([]);
  if (message === undefined) {
    say(byId('tried'), 'There is no message to try it on.');
    return;
  }
  try {
    const found = await node.evaluate(byId('language').value, byId('expression').value, message);
    if (found.error) {
      say(byId('tried'), found.error);
      return;
    }
    const marked = tree.mark(found.places.filter(one => one !== null));
    const n = found.matches.length;
    say(byId('tried'), n === 0 ? 'It finds nothing.' : `It finds ${n === 1 ? 'one token' : `${n} tokens`}${marked === n ? ', marked above' : marked ? `, ${marked} of them marked above` : ''}.`);
    byId('matches').textContent = found.matches.map(one => JSON.stringify(one)).join('\n').slice(0, 20_000);
    byId('matches').hidden = n === 0;
  } catch (failed) {
    say(byId('tried'), failed.message);
  }
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
        byId('paste').value = found.value;
        pasted();
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
  return {messages: messages.length, problems: answer?.templateErrors, results: answer?.results, stored: shelf.inForce(), sent};
}

/** What a step of the tutorial does for somebody. */
function help(step) {
  if (step.message) {
    byId('paste').value = step.message;
    pasted();
  }
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
  byId('paste').value = SAMPLES[byId('samples').value].text;
  byId('samples').value = '';
  pasted();
});
byId('paste').addEventListener('input', pasted);
byId('capture').addEventListener('click', capture);
byId('clear').addEventListener('click', clear);
byId('send').addEventListener('click', send);
byId('try').addEventListener('submit', event => {
  event.preventDefault();
  evaluate();
});
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
addEventListener('hashchange', letter);

async function open() {
  const kept = draft.load();
  if (kept) for (const which of ['device', 'fhir']) {
    panes[which].text = kept[which].text ?? null;
    panes[which].editor.text = kept[which].value;
  }
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
  await letter();
}

/** What a draft from before was made from; when that is gone it is a mapping of its own. */
async function restored({name, version}) {
  try {
    const found = version ? await node.version(name, version) : await node.mapping(name);
    if (found.removed || (!version && found.version)) return;
    shelf.from({name, version, deviceContent: found.deviceContent, fhirMapping: found.fhirMapping});
    byId('stored').value = name;
    shelf.chosen();
    sendable();
  } catch {
    say(byId('note'), `Your texts come from mapping ${name}, which is not there any more.`);
  }
}

open();
