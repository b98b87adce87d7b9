// The kinds of things on a timeline: how they are asked for, and what a line says of them. Pure.
import {whenOf} from './series.js';
import {codeOf, concept, concepts, dateText, list, periodText, startOf, summary, text} from './words.js';

const UID = /^urn:oid:([0-9.]{1,64})$/;
const ERROR = 'entered-in-error';
const UNORDERED = new Set(['proposal', 'plan', 'option']);
const BINARY = /^(?:\/fhir\/)?Binary\/([A-Za-z0-9.-]{1,64})$/;

/** The study's UID is the identifier of system urn:dicom:uid (FHIR R4 imagingstudy.html#notes). Without it there is nothing to open. */
export function studyUid(study) {
  return list(study.identifier).map(one => one.system === 'urn:dicom:uid' && UID.exec(text(one.value))?.[1]).find(Boolean) ?? null;
}

/** The id of a Binary of this node, null for whatever else an attachment points at: nobody is led away from here by a document. */
export function binaryId(url) {
  return BINARY.exec(text(url))?.[1] ?? null;
}

function attachments(many) {
  return list(many).map(one => ({words: text(one.title) || text(one.contentType) || 'Document', binary: binaryId(one.url), elsewhere: text(one.url) && !binaryId(one.url) ? text(one.url) : ''}))
    .map(one => one.binary ? {words: `Open: ${one.words}`, href: `/fhir/Binary/${one.binary}`} : {words: one.elsewhere ? `${one.words}, kept elsewhere: ${one.elsewhere}` : `${one.words}, kept within its FHIR resource`});
}

/** What is prescribed or taken. */
export const medicine = one => concept(one.medicationCodeableConcept) || text(one.medicationReference?.display) || 'Medication without a name';

/** What of a prescription must not be overlooked: that it forbids, or that nobody has ordered it (FHIR R4 valueset-medicationrequest-intent.html). */
export function cautions(prescription) {
  const forbids = prescription.doNotPerform === true ? [{words: 'do NOT give', strong: true}] : [];
  return UNORDERED.has(prescription.intent) ? [...forbids, {words: `${prescription.intent}, not an order`, strong: false}] : forbids;
}

/** Whether somebody holds a Condition to be true, where it is not simply confirmed (FHIR R4 valueset-condition-ver-status.html). */
export function doubts(condition) {
  const code = codeOf(condition.verificationStatus);
  return code && code !== 'confirmed' && code !== ERROR ? [{words: code, strong: code === 'refuted'}] : [];
}

const joined = (...parts) => parts.filter(Boolean).join(' · ');

