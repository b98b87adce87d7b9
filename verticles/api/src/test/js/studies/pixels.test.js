import assert from 'node:assert/strict';
import test from 'node:test';
import {extent, paint, rescaled, shapeOf, stored} from '../pixels.js';
import {covering, dragged, grey, tableOf} from '../voi.js';

const us = (...Value) => ({vr: 'US', Value});
const ds = (...Value) => ({vr: 'DS', Value});
const cs = (...Value) => ({vr: 'CS', Value});
const sq = (...Value) => ({vr: 'SQ', Value});
const ct = (more = {}) => ({
  '00080060': cs('CT'), '00280002': us(1), '00280004': cs('MONOCHROME2'), '00280010': us(1), '00280011': us(4), '00280100': us(16), '00280101': us(12), '00280102': us(11),
  '00280103': us(0), '00281050': ds('40'), '00281051': ds(80), '00281052': ds(-1024), '00281053': ds(1), ...more,
});
const words = (...values) => new Uint8Array(Uint16Array.from(values).buffer);
const painted = (pixels, shape, window, inverted = false) => {
  const target = new Uint32Array(pixels.length);
  paint(pixels, shape, window, inverted, target);
  const bytes = new Uint8Array(target.buffer);
  return [...pixels].map((value, i) => {
    assert.deepEqual([bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]], [bytes[4 * i], bytes[4 * i], 255]);
    return bytes[4 * i];
  });
};

test('LINEAR is as PS3.3 C.11.2.1.2.1 prints it', () => {
  const level = grey({center: 2048, width: 4096});
  const printed = x => x <= 2048 - 0.5 - 4095 / 2 ? 0 : x > 2048 - 0.5 + 4095 / 2 ? 255 : ((x - 2047.5) / 4095 + 0.5) * 255;
  for (let x = -10; x < 4110; x++) assert.ok(Math.abs(level(x) - printed(x)) < 1e-9, `${x}`);
  assert.deepEqual([0, 4095].map(level), [0, 255]);
});

test('a width of 1 is a threshold, and a width below 1 is one too', () => {
  for (const width of [1, 0.2, 0, -3]) assert.deepEqual([99, 99.5, 99.6, 100].map(grey({center: 100, width, kind: 'LINEAR'})), [0, 0, 255, 255]);
});

test('LINEAR_EXACT and SIGMOID are as printed', () => {
  assert.deepEqual([-50, 0, 25, 50, 51].map(grey({center: 0, width: 100, kind: 'LINEAR_EXACT'})), [0, 127.5, 191.25, 255, 255]);
  const soft = grey({center: 10, width: 20, kind: 'SIGMOID'});
  assert.equal(soft(10), 127.5);
  assert.ok(Math.abs(soft(20) - 255 / (1 + Math.exp(-2))) < 1e-9);
});

test('a table gives its entries, and its ends beyond its ends', () => {
  const wide = tableOf([3, 10, 12], words(0, 4095, 1024), false, 'T');
  assert.deepEqual([-5, 10, 11, 12, 99].map(grey(wide)), [0, 0, 255, 1024 / 4095 * 255, 1024 / 4095 * 255]);
  assert.deepEqual([...tableOf([3, 0, 8], Uint8Array.of(9, 8, 7, 0), false).entries], [9, 8, 7]);
  assert.deepEqual([-2, -1, 0].map(grey(tableOf([2, 65_534, 8], words(10, 255), true))), [10, 255, 255]);
  assert.equal(tableOf([2, 65_534, 8], words(10, 255), false).first, 65_534);
  assert.equal(tableOf([0, 0, 16], new Uint8Array(131_072), false).entries.length, 65_536);
  for (const broken of [[], [3, 0], [3, 0, 7], [3, 0, 17], [9, 0, 8]]) assert.equal(tableOf(broken, new Uint8Array(8), false), null, String(broken));
});

test('a drag goes on from a table with a window', () => {
  const table = tableOf([100, 50, 8], new Uint8Array(200), false);
  assert.deepEqual(dragged(table, 0, 0, {low: 0, high: 99}), {center: 100, width: 100, kind: 'LINEAR'});
});

test('CT values are HU, and painted with the window of the file', () => {
  const shape = shapeOf(ct(), 1);
  const pixels = stored(words(0, 1024, 1064, 2047), shape);
  assert.equal(shape.unit, 'HU');
  assert.deepEqual([...pixels].map(value => rescaled(value, shape)), [-1024, 0, 40, 1023]);
  assert.deepEqual(shape.windows, [{center: 40, width: 80, kind: 'LINEAR', name: ''}]);
  assert.deepEqual(painted(pixels, shape, shape.windows[0]), [0, 0, Math.round((0.5 / 79 + 0.5) * 255), 255]);
});

test('bits above the stored ones are none of the value, and the sign is at the highest stored bit', () => {
  const unsigned = shapeOf(ct(), 1);
  assert.deepEqual([...stored(words(0xf001, 0x8fff, 0x0800, 0x07ff), unsigned)], [1, 4095, 2048, 2047]);
  const signed = shapeOf(ct({'00280103': us(1)}), 1);
  assert.deepEqual([...stored(words(0xf001, 0x8fff, 0x0800, 0x07ff), signed)], [1, -1, -2048, 2047]);
});

