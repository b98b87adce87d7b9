import assert from 'node:assert/strict';
import test from 'node:test';
import {appended, lines, member, offset, place, valueEnd, word} from '../source.js';

const TEXT = '{\n  "a": [1, "x]\\"y"],\n  "template": [ {"b": 2} ]\n}';

function put(text, found) {
  return text.slice(0, found.from) + found.text + text.slice(found.to);
}

test('a line and column is an index, and the index is that line and column again', () => {
  for (const [line, column] of [[1, 1], [2, 3], [2, 8], [4, 1], [4, 2]]) {
    assert.deepEqual(place(TEXT, offset(TEXT, line, column)), {line, column});
  }
  assert.equal(offset(TEXT, 2, 500), TEXT.indexOf('\n', 3), 'no further than its line');
  assert.equal(offset(TEXT, 99, 1), TEXT.length);
  assert.equal(lines(TEXT), 4);
  assert.equal(lines(''), 1);
});

test('a mark is as long as the word it stands under', () => {
  assert.equal(word('"typeName": 5', 0), 10);
  assert.equal(word('"a\\"b" ', 0), 6);
  assert.equal(word('-1.5e3,', 0), 6);
  assert.equal(word('}', 0), 1);
  assert.equal(word(' x', 0), 0);
});

test('brackets in texts are no brackets', () => {
  assert.equal(valueEnd(TEXT, 0), TEXT.length);
  assert.equal(valueEnd('[1, [2', 0), -1);
  assert.equal(valueEnd('"abc', 0), -1);
  assert.equal(valueEnd('12 ', 0), 2);
  const found = member(TEXT, 0, 'template');
  assert.equal(TEXT.slice(found.from, found.to), '[ {"b": 2} ]');
  assert.equal(member(TEXT, 0, 'b'), null);
});

test('a template is put behind the last one, into an empty collection, and into nothing', () => {
  assert.deepEqual(JSON.parse(put(TEXT, appended(TEXT, {c: 3}, 'CollectionContent'))).template, [{b: 2}, {c: 3}]);
  for (const empty of ['{"templateType":"CollectionContent","template":[]}', '{"template":[ \n ]}']) {
    assert.deepEqual(JSON.parse(put(empty, appended(empty, {c: 3}, 'CollectionContent'))).template, [{c: 3}]);
  }
  const whole = put(' \n', appended(' \n', {c: 3}, 'CollectionFhir'));
  assert.deepEqual(JSON.parse(whole), {templateType: 'CollectionFhir', template: [{c: 3}]});
  assert.equal(appended('{"template": 5}', {}, 'CollectionFhir'), null);
  assert.equal(appended('{"template": [', {}, 'CollectionFhir'), null);
});

test('putting templates in one after the other stays a mapping', () => {
  let text = '';
  for (let n = 0; n < 3; n++) text = put(text, appended(text, {n}, 'CollectionContent'));
  assert.deepEqual(JSON.parse(text).template, [{n: 0}, {n: 1}, {n: 2}]);
  assert.ok(text.includes('    {\n      "n": 1\n    },\n'), text);
});
