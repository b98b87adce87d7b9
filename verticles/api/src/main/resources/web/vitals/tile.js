// One patient's tile. It is built once; afterwards only the texts that changed are written.
import {BY_KEY, RANK, READINGS, SILENT_MILLIS, judge, shown} from '/assets/readings.js';
import {duration, make, mark, say} from '/assets/house.js';
import {aboutOf, nameOf, numberOf} from '/assets/fhir.js';
import {Trend, draw} from '/assets/trend.js';

const JUST_NOW_MILLIS = 3_000;
const SIDES = {'urgent high': '▲', 'urgent low': '▼', 'watch high': '△', 'watch low': '▽'};
const WORDS = {'urgent high': 'urgent, high', 'urgent low': 'urgent, low', 'watch high': 'high', 'watch low': 'low'};

/** The parts of one reading on the page, and how to write a value into them. */
export class Slot {
  constructor(reading, className) {
    this.reading = reading;
    this.label = make('span', {class: 'label'}, reading.name);
    this.side = make('span', {class: 'side'});
    this.value = make('span', {class: 'value'}, '–');
    this.unit = make('span', {class: 'unit'}, reading.unit);
    this.element = make('div', {class: `reading none ${className}`, role: 'group', title: reading.long});
  }

  /** @param told {value, at} as the feed says it, or undefined; @param silent the whole tile says how old it is; @returns the level of this reading */
  show(told, now, silent = false) {
    const old = !told || now - told.at > this.reading.oldMillis;
    const {level, side} = told ? judge(this.reading, Number(told.value)) : {level: 'normal', side: ''};
    say(this.value, told ? shown(this.reading, told.value) : '–');
    say(this.side, SIDES[`${level} ${side}`] ?? '');
    mark(this.element, 'none', !told);
    mark(this.element, 'old', Boolean(told) && old);
    mark(this.element, 'watch', !old && level === 'watch');
    mark(this.element, 'urgent', !old && level === 'urgent');
    const spoken = `${this.reading.long} ${this.value.textContent} ${this.reading.unit} ${WORDS[`${level} ${side}`] ?? ''} ${old && told ? `${duration(now - told.at)} old` : ''}`;
    if (this.spoken !== spoken) this.element.setAttribute('aria-label', this.spoken = spoken);
    const age = old && told && !silent ? `${duration(now - told.at)} old` : this.reading.unit;
    say(this.unit, age);
    return old ? 'normal' : level;
  }
}

export class Tile {
  constructor(device) {
    this.device = device;
    this.vitals = null;
    this.person = undefined; // not asked yet; null when there is none
    this.level = 'normal';
    this.trends = new Map(READINGS.filter(reading => reading.trend).map(reading => [reading.key, new Trend()]));
    this.build();
  }

  build() {
    this.name = make('a', {href: `#${encodeURIComponent(this.device)}`}, this.device);
    this.about = make('span');
    this.number = make('span', {class: 'num'});
    this.seen = make('span');
    this.word = make('span', {class: 'level'});
    this.other = make('div', {class: 'other'});
    this.slots = READINGS.map(reading => new Slot(reading, reading.trend ? 'row' : 'half'));
    const [rows, halves] = [this.slots.filter(slot => slot.reading.trend), this.slots.filter(slot => !slot.reading.trend)];
    for (const slot of rows) {
      slot.canvas = make('canvas', {'aria-hidden': 'true'});
      slot.element.append(slot.label, slot.side, slot.value, slot.unit, slot.canvas);
    }
    this.element = make('article', {class: 'tile', 'data-device': this.device},
      make('div', {class: 'who'}, this.name, make('span', {class: 'monitor'}, this.device)),
      make('div', {class: 'about'}, this.about, this.number),
      ...rows.map(slot => slot.element), this.pair(halves), this.other,
      make('div', {class: 'seen'}, this.seen, this.word));
  }

  /** Blood pressure as people say it, 121/79, and the temperature beside it. */
  pair([sys, dia, temp]) {
    sys.label.textContent = 'BP';
    for (const slot of [sys, dia, temp]) slot.element.append(slot === dia ? '/' : slot.label, slot.side, slot.value, slot === sys ? '' : slot.unit);
    return make('div', {class: 'pair'}, make('div', {class: 'half'}, sys.element, dia.element), temp.element);
  }

  accept(vitals) {
    this.vitals = vitals;
    for (const [key, trend] of this.trends) {
      const told = vitals.readings[key];
      if (told) trend.add(told.at, Number(told.value));
    }
  }

  /** @param person FHIR Patient, or null when there is none */
  introduce(person) {
    this.person = person;
    say(this.name, person ? nameOf(person) : 'No patient linked');
    say(this.about, person ? aboutOf(person) : '');
    say(this.number, person ? numberOf(person) : '');
  }

  /** Writes what is known at this moment; @returns the level, which orders the ward */
  refresh(now, connected) {
    const readings = this.vitals.readings;
    const age = now - this.vitals.seen;
    const silent = age > SILENT_MILLIS;
    const levels = this.slots.map(slot => slot.show(readings[slot.reading.key], now, silent));
    this.level = silent ? 'silent' : levels.reduce((worst, level) => RANK[level] < RANK[worst] ? level : worst, 'normal');
    for (const level of ['silent', 'urgent', 'watch']) mark(this.element, level, this.level === level);
    say(this.seen, silent || !connected ? `No data for ${duration(age)}` : age < JUST_NOW_MILLIS ? 'now' : `${duration(age)} ago`);
    say(this.word, silent ? 'Silent' : !connected ? 'Not live' : {urgent: 'Urgent', watch: 'Watch', normal: ''}[this.level]);
    this.showOthers(readings);
    return this.level;
  }

  /** Readings of mappings that this page does not know by name are shown as they are. */
  showOthers(readings) {
    const text = Object.entries(readings).filter(([key]) => !BY_KEY.has(key)).map(([key, told]) => `${key} ${told.value}`).join('   ');
    say(this.other, text);
  }

  paint(now, colour) {
    for (const slot of this.slots) {
      if (!slot.canvas) continue;
      const trend = this.trends.get(slot.reading.key);
      trend.forget(now);
      draw(slot.canvas, trend, slot.reading.span, now, colour);
    }
  }

  matches(words) {
    const text = `${this.name.textContent} ${this.device} ${this.number.textContent}`.toLowerCase();
    return words.every(word => text.includes(word));
  }
}
