// A JSON text as its author sees it: lines, columns, and where something more can be put. Pure; it looks for places and does not judge what stands there.

/** Index of a line and column, both from 1; beyond the end of the line it is that end. */
export function offset(text, line, column) {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf('\n', at);
    if (next < 0) return text.length;
    at = next + 1;
  }
  const end = text.indexOf('\n', at);
  return Math.min(at + Math.max(0, column - 1), end < 0 ? text.length : end);
}

/** @returns {{line, column}} of an index, both from 1 */
export function place(text, at) {
  let line = 1, from = 0;
  for (let next = text.indexOf('\n'); next >= 0 && next < at; next = text.indexOf('\n', from)) {
    line++;
    from = next + 1;
  }
  return {line, column: at - from + 1};
}

export function lines(text) {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** How long the word is that begins here: a text with its quotes, a number, a name, or one sign. */
export function word(text, at) {
  return /^("(?:[^"\\\n]|\\.)*"?|[\w.+-]+|[^\s])/.exec(text.slice(at, at + 400))?.[0].length ?? 0;
}

export function skip(text, at) {
  while (at < text.length && ' \t\r\n'.includes(text[at])) at++;
  return at;
}

function stringEnd(text, at) {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return -1;
}

/** Index behind the value that begins here; -1 when it does not end. Brackets are counted, and that is all. */
export function valueEnd(text, at) {
  if (text[at] === '"') return stringEnd(text, at);
  if (text[at] !== '{' && text[at] !== '[') {
    let end = at;
    while (end < text.length && !/[\s,\]}]/.test(text[end])) end++;
    return end > at ? end : -1;
  }
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const one = text[i];
    if (one === '"') {
      i = stringEnd(text, i) - 1;
      if (i < 0) return -1;
    } else if (one === '{' || one === '[') {
      depth++;
    } else if (one === '}' || one === ']') {
      if (--depth === 0) return i + 1;
    }
  }
  return -1;
}

/** Where the value of a member of the object that begins here stands: {from, to}; null when there is none. */
export function member(text, at, name) {
  if (text[at] !== '{') return null;
  let i = skip(text, at + 1);
  while (text[i] === '"') {
    const end = stringEnd(text, i);
    if (end < 0) return null;
    const key = text.slice(i + 1, end - 1);
    i = skip(text, end);
    if (text[i] !== ':') return null;
    const from = skip(text, i + 1), to = valueEnd(text, from);
    if (to < 0) return null;
    if (key === name) return {from, to};
    i = skip(text, to);
    if (text[i] !== ',') return null;
    i = skip(text, i + 1);
  }
  return null;
}

function indented(value, blanks) {
  return JSON.stringify(value, null, 2).split('\n').map(line => blanks + line).join('\n');
}

/**
 * How a template gets into a mapping: as the last of the collection's; into an empty text with a collection around it.
 *
 * @param collection CollectionContent or CollectionFhir
 * @returns {{from, to, text}} what to put in place of what; null when there is no collection to put it into
 */
export function appended(text, template, collection) {
  const begin = skip(text, 0);
  if (begin === text.length) {
    return {from: 0, to: text.length, text: JSON.stringify({templateType: collection, template: [template]}, null, 2) + '\n'};
  }
  const list = member(text, begin, 'template');
  if (!list || text[list.from] !== '[') return null;
  let last = list.to - 1;
  while (last > list.from + 1 && ' \t\r\n'.includes(text[last - 1])) last--;
  const empty = last === list.from + 1;
  return {from: last, to: list.to - 1, text: (empty ? '' : ',') + '\n' + indented(template, '    ') + '\n  '};
}
