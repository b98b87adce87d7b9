// One patient: who it is, what matters now, what is measured, and everything as it came. Each part asks for itself, and fails for itself.
import {make} from '/assets/house.js';
import {Search, Trouble, ask, json, sorry} from './door.js';
import {cautions, doubts, medicine} from './kinds.js';
import {Measurements} from './measurements.js';
import {Timeline, badge} from './timeline.js';
import {age, concept, concepts, dateText, dayOf, list, names, numbers, quantity, sex, text} from './words.js';

const FIELDS = 'identifier,active,name,telecom,gender,birthDate,deceased,address,communication,link';
const MOST_NOW = 8;
/** Of kinds that are read whole. */
const PAGE = 100, MOST_PAGES = 20;
const highFirst = (a, b) => (b.criticality === 'high') - (a.criticality === 'high');
const forbiddenFirst = (a, b) => (b.doNotPerform === true) - (a.doNotPerform === true);
/** all: every one is read, and put in this order; otherwise the first few. badges: what must not be overlooked. */
const NOW = [
  {what: 'Problems', type: 'Condition', params: {'clinical-status:not': 'inactive,remission,resolved', 'verification-status:not': 'entered-in-error,refuted', _sort: '-onset-date', _elements: 'code,onset,severity,verificationStatus'},
    none: 'No active problems are recorded.', said: one => [concept(one.code) || 'Without a name', one.onsetDateTime && `since ${dateText(one.onsetDateTime)}`], badges: doubts},
  {what: 'Medication', type: 'MedicationRequest', params: {status: 'active', _sort: '-authoredon', _elements: 'medication,dosageInstruction,authoredOn,intent,doNotPerform'}, all: forbiddenFirst, badges: cautions,
    none: 'No active prescriptions are recorded.', said: one => [medicine(one), list(one.dosageInstruction).map(dosage).filter(Boolean).join('; ')]},
  {what: 'Allergies', type: 'AllergyIntolerance', params: {'verification-status:not': 'entered-in-error,refuted', 'clinical-status:not': 'resolved', _sort: '-date', _elements: 'code,criticality,reaction'}, all: highFirst,
    none: 'No allergies are recorded. That does not mean that there are none.', said: one => [concept(one.code) || 'Without a name', list(one.reaction).map(reaction => concepts(reaction.manifestation)).filter(Boolean).join('; '), one.criticality === 'high' && 'high risk']},
];

/** FHIR R4 datatypes.html#id, without those that an address reads as another place. */
const isId = id => /^[A-Za-z0-9.-]{1,64}$/.test(id) && id !== '.' && id !== '..';

function dosage(one) {
  return text(one.text) || list(one.doseAndRate).map(dose => quantity(dose.doseQuantity)).filter(Boolean).join(', ');
}

export class Person {
  constructor(section) {
    this.section = section;
    this.id = null;
  }

  /** @param back the address of the list this patient was found in */
  open(id, back) {
    if (this.id === id) return;
    this.close();
    this.id = id;
    this.asking = new AbortController();
    this.section.hidden = false;
    this.name = make('h2', {id: 'person-name', tabindex: '-1'}, 'Reading …');
    this.head = make('div', {class: 'head'});
    this.body = make('div', {class: 'body'});
    this.section.replaceChildren(make('p', {class: 'back'}, make('a', {href: back}, back === '#' ? '← Look for somebody' : '← All that were found')), this.name, this.head, this.body);
    this.load();
  }

  close() {
    this.asking?.abort();
    this.measurements?.close();
    this.measurements = null;
    this.id = null;
    this.section.hidden = true;
    this.section.replaceChildren();
  }

  async load() {
    const {id, asking} = this;
    try {
      if (!isId(id)) throw new Trouble('absent', 404);
      const patient = await ask(`/fhir/Patient/${id}?_elements=${FIELDS}`, asking.signal);
      if (this.asking !== asking) return;
      this.show(patient);
    } catch (failed) {
      if (this.asking !== asking || asking.signal.aborted) return;
      this.name.replaceChildren(failed.kind === 'absent' ? 'No such patient' : 'Patient');
      this.head.replaceChildren(failed.kind === 'absent'
        ? make('p', {}, failed.status === 410 ? 'This patient has been deleted.' : 'There is no patient at this address. Look for the name above.')
        : sorry(failed, 'This patient', () => this.load()));
    }
    this.name.focus();
  }

  show(patient) {
    const name = names(patient);
    this.name.replaceChildren(make('bdi', {}, name.main || 'Patient without a name'));
    this.head.replaceChildren(...about(patient, name));
    const signal = this.asking.signal;
    const measured = make('section', {class: 'card', 'aria-label': 'Measurements'});
    const line = make('section', {class: 'card', 'aria-label': 'Timeline'});
    this.body.replaceChildren(make('div', {class: 'now'}, ...NOW.map(one => now(one, patient.id, signal))), measured, line);
    this.measurements = new Measurements(measured, patient.id, signal);
    new Timeline(line, patient.id, signal);
    ward(patient.id, this.head, signal);
  }
}

