// From a place in a message to the expressions that find it. A place is a list of names and indexes, from what templates see as $. Pure.

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** In a place: each element of an array. */
const EVERY = Symbol('every');

export function jsonPath(place) {
  return '$' + place.map(step).join('');
}

function step(part) {
  if (part === EVERY) return '[*]';
  if (typeof part === 'number') return `[${part}]`;
  return PLAIN.test(part) ? `.${part}` : `['${part.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;
}

export function jmesPath(place) {
  if (!place.length) return '@';
  return place.map((part, i) => part === EVERY ? '[*]' : typeof part === 'number' ? `[${part}]` : (i ? '.' : '') + (PLAIN.test(part) ? part : JSON.stringify(part))).join('').replace(/^\[/, '@[');
}

/** The place as RFC 6901 writes it. */
export function pointer(place) {
  return place.map(part => '/' + String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('');
}

function every(place) {
  return place.map(part => typeof part === 'number' ? EVERY : part);
}

/**
 * What a template could match so that this value is in it, and how the value is called from there. In an array it is each element that has the value,
 * else each object with a member of this name. Of arrays in arrays it is every element of each.
 *
 * @returns {{match, rest}} match: an expression; rest: the place from the matched token on; null for what is in no object
 */
export function matching(place) {
  const last = place.findLastIndex(part => typeof part === 'number');
  const rest = place.slice(last + 1);
  if (!rest.length) return place.length > 1 && last > 0 ? matching(place.slice(0, last)) : null;
  if (last >= 0) return {match: `${jsonPath(every(place.slice(0, last)))}[?(@${step(rest[0])}${rest.slice(1).map(step).join('')})]`, rest};
  return {match: `$..[?(@${step(rest.at(-1))})]`, rest: rest.slice(-1)};
}

/** @returns {{language, text, about}[]} the nearest first */
export function proposals(place) {
  const found = [{language: 'JsonPath', text: jsonPath(place), about: 'from the whole message'}];
  const indexed = place.some(part => typeof part === 'number');
  if (indexed) found.push({language: 'JsonPath', text: jsonPath(every(place)), about: 'of every element'});
  const near = matching(place);
  if (near) {
    found.push({language: 'JsonPath', text: near.match, about: 'typeMatchExpression: whatever has it'});
    found.push({language: 'JsonPath', text: jsonPath(['matchedToken', ...near.rest]), about: 'from such a match, in CalculatedContent'});
    found.push({language: 'JsonPath', text: jsonPath(near.rest), about: 'from such a match, in JsonPathContent'});
  }
  found.push({language: 'JmesPath', text: jmesPath(place), about: 'from the whole message'});
  if (indexed) found.push({language: 'JmesPath', text: jmesPath(every(place)), about: 'of every element'});
  if (near) found.push({language: 'JmesPath', text: jmesPath(['matchedToken', ...near.rest]), about: 'from such a match, in CalculatedContent'});
  return found;
}

/** The value at a place; undefined when nothing is there. */
export function at(message, place) {
  return place.reduce((value, part) => value === null || typeof value !== 'object' ? undefined : value[part], message);
}

const DEVICE = /^(device[-_ ]?(id|identifier|name)?|serial([-_ ]?(no|number))?|sn|monitor|iothub-connection-device-id)$/i;
const PATIENT = /^(patient[-_ ]?(id|identifier)?|mrn)$/i;
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;
const DEEPEST = 12;

/** Places of values below one, the shallow ones first. */
function leaves(value, place) {
  const found = [], ahead = [{value, place}];
  while (ahead.length && found.length < 2000) {
    const next = ahead.shift();
    if (next.value !== null && typeof next.value === 'object') {
      if (next.place.length < DEEPEST) {
        for (const [key, child] of Object.entries(next.value)) ahead.push({value: child, place: [...next.place, Array.isArray(next.value) ? Number(key) : key]});
      }
    } else {
      found.push(next);
    }
  }
  return found;
}

function first(found, test) {
  return found.find(one => one.place.every(part => typeof part === 'string') && test(one))?.place;
}

function flat(value) {
  return Array.isArray(value) && value.every(one => typeof one !== 'object' || one === null);
}

/** A template for the value at this place, as far as it can be guessed: who and when are looked for by their names and forms, in what is matched first. */
export function template(message, place) {
  const target = typeof place.at(-1) === 'number' ? place.slice(0, place.findLastIndex(part => typeof part === 'string') + 1) : place;
  const near = matching(target);
  if (!near) return null;
  const samples = flat(at(message, target));
  const home = leaves(at(message, target.slice(0, target.length - near.rest.length)), []);
  const whole = leaves(message, []);
  const nearest = test => {
    const beside = first(home, test);
    return beside ? ['matchedToken', ...beside] : first(whole, test);
  };
  const named = names => one => names.test(one.place.at(-1)) && ['string', 'number'].includes(typeof one.value);
  const device = nearest(named(DEVICE)) ?? ['Body', 'deviceId'];
  const patient = nearest(named(PATIENT));
  const when = nearest(one => typeof one.value === 'string' && TIME.test(one.value)) ?? ['Body', 'time'];
  const name = String(near.rest.at(-1));
  return {
    templateType: 'CalculatedContent',
    template: {
      typeName: name.toLowerCase().replace(/[^a-z0-9]+/g, '') || 'reading',
      typeMatchExpression: near.match,
      deviceIdExpression: jsonPath(device),
      ...(patient ? {patientIdExpression: jsonPath(patient)} : {}),
      timestampExpression: jsonPath(when),
      values: [{valueName: name, valueExpression: jsonPath(['matchedToken', ...near.rest]), ...(samples ? {samples: {period: 1000}} : {}), required: true}],
    },
  };
}
