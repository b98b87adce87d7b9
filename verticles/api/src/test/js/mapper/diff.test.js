import assert from 'node:assert/strict';
import test from 'node:test';
import {diff, folded} from '../diff.js';

const side = (rows, kind) => rows.filter(row => row.kind !== kind).map(row => row.text).join('\n');

test('both texts can be read from their difference, and what is equal is told once', () => {
  const texts = ['', 'a', 'a\nb\nc', 'a\nx\nc', 'b\nc\nd', 'x\na\nb\nb\nc', 'c\nb\na'];
  for (const before of texts) for (const after of texts) {
    const rows = diff(before, after);
    assert.equal(side(rows, 'more'), before, `${before} to ${after}`);
    assert.equal(side(rows, 'less'), after, `${before} to ${after}`);
    if (before === after) assert.ok(rows.every(row => row.kind === 'same'));
  }
  assert.deepEqual(diff('a\nb\nc', 'a\nc').map(row => row.kind), ['same', 'less', 'same']);
  assert.deepEqual(diff('a\nc', 'a\nb\nc').map(row => [row.left, row.right]), [[1, 1], [null, 2], [2, 3]]);
});

test('random texts are told with as few changes as they have, with a printed seed', () => {
  let seed = 20261122;
  const random = n => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 200; round++) {
    const before = Array.from({length: random(30)}, () => 'abcd'[random(4)]);
    const after = before.filter(() => random(5) > 0).flatMap(line => random(5) ? [line] : [line, 'z']);
    const rows = diff(before.join('\n'), after.join('\n'));
    assert.equal(side(rows, 'more'), before.join('\n'), `seed 20261122, round ${round}`);
    assert.equal(side(rows, 'less'), after.join('\n'), `seed 20261122, round ${round}`);
  }
});

test('a long stretch that is equal is folded', () => {
  const long = Array.from({length: 50}, (one, n) => `line ${n}`);
  const rows = folded(diff(long.join('\n'), [...long.slice(0, 25), 'new', ...long.slice(25)].join('\n')), 2);
  assert.deepEqual(rows.map(row => row?.text ?? null), [null, 'line 23', 'line 24', 'new', 'line 25', 'line 26', null]);
});

test('two texts that share little of thousands of lines are told in the end', () => {
  const many = letter => Array.from({length: 4000}, (one, n) => letter + n).join('\n');
  assert.equal(diff(many('a'), many('b')).length, 8000);
});
