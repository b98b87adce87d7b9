// Which window an image is shown with: the file's own, as numbers or as a table, a preset, all values, or one dragged by hand.
import {CT_PRESETS, covering} from '../voi.js';

export class Presets {
  #select;
  #options = [];
  #hand = null;
  #automatic = null; // for series that say nothing: found at their first image, so that a cine does not flicker

  /** @param changed called when a person chose another entry */
  constructor(select, changed) {
    this.#select = select;
    select.addEventListener('change', () => {
      this.#hand = null;
      changed();
    });
  }

  /** @param shape of the first image of a series */
  fill(shape, modality) {
    this.#hand = this.#automatic = null;
    const own = [...shape.windows, ...shape.tables].map((window, i) => ({name: window.name || (i ? `From file ${i + 1}` : 'From file'), file: i}));
    this.#options = [...(own.length ? own : [{name: 'Automatic', file: 0}]),
      ...(modality === 'CT' ? CT_PRESETS.map(one => ({name: `${one.name} (${one.width} / ${one.center})`, window: {...one, kind: 'LINEAR'}})) : []),
      {name: 'All values', all: true}];
    const hand = new Option('By hand', '-1');
    hand.hidden = true;
    this.#select.replaceChildren(...this.#options.map((one, i) => new Option(one.name, String(i))), hand);
    this.reset();
  }

  reset() {
    this.#hand = null;
    this.#select.value = '0';
  }

  /** @returns whether there is an entry n, from 0 */
  pick(n) {
    if (!this.#options[n]) return false;
    this.#hand = null;
    this.#select.value = String(n);
    return true;
  }

  /** A window dragged by hand stays until something else is chosen. */
  byHand(window) {
    this.#hand = window;
    this.#select.value = '-1';
  }

  get name() {
    return this.#select.selectedOptions[0]?.text ?? '';
  }

  /** @param picture with pixels @returns the window to show it with */
  windowFor({shape, range, tables = []}) {
    if (this.#hand) return this.#hand;
    const one = this.#options[Number(this.#select.value)];
    if (one?.window) return one.window;
    if (one?.all) return covering(range);
    const own = [...shape.windows, ...tables];
    return own[one?.file ?? 0] ?? own[0] ?? (this.#automatic ??= covering(range));
  }
}
