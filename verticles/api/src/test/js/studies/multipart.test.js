import assert from 'node:assert/strict';
import test from 'node:test';
import {parameter, parts} from '../multipart.js';

const bytes = text => Uint8Array.from(text, letter => letter.charCodeAt(0));
const said = found => found.map(one => [one.type, String.fromCharCode(...one.body)]);
const TYPE = 'multipart/related; type="application/octet-stream"; boundary=b1';
const part = (body, headers = 'Content-Type: application/octet-stream\r\n') => `--b1\r\n${headers}\r\n${body}\r\n`;

test('parts come in order, each with its type', () => {
  const found = parts(bytes(part('one') + part('two', 'content-TYPE:  image/jpeg \r\nContent-Location: /x\r\n') + '--b1--'), TYPE);
  assert.deepEqual(said(found), [['application/octet-stream', 'one'], ['image/jpeg', 'two']]);
});

test('what stands before the first and after the last boundary is left out', () => {
  assert.deepEqual(said(parts(bytes('hello\r\nyou\r\n' + part('one') + '--b1--\r\nbye --b1'), TYPE)), [['application/octet-stream', 'one']]);
});

test('a body may hold line ends, dashes and most of a boundary', () => {
  const body = '\r\n--b\r\r\n--\r\n-- b1\n--b1 \r';
  assert.deepEqual(said(parts(bytes(part(body) + '--b1--'), TYPE)), [['application/octet-stream', body]]);
});

test('a part without headers, an empty part and spaces behind a boundary are read', () => {
  assert.deepEqual(said(parts(bytes('--b1  \r\n\r\nx\r\n--b1\r\n\r\n\r\n--b1--'), TYPE)), [['', 'x'], ['', '']]);
});

test('a quoted boundary may hold what a plain one may not', () => {
  const type = 'Multipart/Related; boundary="a b\\"c"; type=application/octet-stream';
  assert.equal(parameter(type, 'boundary'), 'a b"c');
  assert.deepEqual(said(parts(bytes('--a b"c\r\n\r\nx\r\n--a b"c--'), type)), [['', 'x']]);
});

test('an answer that is not multipart is one part', () => {
  assert.deepEqual(said(parts(bytes('abc'), 'application/octet-stream')), [['application/octet-stream', 'abc']]);
});

test('an answer that was cut short is an error, wherever it was cut', () => {
  const whole = part('one') + part('two') + '--b1--';
  for (let length = 0; length < whole.length; length++) assert.throws(() => parts(bytes(whole.slice(0, length)), TYPE), /ends before|do not end/, `${length} bytes`);
  assert.equal(parts(bytes(whole), TYPE).length, 2);
  assert.throws(() => parts(bytes(whole), 'multipart/related'), /without a boundary/);
});

test('bodies are views: nothing is copied', () => {
  const all = bytes(part('x'.repeat(1000)) + '--b1--');
  assert.equal(parts(all, TYPE)[0].body.buffer, all.buffer);
});

test('random bytes come back as they were', () => {
  let seed = 17;
  const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  for (let round = 0; round < 200; round++) {
    const bodies = Array.from({length: 1 + Math.floor(random() * 4)}, () => Uint8Array.from({length: Math.floor(random() * 300)}, () => [13, 10, 45, 98, 49, 0, 255][Math.floor(random() * 7)]));
    if (bodies.some(body => String.fromCharCode(...body).includes('\r\n--b1'))) continue;
    const whole = bytes(bodies.map(body => part(String.fromCharCode(...body))).join('') + '--b1--');
    assert.deepEqual(parts(whole, TYPE).map(one => [...one.body]), bodies.map(body => [...body]), `round ${round}`);
  }
});
