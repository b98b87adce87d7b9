// What was pasted, parted into messages: one JSON value, an array of them, or several one behind the other (NDJSON). Each stays the very text that it was.
import {place, skip, valueEnd} from './source.js';

export const MOST = 100;
/** About a whole message, although one reading of it is named. */
const OF_MESSAGES = new Set(['too-large', 'mapping-bug']);
/** Beyond it nothing is looked at for a few words; what stands among dead letters may be nested without end. */
const DEEPEST = 20;

/** @returns {{messages: string[], error: {line, column, message} | null}} what comes before an error is given, too */
export function split(text) {
  const bare = text.startsWith('\uFEFF') ? ' ' + text.slice(1) : text;
  const messages = [];
  const failed = (at, message) => ({messages, error: {...place(bare, at), message}});
  let at = skip(bare, 0);
  const list = bare[at] === '[' && skip(bare, Math.max(0, valueEnd(bare, at))) === bare.length;
  const end = list ? valueEnd(bare, at) - 1 : bare.length;
  if (list) at = skip(bare, at + 1);
  while (at < end) {
    const to = valueEnd(bare, at);
    if (to < 0) return failed(at, 'this message does not end');
    const piece = bare.slice(at, to);
    const wrong = broken(piece);
    if (wrong) return failed(at + wrong.at, wrong.message);
    if (messages.length === MOST) return failed(at, `more than ${MOST} messages: these are the first`);
    messages.push(piece);
    at = skip(bare, to);
    if (at < end && bare[at] === ',') {
      const next = skip(bare, at + 1);
      if (next >= end) return failed(at, 'a message is missing behind this comma');
      at = next;
    } else if (list && at < end) {
      return failed(at, 'a comma is missing');
    }
  }
  return messages.length ? {messages, error: null} : failed(0, 'there is no message');
}

/** Null when it is JSON; else where it is not. */
function broken(piece) {
  try {
    JSON.parse(piece);
    return null;
  } catch (wrong) {
    return {at: fault(piece), message: wrong instanceof SyntaxError ? 'this is not JSON' : String(wrong.message)};
  }
}

const SIGN = /\s*("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|true\b|false\b|null\b|[[\]{}:,])/y;

/** Index of the first sign that no JSON has at its place (RFC 8259). */
function fault(text) {
  const open = [];
  let wanted = 'value';
  SIGN.lastIndex = 0;
  for (;;) {
    const from = skip(text, SIGN.lastIndex);
    SIGN.lastIndex = from;
    const sign = SIGN.exec(text)?.[1];
    if (sign === undefined) return from;
    const inList = open.at(-1) === '[';
    const closes = (sign === ']' && inList && wanted !== 'value') || (sign === '}' && open.at(-1) === '{' && ['name or end', 'end'].includes(wanted));
    if (closes) {
      open.pop();
      wanted = 'end';
    } else if (wanted === 'value' || wanted === 'value or end') {
      if (sign === '[' || sign === '{') {
        open.push(sign);
        wanted = sign === '[' ? 'value or end' : 'name or end';
      } else if ('}]:,'.includes(sign)) return from;
      else wanted = 'end';
    } else if (wanted === 'name' || wanted === 'name or end') {
      if (sign[0] !== '"') return from;
      wanted = 'colon';
    } else if (wanted === 'colon') {
      if (sign !== ':') return from;
      wanted = 'value';
    } else {
      if (sign !== ',' || !open.length) return from;
      wanted = inList ? 'value' : 'name';
    }
  }
}

/** A few words to know a message by: its first values. */
export function label(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return text.slice(0, 60);
  }
  if (value?.Body !== null && typeof value?.Body === 'object') value = value.Body;
  const words = [];
  leaves(value, '', words, 0);
  return words.slice(0, 3).join(', ') || text.slice(0, 60);
}

function leaves(value, name, words, depth) {
  if (words.length >= 3 || depth > DEEPEST) return;
  if (value === null || typeof value !== 'object') words.push(name ? `${name} ${String(value).slice(0, 24)}` : String(value).slice(0, 40));
  else for (const [key, child] of Object.entries(value)) leaves(child, Array.isArray(value) ? name : key, words, depth + 1);
}

/** Whether a dead letter holds one reading that a device mapping has made, and no message. */
export function isReading(letter) {
  return !letter.source.endsWith(':-1') && !OF_MESSAGES.has(letter.reason);
}

/** Whether a mapping can be tried on a dead letter: what nobody can read, and what could not be written down, is nothing to try. */
export function canBeTried(letter) {
  return !isReading(letter) || (letter.reason !== 'malformed-measurement' && letter.payload !== '');
}
