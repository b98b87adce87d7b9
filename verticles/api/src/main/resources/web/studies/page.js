// The study list: what is looked for, what was found, and in words what went wrong. Values from DICOM are text, never HTML.
import {make, mark, moment, say} from '/assets/house.js';
import {searchStudies, studyThumbnail} from './dicomweb.js';
import {TAG, dateText, mayHavePicture, number, text, values, whenText} from './elements.js';
import {EMPTY, MODALITIES, PAGE_SIZES, fromFragment, isNarrowed, mistake, toFragment, toParams} from './query.js';

const TYPING_MILLIS = 350;
const FIELDS = ['name', 'patient', 'accession', 'modality', 'from', 'to'];
const byId = id => document.getElementById(id);
let search = fromFragment(location.hash);
let asking = null;
let typing = 0;
let shown = false;

function fill() {
  for (const field of FIELDS) if (byId(field).value !== search[field]) byId(field).value = search[field];
  byId('size').value = String(search.size);
  byId('range').hidden = search.dates !== 'range';
  for (const button of byId('dates').children) button.setAttribute('aria-pressed', String(button.value === search.dates));
}

/** The search changed: the address keeps it, and the list follows. */
function look(change) {
  clearTimeout(typing);
  search = {...search, offset: 0, ...change};
  history.replaceState(null, '', `#${toFragment(search)}`);
  fill();
  load();
}

function typed() {
  return Object.fromEntries(FIELDS.map(field => [field, byId(field).value]));
}

async function load() {
  asking?.abort();
  const mine = asking = new AbortController();
  const wrong = mistake(search);
  if (wrong) return problem(wrong);
  byId('card').setAttribute('aria-busy', 'true');
  if (!shown) wait();
  try {
    const found = await searchStudies(toParams(search, new Date()), mine.signal);
    if (asking === mine) show(found);
  } catch (failed) {
    if (asking === mine) fail(failed);
  } finally {
    if (asking === mine) byId('card').setAttribute('aria-busy', 'false');
  }
}

function wait() {
  say(byId('count'), 'Searching …');
  byId('empty').hidden = true;
  byId('rows').replaceChildren(...Array.from({length: 4}, () => make('tr', {class: 'waiting', 'aria-hidden': 'true'},
    ...['', 'name', 'id', 'born', 'study', 'text', 'kinds', 'right', 'right'].map(kind => make('td', {class: kind || null}, make('span'))))));
}

function show(found) {
  const page = found.slice(0, search.size);
  shown = true;
  problem('');
  mark(byId('card'), 'old', false);
  byId('card').hidden = !page.length;
  byId('rows').replaceChildren(...page.map(row));
  const more = found.length > search.size;
  say(byId('count'), `${page.length}${more || search.offset ? ' shown' : page.length === 1 ? ' study' : ' studies'}${page.length > 1 ? ', last to arrive first' : ''} · as of ${moment(Date.now())}`);
  byId('pages').hidden = !more && !search.offset && search.size === EMPTY.size;
  say(byId('place'), page.length ? `${search.offset + 1} – ${search.offset + page.length}` : `none after ${search.offset}`);
  byId('back').disabled = !search.offset;
  byId('next').disabled = !more;
  byId('empty').hidden = page.length > 0;
  if (!page.length) byId('empty').replaceChildren(...nothing());
}

function nothing() {
  if (search.offset) return [make('h2', {}, 'No more studies'), button('To the newest', () => look({offset: 0}))];
  if (isNarrowed(search)) {
    return [make('h2', {}, 'No study matches'),
      make('p', {class: 'soft'}, 'A name matches from its beginning, family name first: "Costa, Cl". Capitals and accents do not matter. Id and accession match exactly; * stands for any letters, ? for one.'),
      button('Clear the search', () => look({...EMPTY, size: search.size}))];
  }
  return [make('h2', {}, 'No study has arrived yet'),
    make('p', {class: 'soft'}, 'Send one from a modality or PACS by C-STORE, or by STOW-RS:'),
    make('pre', {}, `curl -H 'Content-Type: application/dicom' --data-binary @image.dcm ${location.origin}/dicom-web/studies`),
    make('p', {class: 'soft'}, 'It stands here after a reload.')];
}

