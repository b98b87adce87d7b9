// Everything of a patient, newest first, by year; read on only as somebody wants to see more.
import {make, say} from '/assets/house.js';
import {Search, ask, json, sorry} from './door.js';
import {KINDS, itemOf} from './kinds.js';
import {Merged, Stream} from './merged.js';

const FIRST = 25, MORE = 50, PAGE = 25;
/** States that need no word: they are what one expects. */
const PLAIN = new Set(['', 'finished', 'completed', 'final', 'current', 'available', 'active']);

export class Timeline {
  constructor(section, patient, signal) {
    this.signal = signal;
    this.streams = new Map();
    this.patient = patient;
    this.chosen = new Set(KINDS.filter(kind => !kind.many).map(kind => kind.key));
    this.buttons = KINDS.map(kind => this.button(kind));
    this.state = make('p', {class: 'soft', role: 'status'});
    this.troubles = make('div');
    this.lines = make('div', {class: 'lines'});
    this.more = make('button', {type: 'button', class: 'plain', hidden: true}, 'Show older');
    this.more.addEventListener('click', () => this.show(MORE));
    section.replaceChildren(make('h3', {}, 'Timeline'), make('div', {class: 'kinds', role: 'group', 'aria-label': 'Kinds shown'}, ...this.buttons), this.troubles, this.lines, this.state, this.more);
    this.begin();
  }

  button(kind) {
    const button = make('button', {type: 'button', class: 'plain', 'aria-pressed': String(this.chosen.has(kind.key)), 'data-kind': kind.key}, kind.name);
    button.addEventListener('click', () => {
      if (!this.chosen.delete(kind.key)) this.chosen.add(kind.key);
      button.setAttribute('aria-pressed', String(this.chosen.has(kind.key)));
      this.begin();
    });
    return button;
  }

  /** From the newest again; what has been read is not read a second time. */
  begin() {
    const chosen = KINDS.filter(kind => this.chosen.has(kind.key));
    for (const kind of chosen) if (!this.streams.has(kind.key) || this.streams.get(kind.key).failed) this.streams.set(kind.key, this.stream(kind));
    this.reading = new Merged(chosen.map(kind => this.streams.get(kind.key)));
    this.lines.replaceChildren();
    this.year = null;
    this.day = null;
    this.count = 0;
    this.show(FIRST);
  }

  stream(kind) {
    return new Stream(new Search(kind.type, {patient: this.patient, _count: PAGE, ...kind.params}, this.signal), resource => itemOf(kind, resource));
  }

  async show(many) {
    const mine = this.reading;
    this.more.disabled = true;
    say(this.state, 'Reading …');
    const items = await mine.take(many);
    if (this.reading !== mine || this.signal.aborted) return;
    items.forEach(item => this.add(item));
    this.count += items.length;
    this.more.disabled = false;
    this.more.hidden = mine.done;
    say(this.state, this.count ? mine.done ? `${this.count} in all, of the kinds shown.` : `${this.count} newest, of the kinds shown.` : this.chosen.size ? 'Nothing of these kinds is recorded.' : 'No kind is chosen.');
    this.troubles.replaceChildren(...KINDS.filter(kind => this.chosen.has(kind.key) && this.streams.get(kind.key)?.failed)
      .map(kind => sorry(this.streams.get(kind.key).failed, kind.name, () => this.begin())));
  }

  add(item) {
    const year = Number.isFinite(item.at) ? String(new Date(item.at).getFullYear()) : 'Without a date';
    if (year !== this.year) {
      this.year = year;
      this.day = null;
      this.list = make('ol', {class: 'events'});
      this.lines.append(make('h4', {}, year), this.list);
    }
    if (item.kind.many) this.gather(item);
    else {
      this.day = null;
      this.list.append(line(item, this.signal));
    }
  }

  /** Observations that follow one another on one day stand together, folded. */
  gather(item) {
    const day = Number.isFinite(item.at) ? new Date(item.at).toDateString() : '';
    if (this.day?.day !== day) {
      const words = make('summary'), inside = make('ol', {class: 'events'});
      this.day = {day, words, inside, title: item.title};
      this.list.append(make('li', {class: 'event'}, make('span', {class: 'when num'}, Number.isFinite(item.at) ? item.shown.split(',')[0].split(' – ')[0] : ''), make('details', {}, words, inside)));
    }
    this.day.inside.append(line(item, this.signal));
    const many = this.day.inside.children.length;
    this.day.words.replaceChildren(many === 1 ? '1 observation: ' : `${many} observations: `, make('bdi', {}, this.day.title), many > 1 ? ' …' : '');
  }
}

/** What must not be overlooked stands out by its weight and ground, not by colour alone. */
export function badge(one) {
  return one.strong ? make('strong', {class: 'badge dead'}, one.words) : make('span', {class: 'badge'}, one.words);
}

function anchors(links) {
  return links.map(link => make('div', {}, link.href ? make('a', {href: link.href}, make('bdi', {}, link.words)) : make('bdi', {class: 'soft'}, link.words)));
}

/** A button that reads what is large of one resource, and gives way to it. */
function later({resource, later: {element, words, links}}, signal) {
  const place = make('div');
  const button = make('button', {type: 'button', class: 'instead'}, words);
  const read = async () => {
    button.disabled = true;
    try {
      const found = links(await ask(`/fhir/${encodeURIComponent(resource.resourceType)}/${encodeURIComponent(resource.id)}?_elements=${element}`, signal));
      place.replaceChildren(...found.length ? anchors(found) : [make('span', {class: 'soft'}, 'No document is attached.')]);
    } catch (failed) {
      if (!signal.aborted) place.replaceChildren(sorry(failed, 'The document', read));
    }
  };
  button.addEventListener('click', read);
  place.append(button);
  return place;
}

function line(item, signal) {
  const wrong = item.status === 'entered-in-error';
  return make('li', {class: wrong ? 'event wrong' : 'event', 'data-kind': item.kind.key},
    make('span', {class: 'when num'}, item.shown),
    make('div', {class: 'what'},
      make('span', {class: 'kind'}, item.kind.name), ' ', make('bdi', {class: 'title'}, item.title),
      wrong ? make('strong', {class: 'badge dead'}, 'entered in error') : PLAIN.has(item.status) ? null : make('span', {class: 'badge'}, item.status),
      ...item.badges.map(badge),
      item.more ? make('div', {class: 'soft'}, make('bdi', {}, item.more)) : null,
      ...anchors(item.links), item.later ? later(item, signal) : null),
    json(item.resource));
}
