// The tables on the side: what can be asked, down to the last field of what is nested.
import {make, say} from '/assets/house.js';
import {fields, isList, quoted, word} from './types.js';

/** @param insert called with what should stand in the query */
export function show(place, tables, insert) {
  place.replaceChildren(...tables.map(table => {
    const list = make('ul');
    const details = make('details', {'data-table': table.name}, head(table.name, '', () => insert(quoted(table.name))),
      make('p', {class: 'about'}, table.about), list);
    details.addEventListener('toggle', () => details.open && fill(list, table.columns, '', insert), {once: true});
    return details;
  }));
}

function fill(list, columns, before, insert) {
  list.replaceChildren(...columns.map(column => make('li', {}, entry(column, before, insert))));
}

function entry(column, before, insert) {
  const path = before + quoted(column.name);
  const nested = fields(column.type);
  if (!nested.length) return make('div', {}, name(column.name, () => insert(path)), ' ', make('span', {class: 'kind'}, word(column.type)));
  const list = make('ul');
  const details = make('details', {}, head(column.name, word(column.type), () => insert(path)), list);
  details.addEventListener('toggle', () => details.open && fill(list, nested, `${path}${isList(column.type) ? '[1]' : ''}.`, insert), {once: true});
  return details;
}

function head(text, kind, action) {
  return make('summary', {}, name(text, action), kind ? make('span', {class: 'kind'}, kind) : null);
}

/** A button in a summary: a click on it inserts, a click beside it opens. */
function name(text, action) {
  const button = make('button', {type: 'button', class: 'name'}, text);
  button.addEventListener('click', event => {
    event.preventDefault();
    action();
  });
  return button;
}

/** Tables whose name, or a column of which, has the text in it. @returns how many */
export function filter(place, tables, text) {
  const wanted = text.trim().toLowerCase();
  let count = 0;
  for (const element of place.children) {
    const table = tables.find(one => one.name === element.dataset.table);
    const hit = !wanted || table.name.toLowerCase().includes(wanted) || table.columns.some(column => column.name.toLowerCase().includes(wanted));
    element.hidden = !hit;
    if (hit) count++;
  }
  return count;
}

export function note(element, all, shown, asOf) {
  if (!all.length) say(element, asOf ? 'There are no tables.' : 'The lake is empty so far: tables come with the first resources.');
  else say(element, shown === all.length ? `${all.length} tables` : `${shown} of ${all.length} tables`);
}
