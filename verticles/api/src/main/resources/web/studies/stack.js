// The images of a series in the order people scroll through them, and where an image lies in the patient. Pure.
import {TAG, number, text, values} from './elements.js';
import {shapeOf} from './pixels.js';

const MOST_IMAGES = 20_000;

/**
 * One entry per frame. Order: instance number, then place along the slice normal, then UID, so that it is always the same.
 *
 * @param sets the series' metadata
 * @returns [{study, series, instance, frame, frames, number, set}], at most 20,000
 */
export function stackOf(sets) {
  const ordered = sets.map(set => ({set, number: number(set, TAG.instanceNumber) ?? Infinity, place: placeAlongNormal(set), uid: text(set, TAG.instance)}))
    .sort((a, b) => compare(a.number, b.number) || compare(a.place, b.place) || compare(a.uid, b.uid));
  const found = [];
  for (const {set, uid} of ordered) {
    if (number(set, '00280010') === null) continue;
    const frames = Math.max(1, number(set, TAG.frames) ?? 1);
    for (let frame = 1; frame <= frames && found.length < MOST_IMAGES; frame++) {
      found.push({study: text(set, TAG.study), series: text(set, TAG.series), instance: uid, frame, frames, set});
    }
  }
  return found;
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function placeAlongNormal(set) {
  const {position, orientation} = shapeOf(set, 1);
  if (!position || !orientation) return 0;
  const normal = cross(orientation.slice(0, 3), orientation.slice(3));
  return normal[0] * position[0] + normal[1] * position[1] + normal[2] * position[2];
}

function cross([a, b, c], [x, y, z]) {
  return [b * z - c * y, c * x - a * z, a * y - b * x];
}

/** Instances without pixels: reports, presentation states, radiotherapy plans. */
export function withoutPixels(sets) {
  return sets.filter(set => number(set, '00280010') === null);
}

const SIDES = [['L', 'R'], ['P', 'A'], ['H', 'F']];
const OPPOSITE = new Map(SIDES.flatMap(([one, other]) => [[one, other], [other, one]]));

/** Which way a direction points in the patient, strongest axis first: 'L', 'AL', 'HA' (PS3.3 section C.7.6.1.1.1). x grows to the left, y to the back, z to the head. */
export function sideOf(direction) {
  return direction.map((part, axis) => ({size: Math.abs(part), letter: SIDES[axis][part > 0 ? 0 : 1]}))
    .filter(part => part.size > 0.3)
    .sort((a, b) => b.size - a.size)
    .slice(0, 2)
    .map(part => part.letter)
    .join('');
}

/** Letters for the four edges of an image, or null when it does not say how it lies. Only people standing upright on two feet are labelled so: animals have other words. */
export function edgesOf(shape, set) {
  if (text(set, '00102210') === 'QUADRUPED') return null;
  if (!shape.orientation) return edgesByLetters(values(set, '00200020').map(String));
  const [row, column] = [shape.orientation.slice(0, 3), shape.orientation.slice(3)];
  const back = direction => direction.map(part => -part);
  return {left: sideOf(back(row)), right: sideOf(row), top: sideOf(back(column)), bottom: sideOf(column)};
}

/** A projection has no plane in space, but Patient Orientation says where its rows and columns lead (PS3.3 section C.7.6.1.1.1). */
function edgesByLetters([right, bottom]) {
  if (!/^[APRLHF]{1,3}$/.test(right ?? '') || !/^[APRLHF]{1,3}$/.test(bottom ?? '')) return null;
  const back = letters => [...letters].map(letter => OPPOSITE.get(letter)).join('');
  return {left: back(right), right, top: back(bottom), bottom};
}

/** Milliseconds a frame stands in a cine, by Frame Time, Cine Rate or Recommended Display Frame Rate (PS3.3 section C.7.6.5); null when nothing is said. */
export function frameMillis(set) {
  const time = number(set, '00181063');
  if (time > 0) return time;
  const rate = number(set, '00180040') ?? number(set, '00082144');
  return rate > 0 ? 1000 / rate : null;
}
