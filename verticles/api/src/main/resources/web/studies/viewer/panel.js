// The metadata of the image on the glass, searchable. Names come from PS3.6, loaded when the panel is first opened.
import {make, say} from '/assets/house.js';
import {lines, matching} from '../tree.js';

const MOST_LINES = 1_500;
const DEEPEST_INDENT = 5;
const byId = id => document.getElementById(id);

export class Panel {
  #set = null;
  #all = [];

  constructor() {
    byId('find').addEventListener('input', () => this.#list());
    byId('close').addEventListener('click', () => this.toggle());
    byId('tags').addEventListener('click', () => this.toggle());
  }

  get isOpen() {
    return !byId('panel').hidden;
  }

  async toggle() {
    byId('panel').hidden = this.isOpen;
    byId('tags').setAttribute('aria-pressed', String(this.isOpen));
    if (!this.isOpen) return byId('tags').focus();
    byId('find').focus();
    await this.#read();
  }

  /** @param set DICOM JSON of the instance on the glass, or null */
  show(set) {
    if (set === this.#set) return;
    this.#set = set;
    if (this.isOpen) this.#read();
  }

  async #read() {
    const {KEYWORDS} = await import('../keywords.js');
    this.#all = this.#set ? lines(this.#set, KEYWORDS) : [];
    this.#list();
  }

  #list() {
    const found = matching(this.#all, byId('find').value);
    byId('elements').replaceChildren(...found.slice(0, MOST_LINES).map(row));
    const rest = found.length > MOST_LINES ? `; the first ${MOST_LINES} are shown, search to see the others` : '';
    say(byId('lines'), this.#set ? `${found.length} of ${this.#all.length} lines${rest}` : 'No image is open.');
  }
}

function row(line) {
  const indent = line.depth ? `in${Math.min(line.depth, DEEPEST_INDENT)}` : null;
  return make('tr', {class: line.tag ? null : 'item'}, make('td', {class: indent}, line.tag), make('td', {}, line.keyword), make('td', {}, line.vr), make('td', {}, line.value));
}
