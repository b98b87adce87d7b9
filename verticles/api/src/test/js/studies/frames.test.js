import assert from 'node:assert/strict';
import test from 'node:test';
import {Trouble, bulk, frame} from '../dicomweb.js';
import {FrameCache, neighbours, read} from '../frames.js';

const image = n => ({study: '1', series: '2', instance: `3.${n}`, frame: 1, set: {}});
const turn = () => new Promise(done => setImmediate(done));

/** Reads answer when the test says so. */
function archive(bytes = 10) {
  const asked = [];
  const reader = (one, signal) => new Promise((kept, failed) => {
    const question = {n: Number(one.instance.slice(2)), answer: () => kept({bytes, n: one.instance}), fail: failed, signal};
    signal.addEventListener('abort', () => failed(new DOMException('aborted', 'AbortError')));
    asked.push(question);
  });
  return {asked, reader};
}

test('a frame is asked for once, however many want it', async () => {
  const {asked, reader} = archive();
  const cache = new FrameCache(100, reader);
  const wishes = [cache.want(image(1)), cache.want(image(1))];
  cache.prefetch([image(1)]);
  asked[0].answer();
  assert.equal((await wishes[0]).n, '3.1');
  assert.equal(await wishes[1], await wishes[0]);
  await cache.want(image(1));
  assert.equal(asked.length, 1);
});

test('at most four prefetches are open, and what is wanted now goes before them', async () => {
  const {asked, reader} = archive();
  const cache = new FrameCache(1000, reader);
  cache.prefetch([1, 2, 3, 4, 5, 6].map(image));
  assert.deepEqual(asked.map(one => one.n), [1, 2, 3, 4]);
  cache.want(image(9));
  assert.deepEqual(asked.map(one => one.n), [1, 2, 3, 4, 9]);
  asked[0].answer();
  asked[1].answer();
  await turn();
  assert.deepEqual(asked.map(one => one.n), [1, 2, 3, 4, 9, 5]);
});

test('a prefetch that nobody waits for any more is dropped, a wanted frame is not', async () => {
  const {asked, reader} = archive();
  const cache = new FrameCache(1000, reader);
  const wanted = cache.want(image(1));
  cache.prefetch([image(2)]);
  cache.prefetch([image(3)]);
  assert.deepEqual(asked.map(one => one.signal.aborted), [false, true, false]);
  asked[0].answer();
  assert.equal((await wanted).n, '3.1');
});

test('whoever runs through a thousand images waits for the one they have come to, not for those they have passed', async () => {
  const {asked, reader} = archive();
  const cache = new FrameCache(10_000, reader);
  const wishes = Array.from({length: 1000}, (none, n) => cache.want(image(n)));
  const passed = Promise.allSettled(wishes.slice(0, -1));
  assert.deepEqual(asked.map(one => one.n), [0, 1, 2, 3, 4]);
  asked[2].answer();
  await turn();
  assert.deepEqual(asked.map(one => one.n), [0, 1, 2, 3, 4, 999]);
  asked[5].answer();
  assert.equal((await wishes.at(-1)).n, '3.999');
  for (const one of asked) one.answer();
  assert.equal((await passed).filter(one => one.reason?.name === 'AbortError').length, 994);
  assert.equal(cache.size, 6);
});

test('an image that was passed and is wanted again comes', async () => {
  const {asked, reader} = archive();
  const cache = new FrameCache(100, reader);
  const wishes = [1, 2, 3, 4, 5, 6, 7, 6].map(n => cache.want(image(n)));
  const first = assert.rejects(wishes[5], {name: 'AbortError'});
  asked[0].answer();
  await turn();
  assert.equal(asked.at(-1).n, 6);
  asked.at(-1).answer();
  assert.equal((await wishes[7]).n, '3.6');
  await first;
});

test('memory has an end: what was used last is kept', async () => {
  const {asked, reader} = archive(40);
  const cache = new FrameCache(100, reader);
  for (const n of [1, 2]) {
    const wish = cache.want(image(n));
    asked.at(-1).answer();
    await wish;
  }
  cache.peek(image(1));
  const wish = cache.want(image(3));
  asked.at(-1).answer();
  await wish;
  assert.deepEqual([1, 2, 3].map(n => cache.has(image(n))), [true, false, true]);
  assert.equal(cache.bytes, 80);
});

test('one frame larger than the memory is shown all the same', async () => {
  const {asked, reader} = archive(500);
  const cache = new FrameCache(100, reader);
  const wish = cache.want(image(1));
  asked[0].answer();
  assert.equal((await wish).bytes, 500);
  assert.deepEqual([cache.size, cache.bytes], [1, 500]);
});

test('a failure is told and not remembered', async () => {
  const {asked, reader} = archive();
  const cache = new FrameCache(100, reader);
  const wish = cache.want(image(1));
  asked[0].fail(new Trouble('busy', 503));
  await assert.rejects(wish, {kind: 'busy'});
  const again = cache.want(image(1));
  asked[1].answer();
  assert.equal((await again).n, '3.1');
});

test('a cleared cache keeps nothing that was on its way', async () => {
  const {asked, reader} = archive();
  const cache = new FrameCache(100, reader);
  const wish = cache.want(image(1));
  cache.clear();
  asked[0].answer();
  await assert.rejects(wish, {name: 'AbortError'});
  await turn();
  assert.deepEqual([cache.size, cache.bytes], [0, 0]);
});

