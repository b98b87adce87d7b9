// DuckDB's names of types: short words for people, and the fields of what is nested. Pure.

const WORDS = [[/^VARCHAR$/, 'text'], [/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/, 'whole number'], [/^(DECIMAL.*|DOUBLE|FLOAT)$/, 'number'], [/^BOOLEAN$/, 'yes or no'],
  [/^TIMESTAMP WITH TIME ZONE$/, 'moment'], [/^TIMESTAMP.*$/, 'date and time'], [/^STRUCT\(/, 'structure'], [/^MAP\(/, 'map'], [/^ENUM\(/, 'text']];

/** "list of structure", "moment", "text". */
export function word(type) {
  const list = /^(.*)\[\d*\]$/s.exec(type);
  if (list) return `list of ${word(list[1])}`;
  return WORDS.find(([pattern]) => pattern.test(type))?.[1] ?? type.toLowerCase();
}

export function isNumber(type) {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*)$/.test(type) && !type.endsWith(']');
}

export function isTime(type) {
  return /^(TIMESTAMP.*|DATE)$/.test(type) && !type.endsWith(']');
}

/** Fields of a structure, or of the structures in a list: [{name, type}]; [] when it has none. */
export function fields(type) {
  const bare = type.replace(/(\[\d*\])+$/, '');
  if (!bare.startsWith('STRUCT(') || !bare.endsWith(')')) return [];
  return split(bare.slice(7, -1)).map(part => {
    const quoted = /^"((?:[^"]|"")*)"\s+(.*)$/s.exec(part);
    if (quoted) return {name: quoted[1].replaceAll('""', '"'), type: quoted[2]};
    const at = part.indexOf(' ');
    return {name: part.slice(0, at), type: part.slice(at + 1)};
  });
}

export function isList(type) {
  return type.endsWith(']');
}

/** At the commas that stand in no bracket and no quotes. */
function split(text) {
  const parts = [];
  let depth = 0, quote = '', from = 0;
  for (let i = 0; i < text.length; i++) {
    const one = text[i];
    if (quote) quote = one === quote ? '' : quote;
    else if (one === '"' || one === "'") quote = one;
    else if (one === '(') depth++;
    else if (one === ')') depth--;
    else if (one === ',' && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  parts.push(text.slice(from).trim());
  return parts.filter(Boolean);
}

const RESERVED = new Set(['group', 'order', 'end', 'start', 'table', 'select', 'from', 'to', 'when', 'then', 'case', 'default', 'all', 'any', 'array', 'as', 'check', 'column',
  'constraint', 'create', 'desc', 'distinct', 'do', 'else', 'for', 'foreign', 'grant', 'having', 'in', 'into', 'limit', 'not', 'null', 'offset', 'on', 'only', 'or', 'primary',
  'references', 'some', 'union', 'unique', 'user', 'using', 'where', 'with', 'window', 'values']);

/** A name as it can stand in a query. */
export function quoted(name) {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `"${name.replaceAll('"', '""')}"`;
}
