// One patient: who it is, what matters now, what is measured, and everything as it came. Each part asks for itself, and fails for itself.
import {make} from '/assets/house.js';
import {Search, ask, json, sorry} from './door.js';
import {medicine} from './kinds.js';
import {Measurements} from './measurements.js';
import {Timeline} from './timeline.js';
import {age, concept, concepts, dateText, list, names, numbers, quantity, sex, text} from './words.js';

const MOST_NOW = 8;
const NOW = [
  {what: 'Problems', type: 'Condition', params: {'clinical-status:not': 'inactive,remission,resolved', 'verification-status:not': 'entered-in-error,refuted', _sort: '-onset-date', _elements: 'code,onset,severity'},
    none: 'No active problems are recorded.', said: one => [concept(one.code) || 'Without a name', one.onsetDateTime && `since ${dateText(one.onsetDateTime)}`]},
  {what: 'Medication', type: 'MedicationRequest', params: {status: 'active', _sort: '-authoredon', _elements: 'medication,dosageInstruction,authoredOn'},
    none: 'No active prescriptions are recorded.', said: one => [medicine(one), list(one.dosageInstruction).map(dosage).filter(Boolean).join('; ')]},
  {what: 'Allergies', type: 'AllergyIntolerance', params: {'verification-status:not': 'entered-in-error,refuted', 'clinical-status:not': 'resolved', _sort: '-date', _elements: 'code,criticality,reaction'},
    none: 'No allergies are recorded. That does not mean that there are none.', said: one => [concept(one.code) || 'Without a name', list(one.reaction).map(reaction => concepts(reaction.manifestation)).filter(Boolean).join('; '), one.criticality === 'high' && 'high risk']},
];

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
      const patient = await ask(`/fhir/Patient/${encodeURIComponent(id)}?_summary=data`, asking.signal);
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

function about(patient, name) {
  const today = new Date().toISOString().slice(0, 10);
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
      ...list(patient.link).filter(link => link.type === 'replaced-by').map(replaced)),
    facts([['Numbers', numbers(patient).map(one => one.label ? `${one.value} (${one.label})` : one.value)], ['Other names', name.others.map(one => one.use ? `${one.text} (${one.use})` : one.text)],
      ['Contact', contact], ['Speaks', [languages]]], json(patient, 'Patient as FHIR JSON')),
  ];
}

function replaced(link) {
  const id = /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(text(link.other?.reference))?.[1];
  return id ? make('a', {href: `#${new URLSearchParams({patient: id})}`}, 'This record was replaced by another') : make('span', {}, 'This record was replaced by another');
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
      const search = new Search(kind.type, {patient, _count: MOST_NOW, ...kind.params}, signal);
      const found = await search.page();
      inside.replaceChildren(found.length ? make('ul', {class: 'brief'}, ...found.map(one => item(kind.said(one)))) : make('p', {class: 'soft'}, kind.none));
      if (!search.done) inside.append(make('p', {class: 'soft'}, 'There are more: see the timeline.'));
    } catch (failed) {
      if (!signal.aborted) inside.replaceChildren(sorry(failed, kind.what, fill));
    }
  };
  fill();
  return make('section', {class: 'card', 'aria-label': kind.what}, make('h3', {}, kind.what), inside);
}

function item([main, ...more]) {
  const rest = more.filter(Boolean).join(' · ');
  return make('li', {}, make('bdi', {}, main), rest ? make('span', {class: 'soft'}, ' ', make('bdi', {}, rest)) : null);
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
