// Observations as lines of a chart. Pure.
import {concept, list, samples, startOf, text} from './words.js';

/** When an Observation was made, as it says it. */
export function whenOf(observation) {
  return text(observation.effectiveDateTime) || text(observation.effectiveInstant) || text(observation.effectivePeriod?.start) || text(observation.issued);
}

/** What is measured: by its code with system, else by its text. {key, name, param} with the search parameter that finds its like */
export function measureOf(observation) {
  const coding = list(observation.code?.coding).find(one => text(one.code));
  const name = concept(observation.code) || 'Without a code';
  if (coding) {
    const code = `${escaped(text(coding.system))}|${escaped(text(coding.code))}`;
    return {key: code, name, param: ['code', code], code};
  }
  return {key: `text:${name}`, name, param: text(observation.code?.text) ? ['code:text', escaped(text(observation.code.text))] : null, code: null};
}

function escaped(value) {
  return value.replace(/[\\,$|]/g, '\\$&');
}

/** @returns Map of "name (unit)" → [[millis, number], …], oldest first; what has no date or no number is in none */
export function lines(observations) {
  const found = new Map();
  for (const observation of observations) {
    const at = startOf(whenOf(observation));
    for (const part of [observation, ...list(observation.component)]) gather(found, part, at);
  }
  found.forEach(points => points.sort((a, b) => a[0] - b[0]));
  return found;
}

function gather(found, part, at) {
  const sampled = part.valueSampledData;
  const number = Number(part.valueQuantity?.value ?? part.valueInteger ?? NaN);
  const points = sampled ? samples(sampled, at) : Number.isFinite(at) && Number.isFinite(number) ? [[at, number]] : [];
  if (!points.length) return;
  const unit = text(sampled?.origin?.unit) || text(part.valueQuantity?.unit) || text(part.valueQuantity?.code);
  const name = [concept(part.code), unit && `(${unit})`].filter(Boolean).join(' ');
  if (!found.has(name)) found.set(name, []);
  const line = found.get(name);
  for (const point of points) line.push(point);
}

/** At most so many points: of every bucket the lowest and the highest, so that no peak is lost. */
export function thinned(points, most) {
  if (points.length <= most) return points;
  const size = Math.ceil(points.length * 2 / most);
  const kept = [];
  for (let i = 0; i < points.length; i += size) {
    const bucket = points.slice(i, i + size);
    const low = bucket.reduce((a, b) => b[1] < a[1] ? b : a), high = bucket.reduce((a, b) => b[1] > a[1] ? b : a);
    kept.push(...(low === high ? [low] : low[0] <= high[0] ? [low, high] : [high, low]));
  }
  return kept;
}
