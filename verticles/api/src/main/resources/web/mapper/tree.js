// A message as templates see it. Each value is a button: whoever chooses it learns which expressions find it.
import {make} from '/assets/house.js';
import {pointer} from './paths.js';

const MOST_CHILDREN = 100;
const LONGEST = 120;
const OPEN_DEPTH = 4;
const MOST_MARKS = 300;

export class Tree {
  /** @param chosen called with the place of a value, a list of names and indexes */
  constructor(box, chosen) {
    this.box = box;
    this.chosen = chosen;
    this.marked = new Set();
  }

  show(message) {
    this.marked.clear();
    this.picked = null;
    this.box.replaceChildren(this.branch(message, [], '$', true));
  }

  clear(words) {
    this.box.replaceChildren(make('p', {class: 'soft'}, words));
  }

  branch(value, place, name, open) {
    if (value === null || typeof value !== 'object' || isNumber(value)) return this.leaf(value, place, name);
    const entries = Array.isArray(value) ? value.map((child, i) => [i, child]) : Object.entries(value);
    const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
    const summary = make('summary', {}, this.button(name, place, 'name'), make('span', {class: 'soft'}, ` ${size}`));
    const list = make('ul');
    const details = make('details', {'data-at': pointer(place)}, summary, list);
    const fill = () => {
      if (list.childElementCount || !entries.length) return;
      list.append(...entries.slice(0, MOST_CHILDREN).map(([key, child]) => make('li', {}, this.branch(child, [...place, key], String(key), place.length + 1 < OPEN_DEPTH && small(child)))));
      if (entries.length > MOST_CHILDREN) list.append(make('li', {class: 'soft'}, `… and ${entries.length - MOST_CHILDREN} more`));
      this.remark(list);
    };
    details.fill = fill;
    details.addEventListener('toggle', () => details.open && fill());
    if (open) {
      details.open = true;
      fill();
    }
    return details;
  }

  leaf(value, place, name) {
    const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
    return make('div', {'data-at': pointer(place), class: 'leaf'}, make('span', {class: 'name'}, name), ' ',
      this.button(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text, place, `value ${value === null ? 'null' : isNumber(value) ? 'number' : typeof value}`));
  }

  button(text, place, kind) {
    const button = make('button', {type: 'button', class: kind, 'aria-pressed': 'false'}, text);
    button.addEventListener('click', event => {
      event.preventDefault();
      this.picked?.setAttribute('aria-pressed', 'false');
      button.setAttribute('aria-pressed', 'true');
      this.picked = button;
      this.chosen(place);
    });
    return button;
  }

  /** Marks what stands at the first of these JSON Pointers, and opens the way to it. @returns how many were there */
  mark(pointers) {
    for (const one of this.box.querySelectorAll('.match')) one.classList.remove('match');
    const first = pointers.slice(0, MOST_MARKS);
    this.marked = new Set(first);
    let found = 0;
    for (const one of first) {
      const parts = one.split('/').slice(1);
      for (let n = 0; n < parts.length; n++) {
        const parent = this.find(parts.slice(0, n).map(part => '/' + part).join(''));
        if (parent?.fill) {
          parent.open = true;
          parent.fill();
        }
      }
      const target = this.find(one);
      target?.classList.add('match');
      if (target && !found++) target.scrollIntoView({block: 'nearest'});
    }
    return found;
  }

  find(at) {
    return this.box.querySelector(`[data-at="${CSS.escape(at)}"]`);
  }

  remark(list) {
    for (const one of list.querySelectorAll('[data-at]')) if (this.marked.has(one.dataset.at)) one.classList.add('match');
  }
}

/** Also one whose digits JavaScript would round. */
function isNumber(value) {
  return typeof value === 'number' || (typeof value === 'object' && value !== null && typeof value.valueOf() === 'number');
}

function small(value) {
  return value === null || typeof value !== 'object' || Object.keys(value).length <= 20;
}
