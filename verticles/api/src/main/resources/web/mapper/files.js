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

/** Which mapping a file holds, by what is in it, else by its name: 'device', 'fhir', or null. */
export function kind(name, text) {
  const type = /"templateType"\s*:\s*"(\w+)"/.exec(text)?.[1] ?? '';
  if (type === 'CollectionFhir' || type.startsWith('CodeValue')) return 'fhir';
  if (type.endsWith('Content')) return 'device';
  if (/fhir/i.test(name)) return 'fhir';
  return /device|content/i.test(name) ? 'device' : null;
}
