import assert from 'node:assert/strict';
import test from 'node:test';
import {MOST, canBeTried, isReading, label, split} from '../messages.js';

test('one message, an array and lines are parted, and stay the very texts they were', () => {
  assert.deepEqual(split(' {"a": 1.0}\n').messages, ['{"a": 1.0}']);
  assert.deepEqual(split('[{"a":1}, {"b":"]"} ]').messages, ['{"a":1}', '{"b":"]"}']);
  assert.deepEqual(split('{"a":1}\n{"b":2}\r\n\n{"c":[3]}').messages, ['{"a":1}', '{"b":2}', '{"c":[3]}']);
  assert.deepEqual(split('{\n "a": 1\n}\n{\n "b": 2\n}').messages, ['{\n "a": 1\n}', '{\n "b": 2\n}']);
  assert.deepEqual(split('\uFEFF{"a":1}').messages, ['{"a":1}']);
});

test('what is no message is told with its line and column, and those before it are there', () => {
  const wrong = split('{"a":1}\n{"b":}\n{"c":3}');
  assert.deepEqual(wrong.messages, ['{"a":1}']);
  assert.deepEqual([wrong.error.line, wrong.error.column], [2, 6]);
  assert.equal(split('{"a":').error.line, 1);
  assert.match(split('[1 2]').error.message, /comma/);
  assert.match(split('[1,]').error.message, /missing behind/);
  assert.match(split('[]').error.message, /no message/);
  for (const [text, column] of [['{"a":01}', 6], ['{"a" 1}', 6], ['{a:1}', 2], ['[{"a":1,}]', 9], ['{"a":[1,]}', 9], ['{"a":tru}', 6], ['{"a":"\\x"}', 6], ['{"a":[}]}', 7]]) {
    assert.equal(split(text).error?.column, column, text);
  }
  assert.equal(split('{"a":1}').error, null);
});

test('a stream is not pasted whole', () => {
  const many = split(Array.from({length: MOST + 1}, (one, n) => `{"n":${n}}`).join('\n'));
  assert.equal(many.messages.length, MOST);
  assert.equal(many.error.line, MOST + 1);
});

test('a message is known by its first values, an envelope by what is in it', () => {
  assert.equal(label('{"deviceId":"m-1","data":[{"hr":72},{"hr":73}]}'), 'deviceId m-1, hr 72, hr 73');
  assert.equal(label('{"Body":{"hr":1},"Properties":{},"SystemProperties":{}}'), 'hr 1');
  assert.equal(label('{"Body":"eyJ9"}'), 'Body eyJ9');
  assert.equal(label('{"broken"'), '{"broken"');
  assert.equal(label('{}'), '{}');
  const deep = '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000);
  assert.equal(label(deep), deep.slice(0, 60));
  assert.deepEqual(split(deep).messages, [deep]);
});

test('a letter about one reading holds that reading, and is tried unless there is nothing to read', () => {
  const letter = (source, reason, payload = '{"Type":"hr"}') => ({source, reason, payload});
  assert.equal(isReading(letter('6f1c:3:17:0', 'not-a-number')), true);
  assert.equal(isReading(letter('6f1c:3:17:-1', 'no-template')), false);
  assert.equal(isReading(letter('6f1c:3:17:0', 'too-large')), false);
  assert.equal(canBeTried(letter('6f1c:3:17:0', 'not-a-number')), true);
  assert.equal(canBeTried(letter('6f1c:3:17:0', 'malformed-measurement', 'x')), false);
  assert.equal(canBeTried(letter('6f1c:3:17:0', 'bug', '')), false);
  assert.equal(canBeTried(letter('6f1c:3:17:-1', 'malformed-json', '')), true);
});
