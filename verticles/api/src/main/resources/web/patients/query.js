// What somebody means who types "Muell 1970-03" or "MRN-1099" into one box, as FHIR searches and in words. Pure.

const MOST_WORDS = 8;
const MOST_LETTERS = 64;
/** Shorter ones are looked for at the beginning of a name: within, no index helps with them. */
const WITHIN_LETTERS = 3;
/** Below this, "ue" in a name is more likely two letters than an ü. */
const UMLAUT_LETTERS = 4;
/** As made-up patients are called, and numbers whose makers are not parted from them. */
const NAME_WITH_DIGITS = /^[\p{L}\p{M}'’-]*\p{L}{2}\p{M}*\p{N}+$/u;
const OLDEST_YEAR = 1870;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SPREAD = {ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe', æ: 'ae'};

/**
 * @param typed any text; names, dates and numbers in any order, parted by blanks and commas; # before a word makes it a number
 * @param today Date, after which nobody was born
 * @returns [{kind: 'name'|'born'|'number'|'mistake', text, said, …}], in the order typed; a name has `forms`, a birth has `dates`, a number may have a `system`,
 *   and `forms` where it may be a name, too: letters that end in digits
 */
export function understand(typed, today) {
  const joined = String(typed).normalize('NFC').replace(/(\d{1,2})\.\s+(\d{1,2})\.\s+(\d{4})/g, '$1.$2.$3');
  const words = joined.split(/[\s,;，、]+/u).map(word => word.replace(/^["'„“”]+|["'“”]+$/gu, '')).filter(word => /[\p{L}\p{N}]/u.test(word));
  return words.slice(0, MOST_WORDS).map(word => reading(word.slice(0, MOST_LETTERS), today));
}

function reading(word, today) {
  if (word.startsWith('#')) return number(word.slice(1));
  const days = dates(word, today);
  if (days) return birth(word, days, today);
  if (NAME_WITH_DIGITS.test(word)) return {kind: 'number', text: word, said: `number or name with “${word}”`, forms: forms(word)};
  return /\p{N}/u.test(word) || word.includes('|') ? number(word) : {kind: 'name', text: word, said: `name ${isShort(word) ? 'beginning with' : 'with'} “${word}”`, forms: forms(word)};
}

/** "system|value" names whose number it is (FHIR R4 search.html#token). */
function number(word) {
  const bar = word.lastIndexOf('|');
  const value = word.slice(bar + 1);
  if (bar < 0 || !value) return {kind: 'number', text: value || word.slice(0, bar), said: `number with “${value || word.slice(0, bar)}”`};
  return {kind: 'number', text: value, system: word.slice(0, bar), said: `number “${value}” of ${word.slice(0, bar) || 'no system'}`};
}

/** [[year, month, day], …] of what looks like a date, whether or not there is such a day; null of anything else. */
function dates(word, today) {
  let found = /^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?$/.exec(word);
  if (found) return plausible(found[1], today) ? [found.slice(1).filter(Boolean).map(Number)] : null;
  if ((found = /^(\d{1,2})[-/.](\d{4})$/.exec(word))) return [[found[2], found[1]].map(Number)];
  if ((found = /^(19|20)(\d\d)(\d\d)(\d\d)$/.exec(word))) {
    const day = [Number(found[1] + found[2]), Number(found[3]), Number(found[4])];
    return exists(day) ? [day] : null;
  }
  if (!(found = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})$/.exec(word))) return null;
  const [first, second, year] = [found[1], found[3], found[4]].map(Number);
  const european = [year, second, first], american = [year, first, second];
  if (found[2] === '.' || first === second) return [european];
  const possible = [european, american].filter(exists);
  return possible.length ? possible : [european];
}

function plausible(year, today) {
  return year >= OLDEST_YEAR && year <= today.getFullYear();
}

function exists([year, month, day]) {
  if (month !== undefined && !(month >= 1 && month <= 12)) return false;
  if (day === undefined) return true;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function birth(word, days, today) {
  const real = days.filter(exists);
  if (!real.length) return {kind: 'mistake', text: word, said: `“${word}” is no day of the calendar`};
  const past = real.filter(([year, month, day]) => new Date(year, (month || 1) - 1, day || 1) <= today);
  if (!past.length) return {kind: 'mistake', text: word, said: `“${word}” has not come yet`};
  return {kind: 'born', text: word, dates: past.map(iso), said: `born ${past.map(inWords).join(' or ')}`, doubtful: /^\d+$/.test(word)};
}

function iso([year, month, day]) {
  return [String(year), month, day].filter(Boolean).map(part => String(part).padStart(2, '0')).join('-');
}

function inWords([year, month, day]) {
  return [day, month && MONTHS[month - 1], year].filter(Boolean).join(' ');
}

/** The word as it is, with its umlauts written out, and with what may be written-out umlauts drawn together: accents are the server's to drop. */
export function forms(word) {
  const lower = word.toLowerCase();
  const spread = lower.replace(/[äöüåøæ]/g, letter => SPREAD[letter]);
  const drawn = lower.length < UMLAUT_LETTERS ? lower : lower.replace(/([aou])e|aa/g, (pair, letter) => letter ?? 'a');
  return [...new Set([lower, spread, drawn])];
}

const isShort = word => [...word].length < WITHIN_LETTERS;
const escaped = value => value.replace(/[\\,$|]/g, '\\$&');

/**
 * The parameters of GET /fhir/Patient for what is understood.
 * @param whole numbers are whole identifiers; otherwise they may stand anywhere in the resource, and `fits` tells whether in an identifier
 */
export function toParams(words, whole) {
  const params = new URLSearchParams();
  for (const word of words) {
    if (word.kind === 'name') params.append(isShort(word.text) ? 'name' : 'name:contains', word.forms.map(escaped).join(','));
    if (word.kind === 'born') params.append('birthdate', word.dates.join(','));
    if (word.kind === 'number' && (whole || word.system !== undefined)) params.append('identifier', word.system === undefined ? escaped(word.text) : `${escaped(word.system)}|${escaped(word.text)}`);
    else if (word.kind === 'number') params.append('_content', escaped(word.text));
  }
  return params;
}

/** Whether something can be asked, and of it all. */
export function isAskable(words) {
  return words.length > 0 && words.every(word => word.kind !== 'mistake');
}

/** The same words with each number that may be a name as a name; null where there is none. */
export function asNames(words) {
  return words.some(mayBeName) ? words.map(word => mayBeName(word) ? {...word, kind: 'name'} : word) : null;
}

const mayBeName = word => word.kind === 'number' && word.forms !== undefined;

/** Whether parts of numbers are meant, which are worth a second, slower look. */
export function hasParts(words) {
  return words.some(word => word.kind === 'number' && word.system === undefined && [...word.text].length >= WITHIN_LETTERS);
}

const plain = text => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Whether each number stands in one of the patient's identifiers, or, where it may be a name, in a name. */
export function fits(patient, words) {
  const values = (patient.identifier ?? []).map(one => plain(String(one?.value ?? '')));
  const called = (patient.name ?? []).flatMap(one => [one?.text, one?.family, ...[one?.given ?? []].flat()]).map(part => plain(String(part ?? '')));
  return words.every(word => word.kind !== 'number' || word.system !== undefined || (word.forms ? [...values, ...called] : values).some(value => value.includes(plain(word.text))));
}
