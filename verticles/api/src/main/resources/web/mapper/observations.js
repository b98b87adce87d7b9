// An Observation in a few words. Pure.

const MOST_SAMPLES = 12;

function concept(value) {
  if (!value) return '';
  const coding = value.coding?.find(one => one.display) ?? value.coding?.[0];
  return coding?.display ?? value.text ?? coding?.code ?? '';
}

function quantity(value) {
  return [value?.value ?? '?', value?.unit ?? value?.code].filter(part => part !== undefined).join(' ');
}

function sampled(value) {
  const all = (value.data ?? '').split(' ').filter(Boolean);
  const first = all.findIndex(one => one !== 'E');
  const shown = first < 0 ? [] : all.slice(first, first + MOST_SAMPLES);
  const there = all.filter(one => one !== 'E').length;
  const unit = value.origin?.unit ? ` ${value.origin.unit}` : '';
  return `${there} of ${all.length} samples, ${value.period} ms apart: ${first > 0 ? '… ' : ''}${shown.join(' ')}${all.length > first + MOST_SAMPLES ? ' …' : ''}${unit}`;
}

/** The value of an Observation, a component or an extension; '' when it has none. */
export function value(from) {
  if (from.valueQuantity) return quantity(from.valueQuantity);
  if (from.valueSampledData) return sampled(from.valueSampledData);
  if (from.valueCodeableConcept) return concept(from.valueCodeableConcept);
  if (from.valueRange) return `${quantity(from.valueRange.low)} to ${quantity(from.valueRange.high)}`;
  if (from.valueRatio) return `${quantity(from.valueRatio.numerator)} : ${quantity(from.valueRatio.denominator)}`;
  for (const name of ['valueString', 'valueInteger', 'valueBoolean', 'valueDateTime', 'valueCode', 'valueUri']) if (from[name] !== undefined) return String(from[name]);
  return '';
}

/** Fractions of a second that are zero say nothing. */
function clock(text) {
  return text.replace(/\.0+Z$/, 'Z');
}

export function time(observation) {
  if (observation.effectivePeriod) return `${clock(observation.effectivePeriod.start)} to ${clock(observation.effectivePeriod.end)}`;
  return clock(observation.effectiveDateTime ?? observation.effectiveInstant ?? '');
}

/** @returns {{title, codes, parts: {name, value}[], time, subject}} */
export function summary(observation) {
  const own = value(observation);
  const parts = own ? [{name: '', value: own}] : [];
  for (const one of observation.component ?? []) parts.push({name: concept(one.code), value: value(one)});
  for (const one of observation.extension ?? []) parts.push({name: one.url, value: value(one)});
  const codes = (observation.code?.coding ?? []).filter(one => !/azurehealthcareapis|microsoft/i.test(one.system ?? '')).map(one => one.code);
  return {
    title: concept(observation.code) || 'Observation', codes, parts, time: time(observation),
    subject: [observation.device?.reference, observation.subject?.reference, observation.encounter?.reference].filter(Boolean).join(', '),
  };
}
