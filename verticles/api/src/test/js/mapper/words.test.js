import assert from 'node:assert/strict';
import test from 'node:test';
import {summary, value} from '../observations.js';
import {DEVICE, FHIR} from '../templates.js';
import {SAMPLES} from '../samples.js';
import {STEPS} from '../tutorial.js';

test('each kind of value has its words', () => {
  assert.equal(value({valueQuantity: {value: 97, unit: '%'}}), '97 %');
  assert.equal(value({valueSampledData: {period: 1000, origin: {value: 0, unit: '/min'}, data: 'E E 72 73'}}), '2 of 4 samples, 1000 ms apart: … 72 73 /min');
  assert.equal(value({valueSampledData: {period: 4, data: 'E'}}), '0 of 1 samples, 4 ms apart: ');
  assert.equal(value({valueRange: {low: {value: 92}, high: {value: 96, unit: '%'}}}), '92 to 96 %');
  assert.equal(value({valueRatio: {numerator: {value: 1}, denominator: {value: 2}}}), '1 : 2');
  assert.equal(value({valueCodeableConcept: {text: 'Fall', coding: [{code: '1'}]}}), 'Fall');
  assert.equal(value({valueBoolean: false}), 'false');
  assert.equal(value({valueInteger: 0}), '0');
  assert.equal(value({}), '');
});

test('an Observation is told by its code, values, time and whose it is', () => {
  assert.deepEqual(summary({
    code: {text: 'bp', coding: [{code: '85354-9', display: 'Blood pressure panel'}, {system: 'https://azure.microsoft.com', code: 'bp'}]},
    component: [{code: {coding: [{code: '8480-6'}]}, valueQuantity: {value: 120, unit: 'mmHg'}}],
    effectivePeriod: {start: '2026-11-22T10:00:00.0000000Z', end: '2026-11-22T10:00:00.5000000Z'}, device: {reference: 'Device/d'}, subject: {reference: 'Patient/p'}}), {
    title: 'Blood pressure panel', codes: ['85354-9'], parts: [{name: '8480-6', value: '120 mmHg'}], time: '2026-11-22T10:00:00Z to 2026-11-22T10:00:00.5000000Z', subject: 'Device/d, Patient/p'});
});

test('templates and samples are what they say', () => {
  for (const one of DEVICE) assert.ok(one.name.startsWith(one.template.templateType), one.name);
  for (const one of FHIR) {
    const {value: own, components, capture} = one.template.template;
    assert.ok(components || capture || one.name.startsWith(own.valueType), one.name);
  }
  assert.equal(new Set([...DEVICE, ...FHIR].map(one => one.name)).size, DEVICE.length + FHIR.length);
  for (const one of SAMPLES) JSON.parse(one.text);
});

test('no step of the tutorial is done before anything was done, and each has a way on', () => {
  const nothing = {messages: 0};
  for (const step of STEPS) {
    assert.ok(!step.done(nothing), step.title);
    assert.ok(step.help || step.hint, step.title);
  }
});

test('the first step is done with a message, the second with a heart rate, of whatever type name', () => {
  assert.ok(STEPS[0].done({messages: 1}));
  const result = type => ({messages: 1, results: [{measurements: [{type, properties: []}], observations: []}]});
  assert.ok(STEPS[1].done(result('heartrate')) && STEPS[1].done(result('hr')) && !STEPS[1].done(result('spo2')));
  assert.equal(STEPS[5].help.append(result('hr'))[1].template.typeName, 'hr');
});
