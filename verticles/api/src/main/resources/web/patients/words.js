// FHIR's data types in words. Whatever a resource holds, these answer with text, or with '' where there is none. Pure.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SEX = {female: 'female', male: 'male', other: 'other', unknown: 'unknown'};
const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.+)?)?)?$/;
const CLOCK = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit'});

const list = value => Array.isArray(value) ? value.filter(one => one !== null && typeof one === 'object') : [];
const text = value => typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';

/** One name in one line: as it is written, or family first. */
function nameText(name) {
  const given = Array.isArray(name.given) ? name.given.map(text).filter(Boolean).join(' ') : '';
  return text(name.text) || [text(name.family), given].filter(Boolean).join(', ') || (Array.isArray(name.prefix) ? name.prefix.map(text).join(' ') : '');
}

/** @returns {{main: string, others: [{use, text}]}} the name to call somebody by, '' without one, and all others */
export function names(patient) {
  const all = list(patient.name).map(name => ({use: text(name.use), text: nameText(name), ended: Boolean(name.period?.end)})).filter(name => name.text);
  const rank = name => (name.ended ? 4 : 0) + (name.use === 'official' ? 0 : name.use === 'usual' ? 1 : name.use === 'old' || name.use === 'maiden' ? 3 : 2);
  const main = [...all].sort((a, b) => rank(a) - rank(b))[0];
  return {main: main?.text ?? '', others: all.filter(name => name !== main && name.text !== main.text)};
}

/** @returns [{label, value}] */
export function numbers(patient) {
  return list(patient.identifier).map(one => ({label: concept(one.type) || text(one.system), value: text(one.value)})).filter(one => one.value);
}

export function sex(patient) {
  return SEX[patient.gender] ?? '';
}

/** A date as precise as it is (FHIR R4 datatypes.html#dateTime): "1970", "Mar 1970", "12 Mar 1970", "12 Mar 1970, 14:05" on this device's clock. */
export function dateText(date) {
  const found = DATE.exec(text(date));
  if (!found) return text(date);
  const at = text(date).includes('T') ? new Date(date) : null;
  if (at && !Number.isNaN(at.getTime())) return `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}, ${CLOCK.format(at)}`;
  const [, year, month, day] = found;
  return [day && Number(day), month && (MONTHS[month - 1] ?? month), year].filter(Boolean).join(' ');
}

/** The day on this device's calendar, as FHIR writes a date. @param at Date */
export function dayOf(at) {
  return [String(at.getFullYear()).padStart(4, '0'), at.getMonth() + 1, at.getDate()].map(part => String(part).padStart(2, '0')).join('-');
}

/** When a date begins, in milliseconds; NaN of none. Days without a clock begin here at midnight. */
export function startOf(date) {
  const found = DATE.exec(text(date));
  if (!found) return NaN;
  return text(date).includes('T') ? Date.parse(date) : new Date(Number(found[1]), (found[2] ?? 1) - 1, Number(found[3] ?? 1)).getTime();
}

export function periodText(period) {
  const [start, end] = [dateText(period?.start), dateText(period?.end)];
  if (!start && !end) return '';
  if (start && end) return start === end ? start : start.split(',')[0] === end.split(',')[0] && end.includes(', ') ? `${start} – ${end.split(', ')[1]}` : `${start} – ${end}`;
  return start ? `since ${start}` : `until ${end}`;
}

/** Whole years between two dates, "about" where one of them is not known to the day; '' where it cannot be said. */
export function age(birthDate, until) {
  const born = DATE.exec(text(birthDate)), then = DATE.exec(text(until));
  if (!born || !then) return '';
  const exact = born[3] && then[3];
  const before = `${then[2] ?? '12'}${then[3] ?? '31'}` < `${born[2] ?? '01'}${born[3] ?? '01'}`;
  const years = then[1] - born[1] - (before ? 1 : 0);
  if (years < 0) return '';
  if (exact && years < 2) {
    const months = (then[1] - born[1]) * 12 + (then[2] - born[2]) - (then[3] < born[3] ? 1 : 0);
    return months === 1 ? '1 month' : `${months} months`;
  }
  return `${exact ? '' : 'about '}${years} years`;
}

/** A CodeableConcept as somebody reads it: its text, or what a code means, or the code. */
export function concept(one) {
  if (one === null || typeof one !== 'object') return '';
  const codings = list(one.coding);
  return text(one.text) || text(codings.find(coding => text(coding.display))?.display) || text(codings.find(coding => text(coding.code))?.code);
}

/** What a status means to a machine: HL7's code, else the first one, whatever is written beside it; '' without one. */
export function codeOf(one) {
  const codings = list(one?.coding).filter(coding => text(coding.code));
  return text((codings.find(coding => text(coding.system).startsWith('http://terminology.hl7.org/')) ?? codings[0])?.code);
}

export const concepts = many => list(many).map(concept).filter(Boolean).join(', ');

export function reference(one) {
  return text(one?.display);
}

export function quantity(one) {
  if (one === null || typeof one !== 'object') return '';
  return [text(one.comparator) + text(one.value), text(one.unit) || text(one.code)].filter(Boolean).join(' ');
}

/** value[x] of an Observation or of a component. */
export function value(part) {
  const said = quantity(part.valueQuantity) || concept(part.valueCodeableConcept) || text(part.valueString) || text(part.valueInteger) || text(part.valueTime)
    || dateText(part.valueDateTime) || periodText(part.valuePeriod) || range(part.valueRange) || ratio(part.valueRatio);
  if (said) return said;
  if (typeof part.valueBoolean === 'boolean') return part.valueBoolean ? 'yes' : 'no';
  if (part.valueSampledData) return sampled(part.valueSampledData);
  return part.dataAbsentReason ? `no value: ${concept(part.dataAbsentReason)}` : '';
}

function range(one) {
  const [low, high] = [quantity(one?.low), quantity(one?.high)];
  return low && high ? `${low} – ${high}` : low ? `from ${low}` : high ? `up to ${high}` : '';
}

function ratio(one) {
  return one ? [quantity(one.numerator), quantity(one.denominator)].filter(Boolean).join(' / ') : '';
}

function sampled(data) {
  const found = samples(data, 0).map(point => point[1]);
  if (!found.length) return 'no samples';
  const [low, high] = found.reduce(([a, b], one) => [Math.min(a, one), Math.max(b, one)], [Infinity, -Infinity]);
  return `${low} – ${high} ${text(data.origin?.unit)}`.trim() + `, ${found.length} samples`;
}

/** [[millis, number], …] of SampledData (FHIR R4 datatypes.html#SampledData): value = origin + token * factor; E, U and L are no values. */
export function samples(data, start) {
  const origin = Number(data.origin?.value ?? 0), factor = Number(data.factor ?? 1), period = Number(data.period);
  return text(data.data).split(' ').map((token, i) => [start + i * period, token === '' ? NaN : origin + Number(token) * factor])
    .filter(([at, number]) => Number.isFinite(at) && Number.isFinite(number));
}

/** Everything that an Observation says, in one line. */
export function summary(observation) {
  const own = value(observation);
  const parts = list(observation.component).map(part => `${concept(part.code)} ${value(part)}`.trim()).filter(Boolean);
  return [own, ...parts].filter(Boolean).join(' · ') || 'no value';
}

export {list, text};