const LINKS = {'replaced-by': 'This record was replaced by another', replaces: 'This record replaced another'};

function about(patient, name) {
  const today = dayOf(new Date());
  const died = text(patient.deceasedDateTime);
  const dead = patient.deceasedBoolean === true || Boolean(died);
  const years = dead ? age(patient.birthDate, died) : age(patient.birthDate, today);
  const born = patient.birthDate ? `born ${dateText(patient.birthDate)}` : 'birth date not known';
  const contact = [...list(patient.telecom).map(one => text(one.value)), ...list(patient.address).map(place)].filter(Boolean);
  const languages = list(patient.communication).map(one => concept(one.language)).filter(Boolean).join(', ');
  return [
    make('p', {class: 'facts'}, make('span', {class: 'num'}, [sex(patient), born, years].filter(Boolean).join(' · ')),
      dead ? make('strong', {class: 'badge dead'}, died ? `deceased ${dateText(died)}` : 'deceased') : null,
      patient.active === false ? make('strong', {class: 'badge'}, 'record not in use') : null,
      ...list(patient.link).filter(link => Object.hasOwn(LINKS, link.type)).map(linked)),
    facts([['Numbers', numbers(patient).map(one => one.label ? `${one.value} (${one.label})` : one.value)], ['Other names', name.others.map(one => one.use ? `${one.text} (${one.use})` : one.text)],
      ['Contact', contact], ['Speaks', [languages]]], json(patient, 'Patient as FHIR JSON')),
  ];
}

function linked(link) {
  const [, id] = /^Patient\/(.*)$/.exec(text(link.other?.reference)) ?? [];
  return id && isId(id) ? make('a', {href: `#${new URLSearchParams({patient: id})}`}, LINKS[link.type]) : make('span', {}, LINKS[link.type]);
}

function facts(pairs, last) {
  const known = pairs.map(([label, values]) => [label, values.filter(Boolean)]).filter(([, values]) => values.length);
  return make('dl', {class: 'known'}, ...known.flatMap(([label, values]) => [make('dt', {}, label), make('dd', {class: 'num'}, ...values.flatMap((one, i) => [i ? ' · ' : '', make('bdi', {}, one)]))]),
    make('dt', {}, 'Record'), make('dd', {}, last));
}

function place(address) {
  const lines = Array.isArray(address.line) ? address.line.map(text) : [];
  return text(address.text) || [...lines, [text(address.postalCode), text(address.city)].filter(Boolean).join(' '), text(address.country)].filter(Boolean).join(', ');
}

/** What matters now, of one kind; says so when it may not be seen, because nothing there reads as nothing known. */
function now(kind, patient, signal) {
  const inside = make('div', {}, make('p', {class: 'soft'}, 'Reading …'));
  const fill = async () => {
    try {
      const search = new Search(kind.type, {patient, _count: kind.all ? PAGE : MOST_NOW, ...kind.params}, signal);
      const found = await search.page();
      for (let page = 1; kind.all && !search.done && page < MOST_PAGES; page++) found.push(...await search.page());
      if (kind.all) found.sort(kind.all);
      inside.replaceChildren(found.length ? make('ul', {class: 'brief'}, ...found.map(one => item(kind.said(one), kind.badges?.(one) ?? []))) : make('p', {class: 'soft'}, kind.none));
      if (!search.done) inside.append(kind.all ? make('p', {class: 'sorry'}, `Only ${found.length} are shown: there are more.`) : make('p', {class: 'soft'}, 'There are more: see the timeline.'));
    } catch (failed) {
      if (!signal.aborted) inside.replaceChildren(sorry(failed, kind.what, fill));
    }
  };
  fill();
  return make('section', {class: 'card', 'aria-label': kind.what}, make('h3', {}, kind.what), inside);
}

function item([main, ...more], badges) {
  const rest = more.filter(Boolean).join(' · ');
  return make('li', {}, make('bdi', {}, main), ...badges.flatMap(one => [' ', badge(one)]), rest ? make('span', {class: 'soft'}, ' ', make('bdi', {}, rest)) : null);
}

/** Monitors that are this patient's, live on the ward. */
async function ward(patient, head, signal) {
  try {
    const devices = await new Search('Device', {patient, _count: 5, _elements: 'identifier'}, signal).page();
    const monitors = devices.map(device => text(list(device.identifier)[0]?.value)).filter(Boolean);
    if (monitors.length) head.append(make('p', {class: 'live'}, 'Live on the ward: ', ...monitors.flatMap((one, i) => [i ? ', ' : '', make('a', {href: `/vitals/#${encodeURIComponent(one)}`}, one)])));
  } catch {
    // whoever may not see devices sees the patient without them
  }
}
