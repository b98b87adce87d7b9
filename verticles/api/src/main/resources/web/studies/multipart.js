// multipart/related, as a DICOMweb answer carries frames (PS3.18 section 8.6.1.2, RFC 2046 section 5.1). Pure: bytes in, views into them out.

const CR = 13;
const DASH = 45;
const MOST_HEADER_BYTES = 16_384;
const ASCII = new TextDecoder('latin1');

/** A parameter of a media type, unquoted: parameter('multipart/related; boundary="x y"', 'boundary') is 'x y'; null when it is not there. */
export function parameter(type, name) {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(type ?? '');
  if (!found) return null;
  return found[1] !== undefined ? found[1].replace(/\\(.)/g, '$1') : found[2];
}

/**
 * The parts of an answer, in order. An answer that is not multipart is one part.
 *
 * @param bytes Uint8Array, the whole body
 * @param type  the answer's Content-Type
 * @returns [{type, body}], where body is a view into bytes
 * @throws Error when the body is not what its type says, or ends before its last boundary
 */
export function parts(bytes, type) {
  if (!/^\s*multipart\//i.test(type ?? '')) return [{type: type ?? '', body: bytes}];
  const boundary = parameter(type, 'boundary');
  if (!boundary) throw new Error('multipart answer without a boundary');
  const delimiter = Uint8Array.from(`\r\n--${boundary}`, letter => letter.charCodeAt(0));
  const found = [];
  let at = startsWith(bytes, delimiter.subarray(2), 0) ? delimiter.length - 2 : after(bytes, delimiter, 0);
  while (at !== -1) {
    if (bytes[at] === DASH && bytes[at + 1] === DASH) return found;
    const line = endOfLine(bytes, at);
    const end = line === -1 ? -1 : indexOf(bytes, delimiter, line - 2);
    if (end === -1) break;
    found.push(part(bytes, line, end));
    at = end + delimiter.length;
  }
  throw new Error('multipart answer ends before its last boundary');
}

/** Headers end at the first empty line; a part without headers begins with it. */
function part(bytes, start, end) {
  let type = '';
  for (let at = start; at <= end && at - start < MOST_HEADER_BYTES;) {
    const next = endOfLine(bytes, at);
    if (next === -1) break;
    if (next === at + 2) return {type, body: bytes.subarray(next, Math.max(next, end))};
    const header = /^content-type\s*:\s*(.*?)\s*$/i.exec(ASCII.decode(bytes.subarray(at, next - 2)));
    if (header) type = header[1];
    at = next;
  }
  throw new Error('multipart answer has a part whose headers do not end');
}

function after(bytes, wanted, from) {
  const at = indexOf(bytes, wanted, from);
  return at === -1 ? -1 : at + wanted.length;
}

function endOfLine(bytes, from) {
  for (let at = bytes.indexOf(CR, from); at !== -1; at = bytes.indexOf(CR, at + 1)) if (bytes[at + 1] === 10) return at + 2;
  return -1;
}

/** Every delimiter begins with CR: the engine's own search for that byte does the running. */
function indexOf(bytes, wanted, from) {
  for (let at = bytes.indexOf(CR, from); at !== -1; at = bytes.indexOf(CR, at + 1)) if (startsWith(bytes, wanted, at)) return at;
  return -1;
}

function startsWith(bytes, wanted, at) {
  if (at + wanted.length > bytes.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}
