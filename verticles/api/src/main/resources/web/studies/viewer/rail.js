// The series of a study, each with its thumbnail.
import {make} from '/assets/house.js';
import {seriesThumbnail} from '../dicomweb.js';
import {TAG, mayHavePicture, number, text} from '../elements.js';

export class Rail {
  #all = [];
  #buttons = new Map();

  /** @param chosen called with a series UID */
  constructor(element, chosen) {
    this.element = element;
    this.chosen = chosen;
  }

  /** @param sets series of QIDO-RS; in order of number */
  fill(study, sets) {
    const order = set => number(set, TAG.seriesNumber) ?? Infinity;
    this.#all = [...sets].sort((a, b) => order(a) - order(b) || text(a, TAG.series).localeCompare(text(b, TAG.series)));
    this.#buttons = new Map(this.#all.map(set => [text(set, TAG.series), this.#one(study, set)]));
    this.element.replaceChildren(...this.#buttons.values());
  }

  get uids() {
    return [...this.#buttons.keys()];
  }

  /** @returns the first series that may have pictures, else the first one */
  get first() {
    const found = this.#all.find(set => mayHavePicture([text(set, TAG.modality)].filter(Boolean))) ?? this.#all[0];
    return text(found, TAG.series);
  }

  mark(uid) {
    for (const [key, button] of this.#buttons) button.setAttribute('aria-current', String(key === uid));
    this.#buttons.get(uid)?.scrollIntoView({block: 'nearest', inline: 'nearest'});
  }

  #one(study, set) {
    const uid = text(set, TAG.series);
    const kind = text(set, TAG.modality);
    const count = number(set, TAG.seriesInstances);
    const none = make('span', {class: 'none'}, kind || '–');
    const picture = make('span', {class: 'picture'}, none);
    if (mayHavePicture(kind ? [kind] : [])) {
      const image = make('img', {src: seriesThumbnail(study, uid), alt: '', loading: 'lazy'});
      image.addEventListener('load', () => none.remove());
      image.addEventListener('error', () => image.remove());
      picture.prepend(image);
    }
    const words = text(set, TAG.seriesText) || text(set, TAG.bodyPart) || 'No description';
    const button = make('button', {type: 'button', class: 'one', 'data-series': uid, title: words}, picture, make('span', {class: 'what'}, words),
      make('span', {class: 'soft num'}, [kind, text(set, TAG.seriesNumber) && `#${text(set, TAG.seriesNumber)}`, count !== null && `${count} img`].filter(Boolean).join(' · ')));
    button.addEventListener('click', () => this.chosen(uid));
    return button;
  }
}
