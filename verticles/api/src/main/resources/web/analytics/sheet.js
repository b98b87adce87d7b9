// Rows as a table. Everything is text: nothing that stands in the lake is read as HTML.
import {make} from '/assets/house.js';
import {isNumber, word} from './types.js';

/** More cells than this make a browser slow. */
const MOST_CELLS = 12_000;
const LONGEST = 400;

/** @returns how many rows are shown */
export function show(place, answer) {
  const {columns, rows} = answer;
  const shown = Math.min(rows.length, Math.max(20, Math.floor(MOST_CELLS / Math.max(1, columns.length))));
  const right = columns.map(column => isNumber(column.type));
  place.replaceChildren(make('table', {},
    make('thead', {}, make('tr', {}, ...columns.map((column, i) => make('th', {scope: 'col', class: right[i] ? 'right' : null, title: column.type.slice(0, LONGEST)},
      column.name, make('span', {class: 'kind'}, word(column.type)))))),
    make('tbody', {}, ...rows.slice(0, shown).map(row => make('tr', {}, ...row.map((value, i) => cell(value, right[i])))))));
  place.scrollTo(0, 0);
  return shown;
}

function cell(value, right) {
  if (value === null) return make('td', {class: right ? 'right null' : 'null'}, 'NULL');
  const text = say(value);
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return make('td', {class: right ? 'right' : null, title: text.length > 40 ? cut : null}, cut);
}

function say(value) {
  if (typeof value === 'object' && typeof value.valueOf() !== 'number') return JSON.stringify(value);
  return String(value);
}
