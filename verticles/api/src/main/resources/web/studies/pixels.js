// What the bytes of a frame mean (PS3.3 sections C.7.6.3, C.11.1, C.11.2; PS3.5 section 8) and how they become a picture. Pure: no canvas, no network.
import {items, number, numbers, text, values} from './elements.js';
import {grey} from './voi.js';

const SHARED_GROUPS = '52009229';
const FRAME_GROUPS = '52009230';
const MEASURES = '00289110';
const TRANSFORMATION = '00289145';
const FRAME_VOI = '00289132';
const PLANE_POSITION = '00209113';
const PLANE_ORIENTATION = '00209116';
const WINDOWS = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'];
const MOST_TABLE = 1 << 16;
const MOST_TABLES = 4;
const COLOUR = 'it is in colour';
const CENTIMETRES = 3;

/** The data set that holds an attribute for this frame: enhanced objects keep it per frame or shared, all others on top (PS3.3 section C.7.6.16). */
function holder(set, frame, sequence, tag) {
  for (const groups of [items(set, FRAME_GROUPS)[frame - 1], items(set, SHARED_GROUPS)[0]]) {
    const found = items(groups, sequence)[0];
    if (values(found, tag).length) return found;
  }
  return set;
}

/**
 * How to read and draw one frame.
 *
 * @param set   the instance's metadata, DICOM JSON
 * @param frame from 1
 * @returns rows, columns, bits, signed, slope, intercept, unit, windows [{center, width, kind, name}], tables [{descriptor, data, name}] as the file names them, inverse (low
 *   values are bright), padding [low, high] or null (stored values), spacing [between rows, between columns] in mm or null, aspect (height of a pixel by its width), ruler {mm per
 *   column, note} or null, position and orientation (numbers, or null), and drawable: '' when this page can draw it, else why it cannot
 */
export function shapeOf(set, frame) {
  const transformation = holder(set, frame, TRANSFORMATION, '00281053');
  const voi = holder(set, frame, FRAME_VOI, '00281050');
  const photometric = text(set, '00280004');
  const shape = {
    rows: number(set, '00280010') ?? 0, columns: number(set, '00280011') ?? 0, samples: number(set, '00280002') ?? 1, photometric,
    allocated: number(set, '00280100') ?? 0, bits: number(set, '00280101') ?? 0, high: number(set, '00280102') ?? 0,
    signed: number(set, '00280103') === 1, slope: number(transformation, '00281053') ?? 1, intercept: number(transformation, '00281052') ?? 0,
    inverse: (text(set, '20500020') || (photometric === 'MONOCHROME1' ? 'INVERSE' : '')) === 'INVERSE',
    windows: windowsOf(voi), tables: tablesOf(holder(set, frame, FRAME_VOI, '00283010')), padding: paddingOf(set), unit: unitOf(set, transformation),
    ...placeOf(set, frame),
  };
  if (shape.slope === 0) shape.slope = 1;
  shape.drawable = obstacle(set, shape);
  return shape;
}

function obstacle(set, shape) {
  if (!shape.rows || !shape.columns) return 'it has no rows and columns';
  if (shape.samples !== 1 || !shape.photometric.startsWith('MONOCHROME')) return shape.samples === 1 && shape.photometric === '' ? 'its photometric interpretation is missing' : COLOUR;
  if (![8, 16, 32].includes(shape.allocated)) return `it has ${shape.allocated} bits allocated`;
  if (shape.bits < 1 || shape.bits > shape.allocated || shape.high !== shape.bits - 1) return 'its bits are stored in an unusual way';
  if (set['7FE00008'] || set['7FE00009']) return 'its pixels are floating point';
  if (items(set, '00283000').length) return 'it has a modality table';
  return '';
}

function windowsOf(set) {
  const [centers, widths] = [numbers(set, '00281050'), numbers(set, '00281051')];
  const names = values(set, '00281055').map(String);
  const kind = WINDOWS.includes(text(set, '00281056')) ? text(set, '00281056') : 'LINEAR';
  return centers.slice(0, widths.length).map((center, i) => ({center, width: widths[i], kind, name: names[i] ?? ''})).filter(one => one.width > 0);
}

function tablesOf(set) {
  return items(set, '00283010').slice(0, MOST_TABLES).map(one => ({descriptor: numbers(one, '00283002'), data: one['00283006'] ?? {}, name: text(one, '00283003')}));
}

function paddingOf(set) {
  const one = number(set, '00280120');
  if (one === null) return null;
  const limit = number(set, '00280121') ?? one;
  return [Math.min(one, limit), Math.max(one, limit)];
}

/** CT in HU unless it says otherwise (PS3.3 section C.8.2.1); PT by its own attribute; anything else as Rescale Type says. */
function unitOf(set, transformation) {
  const type = text(transformation, '00281054');
  if (type && type !== 'US') return type;
  if (text(set, '00080060') === 'CT' && number(transformation, '00281053') !== null) return 'HU';
  return text(set, '00541001');
}

