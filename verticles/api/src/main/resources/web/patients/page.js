// Patients: one box that looks for them, and one of them with what is known. The address keeps both, behind the '#', which no browser sends to a server; what is asked for is sent as a form, for addresses are logged.
import {make, mark, say} from '/assets/house.js';
import {Search, Trouble, sorry} from './door.js';
import {Person} from './person.js';
import {asNames, fits, hasParts, isAskable, toParams, understand} from './query.js';
import {age, dateText, dayOf, names, numbers, sex} from './words.js';

const TYPING_MILLIS = 350;
const PAGE = 25;
/** Pages that are read for one more row before somebody is asked whether to go on. */
const MOST_PAGES = 4;
const MOST_NUMBERS = 3;
const FIELDS = 'name,birthDate,gender,identifier,deceased,active';
const byId = id => document.getElementById(id);
const box = byId('box');
const person = new Person(byId('person'));
let typing = 0;
let asking = null;
let shown = null;
let reading = null;

function address() {
  const params = new URLSearchParams(location.hash.slice(1));
  return {find: (params.get('find') ?? '').slice(0, 200), patient: params.get('patient') ?? ''};
}

function fragment(find, patient) {
  const params = new URLSearchParams();
  if (find.trim()) params.set('find', find);
  if (patient) params.set('patient', patient);
  return `#${params}`;
}

/** What the address says is what is shown. */
function route() {
  const {find, patient} = address();
  if (find && box.value !== find) box.value = find;
  byId('found').hidden = Boolean(patient);
  if (patient) {
    clearTimeout(typing);
    person.open(patient, fragment(find, ''));
    tell(understand(box.value, new Date()));
  } else {
    person.close();
    look();
  }
}

/** Typing leaves the patient who is open: what stands below the box is always its answer. */
function look() {
  clearTimeout(typing);
  const typed = box.value;
  if (address().patient || address().find !== typed.trim()) history.replaceState(null, '', fragment(typed.trim(), ''));
  byId('found').hidden = false;
  person.close();
  const words = understand(typed, new Date());
  tell(words);
  if (shown === typed.trim()) return;
  shown = typed.trim();
  find(words);
}

/** What the box was understood as; a number that could be a date can be meant as a number. */
function tell(words) {
  byId('meant').replaceChildren(...words.flatMap(word => {
    const chip = make('span', {class: `chip ${word.kind}`}, make('bdi', {}, word.said));
    if (!word.doubtful) return [chip, ' '];
    const button = make('button', {type: 'button', class: 'instead'}, `search ${word.text} as a number`);
    button.addEventListener('click', () => {
      box.value = box.value.replace(new RegExp(`(^|[\\s,;])${word.text}(?=$|[\\s,;])`), `$1#${word.text}`);
      look();
    });
    return [chip, ' ', button, ' '];
  }));
}

async function find(words) {
  asking?.abort();
  const mine = asking = new AbortController();
  byId('trouble').replaceChildren();
  byId('more').hidden = true;
  if (!isAskable(words)) {
    byId('rows').replaceChildren();
    say(byId('state'), words.length ? 'Mend what is marked, and the search goes on.' : 'Parts are enough, in any order. Capitals and accents do not matter: “muell” finds Müller, “1970-03” whoever was born in March 1970, “MRN-10” every number with that in it.');
    return;
  }
  say(byId('state'), 'Searching …');
  mark(byId('rows'), 'old', true);
  try {
    let found = await rows(words, true, mine.signal);
    const named = found.length ? null : asNames(words);
    if (named) found = await rows(named, true, mine.signal);
    const partial = !found.length && hasParts(words);
    if (partial) found = await rows(words, false, mine.signal);
    if (asking === mine) show(words, found, partial);
  } catch (failed) {
    if (asking === mine) fail(failed, words);
  }
}

/** The first page with anybody on it. */
async function rows(words, whole, signal) {
  reading = Search.unlogged('Patient', [...toParams(words, whole), ['_count', PAGE], ['_sort', 'family'], ['_elements', FIELDS]], signal);
  return gather(words, whole);
}

async function gather(words, whole) {
  const found = [];
  for (let page = 0; page < MOST_PAGES && !reading.done && !found.length; page++) {
    found.push(...(await reading.page()).filter(patient => whole || fits(patient, words)));
  }
  return found;
}

function show(words, found, partial) {
  mark(byId('rows'), 'old', false);
  byId('rows').replaceChildren(...found.map(row));
  count();
  if (!found.length && reading.done) say(byId('state'), nobody(words));
  byId('more').onclick = () => more(words, !partial);
}

function count() {
  const many = byId('rows').children.length;
  byId('more').hidden = reading.done;
  say(byId('state'), `${many}${reading.done ? '' : ' or more'} ${many === 1 && reading.done ? 'patient' : 'patients'}`);
}

function nobody(words) {
  const parts = words.length > 1 ? ' All of it has to fit: try fewer words.' : '';
  return `Nobody was found.${parts} A name may be written otherwise, and a birth date may be known by its year only.`;
}

async function more(words, whole) {
  const mine = asking;
  byId('more').disabled = true;
  try {
    const found = await gather(words, whole);
    if (asking !== mine) return;
    byId('rows').append(...found.map(row));
    count();
  } catch (failed) {
    if (asking === mine) byId('trouble').replaceChildren(sorry(failed, 'More patients', () => more(words, whole)));
  } finally {
    byId('more').disabled = false;
  }
}

/** A part of a number is looked for in everybody: among very many the server refuses, and says so here in other words. */
function fail(failed, words) {
  mark(byId('rows'), 'old', false);
  byId('rows').replaceChildren();
  say(byId('state'), '');
  const costly = failed instanceof Trouble && failed.code === 'too-costly';
  if (costly) say(byId('state'), hasParts(words) ? 'Nobody has exactly this number, and there are too many patients to look for a part of it. Type the whole number, or add a name.' : 'Too many patients fit. Type more of the name, or a birth date.');
  else byId('trouble').replaceChildren(sorry(failed, 'Patients', () => find(words)));
}

function row(patient) {
  const name = names(patient);
  const dead = patient.deceasedBoolean === true || Boolean(patient.deceasedDateTime);
  const own = numbers(patient).map(number => number.value);
  const other = name.others.map(one => one.text).slice(0, 2).join(' · ');
  const born = patient.birthDate ? `born ${dateText(patient.birthDate)}` : 'birth date not known';
  const old = dead ? age(patient.birthDate, patient.deceasedDateTime) : age(patient.birthDate, dayOf(new Date()));
  return make('li', {class: 'card row', 'data-patient': patient.id},
    make('a', {class: 'name', href: fragment(box.value.trim(), patient.id)}, make('bdi', {}, name.main || 'No name')),
    make('span', {class: 'num'}, [sex(patient), born, old].filter(Boolean).join(' · ')),
    make('span', {class: 'soft num'}, own.slice(0, MOST_NUMBERS).join(' · ') + (own.length > MOST_NUMBERS ? ` and ${own.length - MOST_NUMBERS} more` : '')),
    other ? make('span', {class: 'soft'}, 'also ', make('bdi', {}, other)) : null,
    dead ? make('span', {class: 'badge dead'}, 'deceased') : null,
    patient.active === false ? make('span', {class: 'badge'}, 'record not in use') : null);
}

byId('search').addEventListener('submit', event => {
  event.preventDefault();
  shown = null;
  look();
});
box.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(look, TYPING_MILLIS);
});
document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && address().patient) location.hash = fragment(address().find, '');
});
addEventListener('hashchange', route);
route();
if (!address().patient) box.focus();
