// What is measured of a patient: each measure with its latest value, and its course as a chart when somebody opens it.
import {make, say} from '/assets/house.js';
import {Chart, draw} from './chart.js';
import {Search, sorry} from './door.js';
import {lines, measureOf, whenOf} from './series.js';
import {dateText, list, startOf, summary} from './words.js';

const ROUND = 40, MOST_ROUNDS = 12;
const FIRST = 300, FIRST_SAMPLED = 12;
const TABLE = 20;
const VALID = {'status:not': 'entered-in-error,cancelled'};
const FIELDS = 'code,value,effective,issued,component,status,dataAbsentReason';

/**
 * However many Observations there are, a few questions find all measures: the newest Observations, then the newest of what none of those was. Where that leaves
 * nothing more out, because codes that have only a text cannot be left out, page after page; after so many rounds somebody is asked whether to go on.
 * A patient with 20,000 of 30 measures is read to the 30th in some ten small pages.
 */
export class Measurements {
  constructor(section, patient, signal) {
    Object.assign(this, {patient, signal, charts: new Set(), measures: new Map(), codes: [], search: null, leftOut: 0});
    this.state = make('p', {class: 'soft', role: 'status'}, 'Reading …');
    this.rows = make('tbody');
    this.table = make('table', {class: 'measures', hidden: true}, make('caption', {class: 'unseen'}, 'Measures with their latest value'),
      make('thead', {}, make('tr', {}, ...['Measure', 'Latest', 'When', 'Course'].map(words => make('th', {scope: 'col'}, words)))), this.rows);
    this.trouble = make('div');
    this.more = make('button', {type: 'button', class: 'plain', hidden: true}, 'Look for more measures');
    this.more.addEventListener('click', () => this.read());
    section.replaceChildren(make('h3', {}, 'Measurements'), this.table, this.trouble, this.state, this.more);
    this.repaint = () => this.charts.forEach(chart => chart.repaint());
    document.addEventListener('theme', this.repaint);
    this.read();
  }

  close() {
    document.removeEventListener('theme', this.repaint);
    this.charts.forEach(chart => chart.destroy());
  }

  async read() {
    this.more.hidden = true;
    this.trouble.replaceChildren();
    say(this.state, 'Reading …');
    try {
      let open = true;
      for (let round = 0; open && round < MOST_ROUNDS; round++) open = await this.round();
      if (this.signal.aborted) return;
      this.more.hidden = !open;
      say(this.state, open ? 'Not everything has been looked through yet: there may be more measures.' : this.measures.size ? '' : 'Nothing has been measured yet.');
    } catch (failed) {
      if (this.signal.aborted) return;
      say(this.state, '');
      this.trouble.replaceChildren(sorry(failed, 'Measurements', () => this.read()));
    }
  }

  /** @returns whether there may be measures that are not known yet */
  async round() {
    if (!this.search || this.codes.length > this.leftOut) {
      const known = this.codes.length ? {'code:not': this.codes.join(',')} : {};
      this.search = new Search('Observation', {patient: this.patient, ...VALID, ...known, _sort: '-date', _count: ROUND, _elements: FIELDS}, this.signal);
      this.leftOut = this.codes.length;
    }
    for (const observation of await this.search.page()) this.meet(observation);
    return !this.search.done;
  }

  meet(observation) {
    const measure = measureOf(observation);
    if (this.measures.has(measure.key)) return;
    this.measures.set(measure.key, measure);
    if (measure.code) this.codes.push(measure.code);
    this.table.hidden = false;
    this.rows.append(...this.row(measure, observation));
  }

  row(measure, latest) {
    const place = make('td', {colspan: 4});
    const below = make('tr', {class: 'course', hidden: true}, place);
    const button = make('button', {type: 'button', class: 'plain', 'aria-expanded': 'false'}, 'Course', make('span', {class: 'unseen'}, ` of ${measure.name}`));
    let chart = null;
    button.addEventListener('click', () => {
      below.hidden = !below.hidden;
      button.setAttribute('aria-expanded', String(!below.hidden));
      if (!chart) this.charts.add(chart = new Course(place, measure, this.patient, isSampled(latest), this.signal));
    });
    const when = whenOf(latest);
    return [make('tr', {'data-measure': measure.key}, make('th', {scope: 'row'}, make('bdi', {}, measure.name)), make('td', {class: 'num latest'}, make('bdi', {}, summary(latest))),
      make('td', {class: 'num'}, when ? dateText(when) : 'without a date'), make('td', {}, measure.param ? button : null)), below];
  }
}

/** Of such, each is long. */
const isSampled = observation => [observation, ...list(observation.component)].some(part => Boolean(part.valueSampledData));

/** The course of one measure: the newest values first, older ones page by page. */
class Course {
  constructor(place, measure, patient, sampled, signal) {
    Object.assign(this, {place, measure, signal, observations: []});
    this.search = new Search('Observation', {patient, [measure.param[0]]: measure.param[1], ...VALID, _sort: '-date', _count: sampled ? FIRST_SAMPLED : FIRST, _elements: FIELDS}, signal);
    this.state = make('p', {class: 'soft', role: 'status'}, 'Reading …');
    this.trouble = make('div');
    this.room = make('div', {class: 'charts'});
    this.values = make('details', {hidden: true});
    this.older = make('button', {type: 'button', class: 'plain', hidden: true}, 'Read older values');
    this.older.addEventListener('click', () => this.read());
    place.replaceChildren(this.room, this.trouble, this.state, this.older, this.values);
    this.drawn = [];
    this.read();
  }

  async read() {
    this.older.disabled = true;
    this.trouble.replaceChildren();
    try {
      this.observations.push(...(await this.search.page()).filter(one => measureOf(one).key === this.measure.key));
      await this.show();
    } catch (failed) {
      if (!this.signal.aborted) this.trouble.replaceChildren(sorry(failed, this.measure.name, () => this.read()));
    } finally {
      this.older.disabled = false;
    }
  }

  async show() {
    const all = lines(this.observations);
    const count = this.observations.length;
    this.older.hidden = this.search.done;
    say(this.state, `${count === 1 ? 'One value' : this.search.done ? `All ${count}` : `The newest ${count}`}${all.size || !count ? '' : count === 1 ? ', which is no number with a date' : ', none of them a number with a date'}.`);
    this.destroy();
    if (all.size) {
      await Chart();
      if (this.signal.aborted) return;
      this.destroy();
      this.drawn = draw(this.room, all);
    }
    this.table();
  }

  /** What the chart shows, for whoever does not see it, and for whoever wants the digits. */
  table() {
    const newest = [...this.observations].sort((a, b) => startOf(whenOf(b)) - startOf(whenOf(a))).slice(0, TABLE);
    this.values.hidden = !newest.length;
    this.values.replaceChildren(make('summary', {}, this.observations.length > TABLE ? `The newest ${TABLE} as a table` : 'As a table'), make('table', {},
      make('thead', {}, make('tr', {}, make('th', {scope: 'col'}, 'When'), make('th', {scope: 'col'}, 'Value'))),
      make('tbody', {}, ...newest.map(one => make('tr', {}, make('td', {class: 'num'}, dateText(whenOf(one)) || '–'), make('td', {class: 'num'}, make('bdi', {}, summary(one))))))));
  }

  repaint() {
    if (this.drawn.length) this.show();
  }

  destroy() {
    this.drawn.forEach(chart => chart.destroy());
    this.drawn = [];
    this.room.replaceChildren();
  }
}
