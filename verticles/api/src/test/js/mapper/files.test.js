import assert from 'node:assert/strict';
import test from 'node:test';
import {load, save} from '../draft.js';
import {kind, read, written} from '../files.js';

const bytes = text => new TextEncoder().encode(text);

test('an untouched file is written byte for byte, whatever its ends of line', () => {
  for (const text of ['{}\r\n', '\uFEFF{\r\n}', '{\n}\r\n', '{\r}', '{"ä": "\\u00e4"}', '']) {
    const file = read(bytes(text));
    assert.ok(!file.value.includes('\r') && !file.value.startsWith('\uFEFF'));
    assert.deepEqual(bytes(written(file.value, file.text)), bytes(text));
  }
});

test('a changed file keeps its manner', () => {
  assert.equal(written('{\n1\n}', '\uFEFF{\r\n}'), '\uFEFF{\r\n1\r\n}');
  assert.equal(written('{\n1\n}', '{\r\n\n}'), '{\n1\n}');
  assert.equal(written('a\nb', null), 'a\nb');
});

test('what is no UTF-8 is refused', () => {
  assert.throws(() => read(new Uint8Array([0x7b, 0xff, 0x7d])), /not UTF-8/);
});

test('a file says itself which mapping it is, else its name does', () => {
  assert.equal(kind('x.json', '{"templateType": "CollectionFhir"'), 'fhir');
  assert.equal(kind('fhirmapping.json', '{"templateType":"CollectionContent"'), 'device');
  assert.equal(kind('fhirmapping.json', '{"templateType": Collection'), 'fhir');
  assert.equal(kind('devicecontent.json', '\uFEFF{"templateType": 5}'), 'device');
  assert.equal(kind('messages.ndjson', '{"hr":1}'), null);
});

test('a message is never taken for a mapping, whatever its file is called', () => {
  for (const text of ['{"hr":1}', '{"hr":1}\n{"hr":2}', '[{"templateType":"CollectionContent"}]', '{"hr":', '', 'null', '\uFEFF{"Body":{"templateType":"CollectionFhir"}}']) {
    for (const name of ['device-1.json', 'fhir-device-content.json']) assert.equal(kind(name, text), null, text);
  }
});

test('a draft keeps mappings and where they come from, and nothing else', () => {
  const kept = new Map();
  const store = {getItem: key => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value)};
  const draft = {device: {value: 'd', text: null}, fhir: {value: 'f', text: 'f\r'}, name: 'ward', version: 3};
  assert.equal(load(store), null);
  assert.equal(save({...draft, messages: ['secret']}, store), true);
  assert.deepEqual(load(store), draft);
  assert.ok(![...kept.values()].join().includes('secret'));
  kept.set('mapper-draft', '{"device":5}');
  assert.equal(load(store), null);
  assert.equal(save(draft, {setItem: () => { throw new Error('full'); }}), false);
});