test('8 and 32 bits are read, at any place in a body', () => {
  const eight = shapeOf(ct({'00280100': us(8), '00280101': us(8), '00280102': us(7), '00280103': us(1)}), 1);
  assert.deepEqual([...stored(Uint8Array.of(0, 127, 128, 255), eight)], [0, 127, -128, -1]);
  const wide = shapeOf(ct({'00280100': us(32), '00280101': us(32), '00280102': us(31)}), 1);
  const body = new Uint8Array(19);
  body.set(new Uint8Array(Uint32Array.of(0, 70_000, 4_000_000_000, 1).buffer), 3);
  const pixels = stored(body.subarray(3), wide);
  assert.deepEqual([...pixels], [0, 70_000, 4_000_000_000, 1]);
  assert.deepEqual(painted(pixels, {...wide, slope: 1, intercept: 0}, {center: 35_000, width: 70_001, kind: 'LINEAR'}), [0, 255, 255, 0]);
});

test('a frame with too few or too many bytes is refused; a padding byte is not', () => {
  const shape = shapeOf(ct(), 1);
  assert.throws(() => stored(new Uint8Array(7), shape), /7 bytes where 8/);
  assert.throws(() => stored(new Uint8Array(10), shape), /10 bytes where 8/);
  assert.equal(stored(new Uint8Array(9), shape).length, 4);
});

test('MONOCHROME1 shows low values bright, Presentation LUT Shape goes before it, and inverting inverts', () => {
  const window = {center: 128, width: 256, kind: 'LINEAR'};
  const flat = {'00281052': ds(0), '00280004': cs('MONOCHROME1')};
  const pixels = Uint16Array.of(0, 255);
  assert.deepEqual(painted(pixels, shapeOf(ct(flat), 1), window), [255, 0]);
  assert.deepEqual(painted(pixels, shapeOf(ct(flat), 1), window, true), [0, 255]);
  assert.deepEqual(painted(pixels, shapeOf(ct({...flat, '20500020': cs('IDENTITY')}), 1), window), [0, 255]);
});

test('padding does not count for the range of values, and a range covers its ends', () => {
  const shape = shapeOf(ct({'00280120': us(0), '00280121': us(5)}), 1);
  const range = extent(Uint16Array.of(0, 5, 24, 124), shape);
  assert.deepEqual(range, {low: -1000, high: -900});
  assert.deepEqual(painted(Uint16Array.of(24, 124), shape, covering(range)), [0, 255]);
  assert.deepEqual(extent(Uint16Array.of(0, 0), shape), {low: 0, high: 0});
  assert.deepEqual(extent(Uint16Array.of(10, 20), {...shape, slope: -2, intercept: 1}), {low: -39, high: -19});
});

test('enhanced objects keep their attributes per frame, or shared', () => {
  const frame = (intercept, center) => ({'00289145': sq({'00281052': ds(intercept), '00281053': ds(2), '00281054': {vr: 'LO', Value: ['HU']}}), '00289132': sq({'00281050': ds(center), '00281051': ds(9)})});
  const set = ct({
    '00281050': undefined, '52009230': sq(frame(-10, 1), frame(-20, 2)),
    '52009229': sq({'00289110': sq({'00280030': ds(0.5, 0.25)}), '00209116': sq({'00200037': ds(1, 0, 0, 0, 1, 0)})}),
  });
  const [one, two] = [shapeOf(set, 1), shapeOf(set, 2)];
  assert.deepEqual([one.intercept, two.intercept, one.slope, two.windows[0].center], [-10, -20, 2, 2]);
  assert.deepEqual([one.spacing, one.aspect, two.orientation], [[0.5, 0.25], 2, [1, 0, 0, 0, 1, 0]]);
});

test('a ruler is of the patient, of the detector, or of the ultrasound regions when they agree', () => {
  const ruler = more => shapeOf(ct(more), 1).ruler;
  const region = (size, format = 1, unit = 3) => ({'00186012': us(format), '00186024': us(unit), '0018602C': {vr: 'FD', Value: [size]}});
  assert.equal(ruler({}), null);
  assert.deepEqual(ruler({'00280030': ds(0.5, 0.25), '00181164': ds(1, 1)}), {mm: 0.25, note: ''});
  assert.deepEqual(ruler({'00181164': ds(0.2, 0.1)}), {mm: 0.1, note: 'at detector'});
  assert.deepEqual(ruler({'00182010': ds(0.2, 0.1)}), {mm: 0.1, note: 'on film'});
  assert.deepEqual(ruler({'00186011': sq(region(0.03), region(9, 3, 4))}), {mm: 0.3, note: ''});
  for (const regions of [[region(0.03), region(0.04)], [region(0.03, 1, 4)], [region(0)]]) assert.equal(ruler({'00186011': sq(...regions)}), null);
});

test('what this page cannot draw says why', () => {
  const why = more => shapeOf(ct(more), 1).drawable;
  assert.equal(why({}), '');
  assert.match(why({'00280002': us(3), '00280004': cs('RGB')}), /colour/);
  assert.match(why({'00280004': cs('PALETTE COLOR')}), /colour/);
  assert.match(why({'00280100': us(1), '00280101': us(1), '00280102': us(0)}), /1 bits/);
  assert.match(why({'00280102': us(15)}), /unusual/);
  assert.match(why({'7FE00008': {vr: 'OF'}}), /floating/);
  assert.match(why({'00283000': sq({'00283002': us(1, 2, 3)})}), /table/);
  assert.match(why({'00280010': us()}), /rows/);
});

test('dragging goes in steps of the window, and never below the least width', () => {
  const range = {low: -1024, high: 3071};
  assert.deepEqual(dragged({center: 40, width: 256, kind: 'LINEAR'}, 10, -20, range), {center: 20, width: 266, kind: 'LINEAR'});
  assert.equal(dragged({center: 40, width: 80, kind: 'LINEAR'}, -10_000, 0, range).width, 1);
  assert.ok(dragged({center: 0, width: 1, kind: 'LINEAR'}, 100, 0, range).width > 20, 'out of a threshold again');
});