/** Where pixels lie: in the patient; in a projection at the detector, which is larger than the patient (PS3.3 section 10.7.1.3); on a film, as it was scanned. */
function placeOf(set, frame) {
  const places = [[holder(set, frame, MEASURES, '00280030'), '00280030', ''], [set, '00181164', 'at detector'], [set, '00182010', 'on film']];
  const [spacing, note] = places.map(([from, tag, where]) => [numbers(from, tag), where]).find(([pair]) => pair.length === 2 && pair[0] > 0 && pair[1] > 0) ?? [null, ''];
  const ratio = numbers(set, '00280034');
  const aspect = spacing ? spacing[0] / spacing[1] : ratio.length === 2 && ratio[0] > 0 && ratio[1] > 0 ? ratio[0] / ratio[1] : 1;
  const position = numbers(holder(set, frame, PLANE_POSITION, '00200032'), '00200032');
  const orientation = numbers(holder(set, frame, PLANE_ORIENTATION, '00200037'), '00200037');
  const ruler = spacing ? {mm: spacing[1], note} : regionRuler(set);
  return {spacing, aspect, ruler, position: position.length === 3 ? position : null, orientation: orientation.length === 6 ? orientation : null};
}

/** Ultrasound tells its scale region by region (PS3.3 section C.8.5.5): a ruler for all of the image when all its tissue regions agree. */
function regionRuler(set) {
  const tissue = items(set, '00186011').filter(region => number(region, '00186012') === 1);
  const sizes = tissue.map(region => number(region, '00186024') === CENTIMETRES ? Math.abs(number(region, '0018602C') ?? 0) * 10 : 0);
  return sizes.length && sizes[0] > 0 && sizes.every(size => size === sizes[0]) ? {mm: sizes[0], note: ''} : null;
}

/** @returns whether colour is the only reason why the page does not draw it */
export function isColour(why) {
  return why === COLOUR;
}

/**
 * Stored values of a frame: one typed number per pixel, cut to Bits Stored and with its sign.
 *
 * @param bytes little endian, rows × columns × allocated / 8; one padding byte more is no harm
 * @throws Error when there are too few
 */
export function stored(bytes, shape) {
  const count = shape.rows * shape.columns;
  const size = shape.allocated / 8;
  if (bytes.length < count * size || bytes.length > count * size + 1) throw new Error(`the frame has ${bytes.length} bytes where ${count * size} are needed`);
  const Kind = {1: [Uint8Array, Int8Array], 2: [Uint16Array, Int16Array], 4: [Uint32Array, Int32Array]}[size][shape.signed ? 1 : 0];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const found = new Kind(aligned.buffer, aligned.byteOffset, count);
  const spare = shape.allocated - shape.bits;
  return spare ? cut(found, spare, shape.signed, size * 8) : found;
}

/** Bits above High Bit are none of the value (PS3.5 section 8.1.1): overlays of old lie there. */
function cut(found, spare, signed, width) {
  const away = 32 - width + spare;
  return found.map(signed ? value => value << away >> away : value => value << away >>> away);
}

/** Lowest and highest value after rescale, padding left out. */
export function extent(pixels, shape) {
  let low = Infinity, high = -Infinity;
  const [from, to] = shape.padding ?? [Infinity, -Infinity];
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i];
    if (value >= from && value <= to) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return {low: 0, high: 0};
  const ends = [low, high].map(value => rescaled(value, shape));
  return {low: Math.min(...ends), high: Math.max(...ends)};
}

export function rescaled(value, shape) {
  return value * shape.slope + shape.intercept;
}

/**
 * Draws values into RGBA. Each distinct value is windowed once, then looked up.
 *
 * @param target Uint32Array over the canvas' bytes, rows × columns
 */
export function paint(pixels, shape, window, inverted, target) {
  const level = grey(window);
  const dark = shape.inverse !== inverted;
  const opaque = value => {
    const one = Math.round(level(rescaled(value, shape)));
    return rgba(dark ? 255 - one : one);
  };
  const [low, high] = bounds(pixels);
  if (high - low >= MOST_TABLE) {
    for (let i = 0; i < pixels.length; i++) target[i] = opaque(pixels[i]);
    return;
  }
  const table = new Uint32Array(high - low + 1);
  for (let i = 0; i < table.length; i++) table[i] = opaque(low + i);
  for (let i = 0; i < pixels.length; i++) target[i] = table[pixels[i] - low];
}

function bounds(pixels) {
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] < low) low = pixels[i];
    if (pixels[i] > high) high = pixels[i];
  }
  return [low, high];
}

/** Canvas bytes are R, G, B, A; every browser's machine of today is little endian. */
function rgba(one) {
  return (255 << 24 | one << 16 | one << 8 | one) >>> 0;
}
