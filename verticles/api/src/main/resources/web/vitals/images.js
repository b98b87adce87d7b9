// A patient's imaging studies, from FHIR, each with a way into the viewer.
import {make} from '/assets/house.js';
import {search} from '/assets/fhir.js';

const UID = /^urn:oid:([0-9.]{1,64})$/;
const DAY = {day: '2-digit', month: 'short', year: 'numeric'};
const DATE = new Intl.DateTimeFormat('en-GB', DAY);
const DAY_TIME = new Intl.DateTimeFormat('en-GB', {...DAY, hour: '2-digit', minute: '2-digit'});

/** @returns table rows, newest study first; none when FHIR cannot say */
export async function imagesOf(patient) {
  try {
    const studies = await search('ImagingStudy', {patient, _count: 50});
    return studies.sort((a, b) => (b.started ?? '').localeCompare(a.started ?? '')).map(row).filter(Boolean);
  } catch {
    return [];
  }
}

/** The study's UID is the identifier of system urn:dicom:uid (FHIR R4 imagingstudy.html#notes). Without it there is nothing to open. */
function row(study) {
  const uid = study.identifier?.map(one => one.system === 'urn:dicom:uid' && UID.exec(one.value)?.[1]).find(Boolean);
  if (!uid) return null;
  const kinds = (study.modality ?? []).map(one => one.code).filter(Boolean).join(', ');
  return make('tr', {'data-study': uid}, make('td', {}, make('time', {}, when(study.started ?? ''))), make('td', {}, study.description ?? ''), make('td', {}, kinds),
    make('td', {class: 'num'}, String(study.numberOfSeries ?? '–')), make('td', {class: 'num'}, String(study.numberOfInstances ?? '–')),
    make('td', {}, make('a', {href: `/studies/viewer/#study=${uid}`}, 'View')));
}

/** FHIR's dateTime may end after the day, the month or the year. */
function when(started) {
  if (!/^\d{4}-\d\d-\d\d/.test(started) || Number.isNaN(Date.parse(started))) return started || '–';
  return started.includes('T') ? DAY_TIME.format(Date.parse(started)) : DATE.format(new Date(`${started}T00:00`));
}
