// What the node says would become of a message: measurements, Observations, and what went wrong with the line of its template.
import {make} from '/assets/house.js';
import {summary} from './observations.js';

const MOST_ROWS = 200;
const LONGEST = 200;

function cut(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** One word for a message: what it gives, or that it fails. */
export function verdict(result) {
  if (!result) return {kind: 'wait', text: '…'};
  if (result.errors.length) return {kind: 'error', text: result.errors.length === 1 ? '1 error' : `${result.errors.length} errors`};
  if (result.warnings.some(one => one.kind === 'unmatched')) return {kind: 'warning', text: 'unmatched'};
  const n = result.measurements.length;
  return n ? {kind: 'good', text: n === 1 ? '1 measurement' : `${n} measurements`} : {kind: 'wait', text: 'nothing yet'};
}

/** @param jump called with a line of the device mapping */
export function errors(place, result, jump) {
  const said = [...(result?.errors ?? []).map(one => ({...one, severity: 'error'})), ...(result?.warnings ?? []).map(one => ({...one, severity: 'warning'}))];
  place.replaceChildren(...said.slice(0, MOST_ROWS).map(one => {
    const words = [make('b', {}, one.kind), ' ', one.kind === 'unmatched' ? 'No template of the device mapping matches this message.' : one.message];
    if (!one.line) return make('li', {class: one.severity}, ...words);
    const button = make('button', {type: 'button'}, ...words, make('span', {class: 'soft'}, ` template in line ${one.line}`));
    button.addEventListener('click', () => jump(one.line));
    return make('li', {class: one.severity}, button);
  }));
}

export function measurements(place, result) {
  const all = result?.measurements ?? [];
  if (!all.length) {
    place.replaceChildren(make('p', {class: 'soft'}, 'No measurement so far.'));
    return;
  }
  const named = ['patientId', 'encounterId', 'correlationId'].filter(name => all.some(one => one[name]));
  const heads = {patientId: 'Patient', encounterId: 'Encounter', correlationId: 'Correlation'};
  place.replaceChildren(make('table', {},
    make('thead', {}, make('tr', {}, ...['Type', 'Time (UTC)', 'Device', ...named.map(name => heads[name]), 'Values'].map(head => make('th', {scope: 'col'}, head)))),
    make('tbody', {}, ...all.slice(0, MOST_ROWS).map(one => make('tr', {},
      make('td', {}, one.type), make('td', {class: 'num'}, one.occurrenceTimeUtc), make('td', {}, one.deviceId), ...named.map(name => make('td', {}, one[name] ?? '–')),
      make('td', {}, ...one.properties.map(two => make('div', {}, make('span', {class: 'soft'}, `${two.name} `), cut(two.value)))))))),
  all.length > MOST_ROWS ? make('p', {class: 'soft'}, `… and ${all.length - MOST_ROWS} more`) : '');
}

export function observations(place, result, hasMapping) {
  const all = result?.observations ?? [];
  if (!all.length) {
    place.replaceChildren(make('p', {class: 'soft'}, hasMapping ? 'No Observation so far.' : 'Write the FHIR mapping: it says what the measurements become.'));
    return;
  }
  place.replaceChildren(...all.slice(0, MOST_ROWS).map(one => {
    const short = summary(one);
    const json = make('pre', {tabindex: '0'});
    const details = make('details', {}, make('summary', {}, 'JSON'), json);
    details.addEventListener('toggle', () => details.open && !json.textContent && json.append(JSON.stringify(one, null, 2)));
    return make('article', {class: 'observation'},
      make('h4', {}, short.title, ' ', ...short.codes.map(code => make('code', {}, code))),
      ...short.parts.map(part => make('p', {}, part.name ? make('span', {class: 'soft'}, `${part.name} `) : null, cut(part.value))),
      make('p', {class: 'soft num'}, short.time), make('p', {class: 'soft'}, short.subject), details);
  }));
}
