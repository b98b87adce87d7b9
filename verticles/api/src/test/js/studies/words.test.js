import assert from 'node:assert/strict';
import test from 'node:test';
import {dateText, mayHavePicture, number, numbers, personText, text, timeText} from '../elements.js';
import {EMPTY, dateRange, fromFragment, mistake, namePattern, toFragment, toParams} from '../query.js';
import {edgesOf, frameMillis, sideOf, stackOf} from '../stack.js';
import {keywordOf, lines, matching} from '../tree.js';
import {KEYWORDS} from '../keywords.js';

const NOON = new Date(2026, 2, 3, 12);
const ui = value => ({vr: 'UI', Value: [value]});

test('names are said as people say them', () => {
  assert.equal(personText({Alphabetic: 'Costa^Clara^Maria^Dr.^MD'}), 'Costa, Clara Maria, Dr., MD');
  assert.equal(personText({Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎'}), 'Yamada, Tarou (山田, 太郎)');
  assert.equal(personText({Ideographic: '山田^太郎'}), '山田, 太郎');
  assert.equal(personText({}), '');
  assert.equal(text({'00100010': {vr: 'PN', Value: [{Alphabetic: '^^'}]}}, '00100010'), '');
});

test('dates and times are read when they are some, and left alone when not', () => {
  assert.deepEqual(['20240115', '2024.01.15', '', 'yesterday'].map(dateText), ['2024-01-15', '2024-01-15', '', 'yesterday']);
  assert.deepEqual(['101112.345', '1011', '10', '', 'noon'].map(value => timeText(value)), ['10:11:12', '10:11', '10:00', '', 'noon']);
});

test('numbers come as numbers or as text, and nonsense is left out', () => {
  assert.deepEqual(numbers({x: {vr: 'DS', Value: ['1.5', 2, null, '', 'abc', {}]}}, 'x'), [1.5, 2]);
  assert.equal(number({x: {vr: 'IS'}}, 'x'), null);
  assert.equal(number(undefined, 'x'), null);
});

test('a thumbnail is asked for only where there may be one', () => {
  assert.deepEqual([['CT', 'SR'], [], ['NEW'], ['SR', 'PR'], ['RTPLAN']].map(mayHavePicture), [true, true, true, false, false]);
});

test('a name gets its wildcard, once', () => {
  assert.deepEqual(['mus', ' Costa , Clara', 'a*', 'a?', '*clara'].map(namePattern), ['mus*', 'Costa^Clara*', 'a*', 'a?', '*clara*']);
});

test('a search becomes QIDO parameters, and asks for one row more than it shows', () => {
  const params = Object.fromEntries(toParams({...EMPTY, name: 'Müller & Söhne', patient: ' 7 ', accession: 'A*', dates: 'week', modality: 'CT', offset: 50, size: 25}, NOON));
  assert.equal(params.PatientName, 'Müller & Söhne*');
  assert.deepEqual([params.PatientID, params.AccessionNumber, params.StudyDate, params.ModalitiesInStudy, params.limit, params.offset], ['7', 'A*', '20260225-20260303', 'CT', '26', '50']);
  assert.deepEqual(Object.keys(Object.fromEntries(toParams(EMPTY, NOON))), ['includefield', 'limit', 'offset']);
});

test('dates may be open on either side', () => {
  const range = (from, to) => dateRange({...EMPTY, dates: 'range', from, to}, NOON);
  assert.deepEqual([range('2026-01-02', ''), range('', '2026-01-02'), range('2026-01-01', '2026-01-02'), range('', ''), range('x', 'y')], ['20260102-', '-20260102', '20260101-20260102', '', '']);
  assert.equal(dateRange({...EMPTY, dates: 'today'}, NOON), '20260303-20260303');
  assert.match(mistake({...EMPTY, dates: 'range', from: '2026-02-01', to: '2026-01-01'}), /after/);
});

test('an address keeps a search and forgets nonsense', () => {
  const search = {...EMPTY, name: 'Öz & #1', dates: 'range', from: '2026-01-01', offset: 50, size: 50};
  assert.deepEqual(fromFragment('#' + toFragment(search)), search);
  assert.equal(toFragment(EMPTY), '');
  assert.deepEqual(fromFragment('#dates=never&offset=-3&size=7&page=x'), EMPTY);
  assert.equal(fromFragment(`#name=${'x'.repeat(999)}`).name.length, 128);
});

test('images are in order of number, then of place, and every frame is one', () => {
  const one = (uid, n, z, frames) => ({'00080018': ui(uid), '00280010': {vr: 'US', Value: [2]}, ...(n === null ? {} : {'00200013': {vr: 'IS', Value: [n]}}), '00280008': {vr: 'IS', Value: [frames]},
    '00200032': {vr: 'DS', Value: [0, 0, z]}, '00200037': {vr: 'DS', Value: [1, 0, 0, 0, 1, 0]}});
  const report = {'00080018': ui('sr')};
  const stack = stackOf([one('d', null, 0, 1), one('c', 10, 0, 1), one('b', 2, 5, 2), one('a', 2, 9, 1), report]);
  assert.deepEqual(stack.map(image => `${image.instance}/${image.frame}`), ['b/1', 'b/2', 'a/1', 'c/1', 'd/1']);
});

test('edges say where the patient lies', () => {
  const axial = {orientation: [1, 0, 0, 0, 1, 0]};
  assert.deepEqual(edgesOf(axial, {}), {left: 'R', right: 'L', top: 'A', bottom: 'P'});
  assert.deepEqual(edgesOf({orientation: [0, 1, 0, 0, 0, -1]}, {}), {left: 'A', right: 'P', top: 'H', bottom: 'F'});
  assert.equal(sideOf([0.8, 0.6, 0]), 'LP');
  assert.equal(edgesOf({orientation: null}, {}), null);
  assert.equal(edgesOf(axial, {'00102210': {vr: 'CS', Value: ['QUADRUPED']}}), null);
  const projection = (...Value) => edgesOf({orientation: null}, {'00200020': {vr: 'CS', Value}});
  assert.deepEqual(projection('L', 'FR'), {left: 'R', right: 'L', top: 'HL', bottom: 'FR'});
  for (const unsaid of [[], ['L'], ['LE', 'D'], ['', 'F']]) assert.equal(projection(...unsaid), null);
});

test('a cine runs as fast as the file says', () => {
  assert.equal(frameMillis({'00181063': {vr: 'DS', Value: ['40']}}), 40);
  assert.equal(frameMillis({'00180040': {vr: 'IS', Value: [25]}}), 40);
  assert.equal(frameMillis({}), null);
});

test('keywords are those of PS3.6, repeating groups included', () => {
  assert.ok(KEYWORDS.size > 4_900, `${KEYWORDS.size}`);
  assert.deepEqual(['00100010', '0020000D', '7FE00010', '60023000', '00091001', '00090010', 'ffffffff'].map(tag => keywordOf(tag, KEYWORDS)),
    ['PatientName', 'StudyInstanceUID', 'PixelData', 'OverlayData', 'Private', 'Private creator', 'Private']);
  assert.equal(keywordOf('00080001x', KEYWORDS), '');
});

test('a data set is a list of lines, sequences indented, bytes not shown', () => {
  const set = {
    '00400275': {vr: 'SQ', Value: [{'00080100': {vr: 'SH', Value: ['X1']}}, {}]}, '00080008': {vr: 'CS', Value: ['A', null, 'B']},
    '7FE00010': {vr: 'OW', BulkDataURI: 'x'}, '00420011': {vr: 'OB', InlineBinary: 'AAEC'}, '00080090': {vr: 'PN'}, '00280010': {vr: 'US', Value: Array(100).fill(7)},
  };
  const found = lines(set, KEYWORDS);
  assert.deepEqual(found.map(line => [line.depth, line.tag, line.keyword]).slice(0, 6), [
    [0, '(0008,0008)', 'ImageType'], [0, '(0008,0090)', 'ReferringPhysicianName'], [0, '(0028,0010)', 'Rows'], [0, '(0040,0275)', 'RequestAttributesSequence'], [1, '', 'Item 1'], [2, '(0008,0100)', 'CodeValue']]);
  const value = tag => found.find(line => line.tag === tag).value;
  assert.deepEqual([value('(0008,0008)'), value('(0042,0011)'), value('(7FE0,0010)'), value('(0040,0275)'), value('(0008,0090)')], ['A \\  \\ B', '3 bytes, not shown', 'bulk data, not shown', '2 items', '']);
  assert.match(value('(0028,0010)'), /… 100 values$/);
});

test('a search in the metadata keeps what it finds and what that lies under', () => {
  const all = lines({'00400275': {vr: 'SQ', Value: [{'00080100': {vr: 'SH', Value: ['X1']}}, {'00080100': {vr: 'SH', Value: ['Y2']}}]}, '00100010': {vr: 'PN', Value: [{Alphabetic: 'A^B'}]}}, KEYWORDS);
  const names = words => matching(all, words).map(line => line.keyword);
  assert.deepEqual(names('y2'), ['RequestAttributesSequence', 'Item 2', 'CodeValue']);
  assert.deepEqual(names('00100010'), ['PatientName']);
  assert.deepEqual(names('patient a,'), ['PatientName']);
  assert.deepEqual(names('nothing'), []);
  assert.equal(names('').length, all.length);
});
