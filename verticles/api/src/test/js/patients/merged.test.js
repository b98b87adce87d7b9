import assert from 'node:assert/strict';
import test from 'node:test';
import {Merged, Stream} from '../merged.js';

/** A search that gives these pages, and counts how many were asked for. */
function search(...pages) {
  return {asked: 0, get done() { return this.asked >= pages.length; }, async page() {
    const page = pages[this.asked++];
    if (page instanceof Error) throw page;
    return page;
  }};
}
const stream = (...pages) => new Stream(search(...pages), at => ({at}));
const places = items => items.map(item => item.at);

test('several lists become one, newest first, and no page is read before it is needed', async () => {
  const a = stream([9, 5], [4, 1]), b = stream([8, 7, 6], [2]);
  const merged = new Merged([a, b]);
  assert.deepEqual(places(await merged.take(4)), [9, 8, 7, 6]);
  assert.deepEqual([a.search.asked, b.search.asked], [1, 1]);
  assert.deepEqual(places(await merged.take(9)), [5, 4, 2, 1]);
  assert.equal(merged.done, true);
});

test('what has no date comes last, and empty pages on the way are no end', async () => {
  const merged = new Merged([stream([], [3, NaN]), stream([NaN], [])]);
  assert.deepEqual(places(await merged.take(9)), [3, NaN, NaN]);
});

test('an order that is not quite ours loses nothing', async () => {
  const merged = new Merged([stream([5, 7, 3]), stream([6, 4])]);
  assert.deepEqual(places(await merged.take(9)), [6, 5, 7, 4, 3]);
});

test('a list that fails says why, and the others go on', async () => {
  const bad = stream([9], new Error('no')), good = stream([8], [7]);
  const merged = new Merged([bad, good]);
  assert.deepEqual(places(await merged.take(9)), [9, 8, 7]);
  assert.equal(bad.failed.message, 'no');
});

test('chosen anew, what was read is not read again', async () => {
  const a = stream([9, 5], [4, 1]);
  await new Merged([a]).take(2);
  assert.deepEqual(places(await new Merged([a]).take(4)), [9, 5, 4, 1]);
  assert.equal(a.search.asked, 2);
});

test('a page that is on its way is not asked for twice, and nothing is taken twice', async () => {
  let answer;
  const slow = {asked: 0, done: false, page() {
    this.asked++;
    return new Promise(done => { answer = () => { this.done = true; done([9, 5]); }; });
  }};
  const a = new Stream(slow, at => ({at}));
  const [first, anew] = [new Merged([a]).take(4), new Merged([a]).take(4)];
  answer();
  assert.deepEqual([places(await first), places(await anew)], [[9, 5], [9, 5]]);
  assert.equal(slow.asked, 1);
});
