// Reading FHIR from this node: pages of searches, names of patients, values of Observations.
import {BY_LOINC} from './readings.js';

const MOST_PAGES = 20;

export async function get(address) {
  const answer = await fetch(address, {headers: {Accept: 'application/fhir+json'}});
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.issue?.[0]?.diagnostics ?? `${answer.status}`);
  return body;
}

/** All resources of a search, page after page. Links are followed by path, so a proxy's other name does no harm. */
export async function search(type, params) {
  const found = [];
  let address = `/fhir/${type}?${new URLSearchParams(params)}`;
  for (let page = 0; address && page < MOST_PAGES; page++) {
    const bundle = await get(address);
    for (const entry of bundle.entry ?? []) {
      if (entry.search?.mode !== 'outcome') found.push(entry.resource);
    }
    const next = bundle.link?.find(link => link.relation === 'next');
    address = next ? new URL(next.url).pathname + new URL(next.url).search : null;
  }
  return found;
}

export function nameOf(patient) {
  const name = patient.name?.find(one => one.use === 'official') ?? patient.name?.[0];
  if (!name) return 'Patient without a name';
  return name.text ?? [name.family, (name.given ?? []).filter(Boolean).join(' ')].filter(Boolean).join(', ');
}

/** Sex and year of birth, for telling two people of one name apart: "F · 1961". */
export function aboutOf(patient) {
  const sex = {female: 'F', male: 'M', other: 'X'}[patient.gender] ?? '';
  return [sex, patient.birthDate?.slice(0, 4)].filter(Boolean).join(' · ');
}

export function numberOf(patient) {
  return patient.identifier?.[0]?.value ?? '';
}

export function startOf(observation) {
  return Date.parse(observation.effectivePeriod?.start ?? observation.effectiveDateTime ?? observation.effectiveInstant ?? observation.issued);
}

export function endOf(observation) {
  return observation.effectivePeriod?.end ? Date.parse(observation.effectivePeriod.end) : startOf(observation);
}

/**
 * The points of an Observation, by reading key: {'heartrate/hr': [[millis, number], ...]}.
 * SampledData (FHIR R4 datatypes.html#SampledData): value = origin + token * factor, one token per period; E, U and L are no values.
 */
export function pointsOf(observation) {
  const points = {};
  collect(points, observation, observation);
  for (const component of observation.component ?? []) collect(points, observation, component);
  return points;
}

function collect(points, observation, part) {
  const reading = (part.code?.coding ?? []).map(coding => BY_LOINC.get(coding.code)).find(Boolean);
  if (!reading) return;
  const start = startOf(observation);
  if (part.valueQuantity) (points[reading.key] ??= []).push([start, Number(part.valueQuantity.value)]);
  if (part.valueSampledData) (points[reading.key] ??= []).push(...samples(part.valueSampledData, start));
}

export function samples(sampled, start) {
  const origin = Number(sampled.origin?.value ?? 0);
  const factor = Number(sampled.factor ?? 1);
  const period = Number(sampled.period);
  const tokens = (sampled.data ?? '').split(' ');
  const found = [];
  for (let i = 0; i < tokens.length; i++) {
    const value = tokens[i] === '' ? NaN : Number(tokens[i]);
    if (Number.isFinite(value)) found.push([start + i * period, origin + value * factor]);
  }
  return found;
}

/** What an Observation says, in one line of text. */
export function summary(observation) {
  const parts = [observation, ...(observation.component ?? [])].map(valueText).filter(Boolean);
  return parts.join(' / ') || 'no value';
}

function valueText(part) {
  if (part.valueQuantity) return `${part.valueQuantity.value} ${part.valueQuantity.unit ?? ''}`.trim();
  if (part.valueSampledData) {
    const values = samples(part.valueSampledData, 0).map(([, value]) => value);
    if (!values.length) return 'no samples yet';
    const unit = part.valueSampledData.origin?.unit ?? '';
    return `${values.length} samples, ${Math.min(...values)}–${Math.max(...values)} ${unit}`.trim();
  }
  return part.valueString ?? part.valueCodeableConcept?.text ?? '';
}

export function titleOf(observation) {
  const codings = observation.code?.coding ?? [];
  const loinc = codings.find(coding => coding.system === 'http://loinc.org' && coding.display);
  return loinc?.display ?? observation.code?.text ?? codings[0]?.display ?? codings[0]?.code ?? 'Observation';
}