test('neighbours: most in the direction of travel, nearest first, none beyond the ends', () => {
  const stack = [0, 1, 2, 3, 4, 5];
  assert.deepEqual(neighbours(stack, 2, 1, 3, 1), [3, 1, 4, 5]);
  assert.deepEqual(neighbours(stack, 2, -1, 3, 1), [1, 3, 0]);
  assert.deepEqual(neighbours(stack, 5, 1, 3, 2), [4, 3]);
});

const GREY = {'00280002': {Value: [1]}, '00280004': {Value: ['MONOCHROME2']}, '00280010': {Value: [1]}, '00280011': {Value: [2]}, '00280100': {Value: [8]}, '00280101': {Value: [8]}, '00280102': {Value: [7]}};

test('colour, and what cannot be sent uncompressed, is drawn by the archive', async () => {
  const doors = {frame: async () => { throw new Trouble('unacceptable', 406); }, rendered: async () => 'png', bitmap: async () => ({width: 3, height: 2})};
  const refused = await read({set: GREY, frame: 1}, undefined, doors);
  assert.deepEqual([refused.bitmap.width, refused.bytes], [3, 24]);
  assert.match(refused.why, /uncompressed/);
  const colour = await read({set: {...GREY, '00280002': {Value: [3]}, '00280004': {Value: ['RGB']}}, frame: 1}, undefined, {...doors, frame: () => assert.fail('not asked')});
  assert.match(colour.why, /colour/);
  const short = await read({set: GREY, frame: 1}, undefined, {...doors, frame: async () => new Uint8Array(1)});
  assert.match(short.why, /1 bytes where 2/);
  const drawn = await read({set: GREY, frame: 1}, undefined, {...doors, frame: async () => Uint8Array.of(3, 9)});
  assert.deepEqual([[...drawn.pixels], drawn.range], [[3, 9], {low: 3, high: 9}]);
});

test('tables of the file are fetched where the metadata only points at them, and nonsense is left out', async () => {
  const table = (data, ...descriptor) => ({'00283002': {Value: descriptor}, '00283003': {Value: ['T']}, '00283006': data});
  const set = {...GREY, '00283010': {Value: [table({BulkDataURI: 'x'}, 2, 0, 8), table({Value: [1, 2, 3]}, 3, 1, 8), table({}, 2, 0, 8), table({InlineBinary: 'AA=='}, 9, 0, 8)]}};
  const doors = {frame: async () => Uint8Array.of(3, 9), bulk: async address => address === 'x' ? Uint8Array.of(7, 0, 9, 0) : assert.fail(address)};
  const {tables} = await read({set, frame: 1}, undefined, doors);
  assert.deepEqual(tables.map(one => [one.first, [...one.entries]]), [[0, [7, 9]], [1, [1, 2, 3]]]);
});

test('any other failure is a failure', async () => {
  const doors = {frame: async () => { throw new Trouble('busy', 503); }, rendered: () => assert.fail('not asked')};
  await assert.rejects(read({set: GREY, frame: 1}, undefined, doors), {kind: 'busy'});
});

function answering(status, body, headers = {}) {
  globalThis.fetch = async (address, options) => {
    answering.asked = [address, options.headers.Accept];
    return new Response(body, {status, headers});
  };
}

test('a frame is asked for as the standard says, and found in its part', async () => {
  answering(200, '--q\r\nContent-Type: application/octet-stream\r\n\r\nAB\r\n--q--', {'Content-Type': 'multipart/related; type="application/octet-stream"; boundary="q"'});
  assert.deepEqual([...await frame({study: '1.2/3', series: '4', instance: '5', frame: 7})], [65, 66]);
  assert.deepEqual(answering.asked, ['/dicom-web/studies/1.2%2F3/series/4/instances/5/frames/7', 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1']);
});

test('what the metadata points at is asked for at this node, and nowhere else', async () => {
  globalThis.location = {href: 'http://here:1/studies/viewer/'};
  answering(200, 'AB');
  assert.deepEqual([...await bulk('https://elsewhere/dicom-web/studies/1/bulkdata/7')], [65, 66]);
  assert.equal(answering.asked[0], '/dicom-web/studies/1/bulkdata/7');
  await assert.rejects(bulk('/fhir/Patient'), {kind: 'broken'});
});

test('troubles are said in words', async () => {
  const words = async (...answer) => {
    answering(...answer);
    return frame({study: '1', series: '2', instance: '3', frame: 1}).then(() => assert.fail('no trouble'), failed => failed.words('It cannot be shown'));
  };
  assert.match(await words(503, 'too many', {'Retry-After': '7'}), /busy \(503\), try again in 7 s\. It said: too many/);
  assert.match(await words(404, ''), /nothing at this address/);
  assert.match(await words(400, '{"resourceType":"OperationOutcome","issue":[{"diagnostics":"frame 9 of 3"}]}'), /did not accept.*frame 9 of 3/);
  assert.match(await words(406, '<html>', {'Content-Type': 'text/html'}), /\(406\)\.$/);
  assert.match(await words(500, '{broken'), /failed \(500\)/);
  assert.match(await words(200, '--q\r\n', {'Content-Type': 'multipart/related; boundary=q'}), /cut short/);
  globalThis.fetch = async () => { throw new TypeError('Failed to fetch'); };
  assert.match(await frame({study: '1', series: '2', instance: '3', frame: 1}).catch(failed => failed.words('x')), /does not answer/);
});