/** date: what it is put in order by; title, more: text; badges: [{words, strong}]; links: [{words, href?}]; later: an element that may be large, read when somebody asks for it, {element, words, links: whole → links} */
export const KINDS = [
  {key: 'encounters', name: 'Encounters', type: 'Encounter', params: {_sort: '-date', _elements: 'class,type,period,reasonCode,status,serviceType,location'},
    read: one => ({date: one.period?.start ?? one.period?.end, shown: periodText(one.period), title: concepts(one.type) || concept(one.serviceType) || text(one.class?.display) || text(one.class?.code) || 'Encounter',
      more: joined(concepts(one.reasonCode), list(one.location).map(place => text(place.location?.display)).filter(Boolean).join(', '))})},
  {key: 'conditions', name: 'Conditions', type: 'Condition', params: {_sort: '-onset-date', _elements: 'code,clinicalStatus,verificationStatus,onset,abatement,recordedDate,severity'},
    read: one => ({date: one.onsetDateTime ?? one.onsetPeriod?.start, shown: joined(dateText(one.onsetDateTime) || periodText(one.onsetPeriod) || text(one.onsetString), one.abatementDateTime && `until ${dateText(one.abatementDateTime)}`)
      || (one.recordedDate ? `recorded ${dateText(one.recordedDate)}` : ''), title: concept(one.code) || 'Condition without a name', more: concept(one.severity), badges: doubts(one), status: codeOf(one.verificationStatus) === ERROR ? ERROR : codeOf(one.clinicalStatus) || concept(one.clinicalStatus)})},
  {key: 'medications', name: 'Medication', type: 'MedicationRequest', params: {_sort: '-authoredon', _elements: 'medication,authoredOn,dosageInstruction,status,intent,doNotPerform'},
    read: one => ({date: one.authoredOn, title: medicine(one), badges: cautions(one), more: list(one.dosageInstruction).map(dosage => text(dosage.text)).filter(Boolean).join('; ')})},
  {key: 'taken', name: 'Medication taken', type: 'MedicationStatement', params: {_sort: '-effective', _elements: 'medication,effective,status'},
    read: one => ({date: one.effectiveDateTime ?? one.effectivePeriod?.start, shown: dateText(one.effectiveDateTime) || periodText(one.effectivePeriod), title: medicine(one)})},
  {key: 'procedures', name: 'Procedures', type: 'Procedure', params: {_sort: '-date', _elements: 'code,performed,status,reasonCode'},
    read: one => ({date: one.performedDateTime ?? one.performedPeriod?.start, shown: dateText(one.performedDateTime) || periodText(one.performedPeriod), title: concept(one.code) || 'Procedure without a name', more: concepts(one.reasonCode)})},
  {key: 'immunizations', name: 'Immunizations', type: 'Immunization', params: {_sort: '-date', _elements: 'vaccineCode,occurrence,status'},
    read: one => ({date: one.occurrenceDateTime, shown: dateText(one.occurrenceDateTime) || text(one.occurrenceString), title: concept(one.vaccineCode) || 'Vaccine without a name'})},
  {key: 'reports', name: 'Reports', type: 'DiagnosticReport', params: {_sort: '-date', _elements: 'code,category,effective,issued,status,conclusion'},
    read: one => ({date: one.effectiveDateTime ?? one.effectivePeriod?.start ?? one.issued, title: concept(one.code) || 'Report without a name', more: joined(concepts(one.category), text(one.conclusion)), later: {element: 'presentedForm', words: 'Look for its document', links: whole => attachments(whole.presentedForm)}})},
  {key: 'documents', name: 'Documents', type: 'DocumentReference', params: {_sort: '-date', _summary: 'true'},
    read: one => ({date: one.date, title: text(one.description) || concept(one.type) || 'Document without a title', more: one.description ? concept(one.type) : '', links: attachments(list(one.content).map(content => content.attachment))})},
  {key: 'imaging', name: 'Imaging', type: 'ImagingStudy', params: {_sort: '-started', _summary: 'true'},
    read: one => {
      const uid = studyUid(one), many = one.numberOfInstances;
      return {date: one.started, title: text(one.description) || 'Study without a description', more: joined(list(one.modality).map(kind => text(kind.code)).filter(Boolean).join(', '), many >= 0 && `${many} ${Number(many) === 1 ? 'image' : 'images'}`),
        links: uid ? [{words: 'Open the pictures', href: `/studies/viewer/#study=${uid}`}] : []};
    }},
  {key: 'observations', name: 'Observations', type: 'Observation', many: true, params: {_sort: '-date', _elements: 'code,value,effective,issued,component,status,dataAbsentReason'},
    read: one => ({date: whenOf(one), shown: periodText(one.effectivePeriod), title: concept(one.code) || 'Observation without a code', more: summary(one)})},
];

/** A resource as a line of the timeline. */
export function itemOf(kind, resource) {
  const {date, shown, title, more, links, badges, later, status} = kind.read(resource);
  return {kind, resource, at: startOf(date), shown: shown || dateText(date), title, more: more ?? '', links: links ?? [], badges: badges ?? [], later: later ?? null, status: status ?? text(resource.status)};
}
