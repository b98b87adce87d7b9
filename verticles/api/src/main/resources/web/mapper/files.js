// Mapping files, kept byte for byte: a text area knows neither a byte order mark nor CRLF, so what a file had is remembered beside its text. Pure.

/**
 * @param bytes of a file
 * @returns {{text, value}} text: all of it; value: as a text area shows it
 * @throws Error when it is no UTF-8
 */
export function read(bytes) {
  let text;
  try {
    text = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch {
    throw new Error('this file is not UTF-8');
  }
  return {text, value: shown(text)};
}

export function shown(text) {
  return text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
}

/** What is to be written for a value: an untouched text as it was, a changed one in the manner of the text that it comes from. */
export function written(value, text) {
  if (text === null || text === undefined) return value;
  if (shown(text) === value) return text;
  const crlf = /\r\n/.test(text) && !/[^\r]\n|^\n|\r[^\n]/.test(text);
  return (text.startsWith('\uFEFF') ? '\uFEFF' : '') + (crlf ? value.replaceAll('\n', '\r\n') : value);
}

/**
 * Which mapping a file holds, by what is in it: 'device', 'fhir', or null for messages. By its name only when it is a mapping and does not say which: a message
 * must never be taken for one, however its file is called, for mappings are kept in the browser.
 */
export function kind(name, text) {
  const type = templateType(shown(text));
  if (type === null) return null;
  if (type === 'CollectionFhir' || type.startsWith('CodeValue')) return 'fhir';
  if (type.endsWith('Content')) return 'device';
  if (/fhir/i.test(name)) return 'fhir';
  return /device|content/i.test(name) ? 'device' : null;
}

/** What a mapping says it is, an empty text when that is no name; null when nothing in it is a mapping's. */
function templateType(text) {
  try {
    const type = JSON.parse(text)?.templateType;
    return type === undefined ? null : String(type);
  } catch {
    return /"templateType"\s*:(?:\s*"(\w+)")?/.exec(text)?.slice(1).map(type => type ?? '')[0] ?? null;
  }
}