function button(words, pressed) {
  const made = make('button', {type: 'button', class: 'plain'}, words);
  made.addEventListener('click', pressed);
  return made;
}

/** What stood here before stays readable, but must not look current. */
function fail(failed) {
  const nowhere = failed.kind === 'absent' ? ' Its role "dicom" may be switched off.' : '';
  problem((failed.words?.('The study list cannot be read') ?? `The study list cannot be shown: ${failed.message}`) + nowhere);
  byId('empty').hidden = true;
  if (!shown) {
    byId('card').hidden = true;
    say(byId('count'), '');
  } else {
    mark(byId('card'), 'old', true);
    say(byId('count'), 'Not current');
  }
}

function problem(words) {
  byId('problem').hidden = !words;
  say(byId('problem'), words);
}

function row(set) {
  const uid = text(set, TAG.study);
  const kinds = values(set, TAG.modalities).map(String);
  const link = make('a', {class: 'who', href: `/studies/viewer/#${new URLSearchParams({study: uid})}`}, text(set, TAG.patientName) || 'No name');
  return make('tr', {'data-study': uid},
    make('td', {}, picture(mayHavePicture(kinds) ? studyThumbnail(uid) : null, kinds[0] ?? '')),
    make('td', {class: 'name'}, link),
    make('td', {class: 'num id'}, text(set, TAG.patientId) || '–'),
    make('td', {class: 'num born'}, dateText(text(set, TAG.birthDate))),
    make('td', {class: 'num study'}, whenText(set) || '–', accession(set)),
    make('td', {class: 'text'}, text(set, TAG.studyText)),
    make('td', {class: 'kinds'}, ...kinds.map(kind => make('span', {class: 'badge'}, kind))),
    make('td', {class: 'num right series'}, String(number(set, TAG.studySeries) ?? '–')),
    make('td', {class: 'num right images', 'data-unit': number(set, TAG.studyInstances) === 1 ? 'image' : 'images'}, String(number(set, TAG.studyInstances) ?? '–')));
}

function accession(set) {
  const number = text(set, TAG.accession);
  return number ? make('div', {class: 'soft'}, number) : null;
}

/** A thumbnail, or the modality where there is no picture to show. */
function picture(address, word) {
  const none = make('span', {class: 'none'}, word || '–');
  const frame = make('span', {class: 'picture'}, none);
  if (!address) return frame;
  const image = make('img', {src: address, alt: '', loading: 'lazy', width: 64, height: 64});
  image.addEventListener('load', () => none.remove());
  image.addEventListener('error', () => image.remove());
  frame.prepend(image);
  return frame;
}

function build() {
  byId('modality').append(...MODALITIES.map(one => make('option', {value: one}, one)));
  byId('size').append(...PAGE_SIZES.map(one => make('option', {value: one}, String(one))));
  for (const field of ['name', 'patient', 'accession', 'from', 'to']) {
    byId(field).addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => look(typed()), TYPING_MILLIS);
    });
  }
  byId('search').addEventListener('submit', event => {
    event.preventDefault();
    look(typed());
  });
  byId('modality').addEventListener('change', () => look(typed()));
  byId('dates').addEventListener('click', event => event.target.value && look({...typed(), dates: event.target.value}));
  byId('size').addEventListener('change', () => look({size: Number(byId('size').value)}));
  byId('clear').addEventListener('click', () => look({...EMPTY, size: search.size}));
  byId('reload').addEventListener('click', load);
  byId('back').addEventListener('click', () => look({offset: Math.max(0, search.offset - search.size)}));
  byId('next').addEventListener('click', () => look({offset: search.offset + search.size}));
  addEventListener('hashchange', () => {
    search = fromFragment(location.hash);
    fill();
    load();
  });
  addEventListener('online', load);
}

build();
fill();
load();
