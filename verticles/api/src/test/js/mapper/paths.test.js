import assert from 'node:assert/strict';
import test from 'node:test';
import {at, jmesPath, jsonPath, matching, pointer, proposals, template} from '../paths.js';
import {MONITOR} from '../samples.js';

const MESSAGE = {Body: MONITOR, Properties: {}, SystemProperties: {}};

test('names that are no words are quoted, in each language as it wants', () => {
  const place = ['Body', 'heart rate', 0, "it's", 'a"b'];
  assert.equal(jsonPath(place), String.raw`$.Body['heart rate'][0]['it\'s']['a"b']`);
  assert.equal(jmesPath(place), String.raw`Body."heart rate"[0]."it's"."a\"b"`);
  assert.equal(pointer(['a/b', 0, '~']), '/a~1b/0/~0');
  assert.equal(jsonPath([]), '$');
  assert.equal(jmesPath([]), '@');
});

test('a value in an array is matched by every element that has it, any other by its name', () => {
  assert.deepEqual(matching(['Body', 'readings', 1, 'hr']), {match: '$.Body.readings[?(@.hr)]', rest: ['hr']});
  assert.deepEqual(matching(['Body', 'readings', 1, 'value', 'bpm']), {match: '$.Body.readings[?(@.value.bpm)]', rest: ['value', 'bpm']});
  assert.deepEqual(matching(['Body', 'ecg', 'mV']), {match: '$..[?(@.mV)]', rest: ['mV']});
  assert.deepEqual(matching(['Body', 'ecg', 'mV', 2]), {match: '$..[?(@.mV)]', rest: ['mV']});
  assert.equal(matching([]), null);
  assert.deepEqual(matching(['Body', 'beds', 1, 'readings', 0, 'hr']), {match: '$.Body.beds[*].readings[?(@.hr)]', rest: ['hr']});
});

test('proposals say in which language they are, and lead back to the value', () => {
  const found = proposals(['Body', 'readings', 0, 'hr']);
  const texts = language => found.filter(one => one.language === language).map(one => one.text);
  assert.deepEqual(texts('JsonPath'), ['$.Body.readings[0].hr', '$.Body.readings[*].hr', '$.Body.readings[?(@.hr)]', '$.matchedToken.hr', '$.hr']);
  assert.deepEqual(texts('JmesPath'), ['Body.readings[0].hr', 'Body.readings[*].hr', 'matchedToken.hr']);
  const odd = proposals(['a[0]', '*', 1, 'v']).map(one => one.text);
  assert.ok(odd.includes("$['a[0]']['*'][*].v"), odd.join());
  assert.ok(odd.includes('"a[0]"."*"[*].v'), odd.join());
  assert.equal(at(MESSAGE, ['Body', 'readings', 0, 'hr']), 72);
  assert.equal(at(MESSAGE, ['Body', 'none', 'more']), undefined);
});

test('a template knows who and when by their names and forms, the time beside the value before any other', () => {
  const {template: made, templateType} = template(MESSAGE, ['Body', 'readings', 0, 'hr']);
  assert.equal(templateType, 'CalculatedContent');
  assert.deepEqual(made, {
    typeName: 'hr', typeMatchExpression: '$.Body.readings[?(@.hr)]', deviceIdExpression: '$.Body.serial', timestampExpression: '$.matchedToken.at',
    values: [{valueName: 'hr', valueExpression: '$.matchedToken.hr', required: true}]});
  const flat = template({Body: {deviceId: 'd', patientId: 'p', time: '2026-11-22T10:00:00Z', heartRate: 1}}, ['Body', 'heartRate']).template;
  assert.equal(flat.patientIdExpression, '$.matchedToken.patientId');
  assert.equal(flat.timestampExpression, '$.matchedToken.time');
});

test('who is named beside the value counts, not who is named first', () => {
  const message = {Body: {serial: 'gateway', beds: [{deviceId: 'a', mrn: '1', hr: 60}, {deviceId: 'b', mrn: '2', hr: 70}]}};
  const {template: made} = template(message, ['Body', 'beds', 1, 'hr']);
  assert.equal(made.deviceIdExpression, '$.matchedToken.deviceId');
  assert.equal(made.patientIdExpression, '$.matchedToken.mrn');
});

test('arrays of objects or of arrays are no samples', () => {
  for (const place of [['Body', 'readings'], ['Body', 'readings', 0], ['Body', 'grid', 0]]) {
    const {template: made} = template({Body: {...MONITOR, grid: [[1, 2], [3]]}}, place);
    assert.equal(made.values[0].samples, undefined, place.join());
  }
});

test('an array of numbers is several samples, whichever of them is chosen', () => {
  for (const place of [['Body', 'ecg', 'mV'], ['Body', 'ecg', 'mV', 3]]) {
    const {template: made} = template(MESSAGE, place);
    assert.deepEqual(made.values, [{valueName: 'mV', valueExpression: '$.matchedToken.mV', samples: {period: 1000}, required: true}]);
    assert.equal(made.timestampExpression, '$.Body.sent');
  }
});
