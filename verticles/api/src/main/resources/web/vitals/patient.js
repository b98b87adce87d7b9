// One patient: what is live, the last hours as charts from FHIR, and the latest Observations with their JSON.
import {READINGS} from '/assets/readings.js';
import {make, mark, moment, say} from '/assets/house.js';
import {aboutOf, endOf, nameOf, numberOf, pointsOf, search, startOf, summary, titleOf} from '/assets/fhir.js';
import {imagesOf} from './images.js';
import {Slot} from './tile.js';

const HOURS = [1, 4, 12];
const MOST_POINTS = 700;
const RELOAD_MILLIS = 15_000;
const ROWS = 15;
const CHARTS = [['heartrate/hr'], ['spo2/spo2'], ['respiration/rr'], ['bloodpressure/sys', 'bloodpressure/dia'], ['temperature/temp']];
const CLOCK = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit'});

export class PatientView {
  constructor(section, feed) {
    this.section = section;
    this.feed = feed;
    this.hours = 1;
    this.tile = null;
    this.charts = [];
    document.addEventListener('theme', () => this.tile && this.load());
  }

  isOpen() {
    return this.tile !== null;
  }

  open(tile) {
    if (this.tile === tile) return;
    this.close();
    this.tile = tile;
    this.section.hidden = false;
    this.build();
    this.refresh(this.feed.now());
    this.load();
    this.timer = setInterval(() => this.load(), RELOAD_MILLIS);
    this.name.focus();
  }

  close() {
    clearInterval(this.timer);
    this.charts.forEach(chart => chart.destroy());
    this.charts = [];
    this.section.replaceChildren();
    this.section.hidden = true;
    this.tile = null;
  }

  build() {
    this.name = make('h2', {id: 'patient-name', tabindex: '-1'});
    this.about = make('span', {class: 'soft num'});
    this.state = make('strong', {class: 'num'});
    this.slots = READINGS.map(reading => new Slot(reading, ''));
    for (const slot of this.slots) slot.element.append(slot.label, slot.side, slot.value, slot.unit);
    this.problem = make('p', {class: 'soft', role: 'status'});
    this.graphs = make('div', {class: 'graphs'});
    this.images = make('div', {class: 'card wide images', hidden: true});
    this.rows = make('tbody');
    this.json = make('p');
    const hours = HOURS.map(count => make('button', {type: 'button', class: 'plain', 'data-hours': count}, `${count} h`));
    hours.forEach(button => button.addEventListener('click', () => this.span(Number(button.dataset.hours))));
    this.hourButtons = hours;
    this.section.append(
      make('p', {class: 'back'}, make('a', {href: '#'}, '← All patients')),
      make('div', {class: 'person'}, this.name, this.about, this.state),
      make('div', {class: 'now tile', 'data-live': ''}, ...this.slots.map(slot => slot.element)),
      make('div', {class: 'field', role: 'group', 'aria-label': 'Hours shown'}, make('span', {}, 'Last'), ...hours), this.problem, this.graphs, this.images,
      make('div', {class: 'card wide'}, make('h2', {}, 'Latest Observations'), make('table', {},
        make('thead', {}, make('tr', {}, ...['What', 'Value', 'Since', 'Status', 'FHIR'].map(text => make('th', {scope: 'col'}, text)))), this.rows), this.json));
    this.panel = this.section.querySelector('.now');
    this.span(this.hours, false);
  }

  span(hours, reload = true) {
    this.hours = hours;
    for (const button of this.hourButtons) button.setAttribute('aria-pressed', String(Number(button.dataset.hours) === hours));
    if (reload) this.load();
  }

  /** The live part, twice a second. */
  refresh(now) {
    if (!this.tile) return;
    const {person, device, vitals, level} = this.tile;
    say(this.name, person ? nameOf(person) : 'No patient linked');
    say(this.about, [person && aboutOf(person), person && numberOf(person), device].filter(Boolean).join('   ·   '));
    say(this.state, [this.tile.seen.textContent, this.tile.word.textContent].filter(Boolean).join(' · '));
    for (const slot of this.slots) slot.show(vitals.readings[slot.reading.key], now);
    for (const one of ['silent', 'urgent', 'watch']) mark(this.panel, one, level === one);
  }

  async load() {
    const tile = this.tile;
    const patient = tile?.vitals.patient;
    if (!patient) {
      say(this.problem, 'This monitor is linked to no patient, so there is no history to show.');
      return;
    }
    const since = this.feed.now() - this.hours * 3_600_000;
    try {
      const observations = await search('Observation', {patient, date: `ge${new Date(since).toISOString()}`, _count: 500});
      if (this.tile !== tile) return;
      say(this.problem, '');
      this.draw(observations, since);
      this.list(observations, patient);
      await this.look(tile, patient);
    } catch (failed) {
      if (this.tile === tile) say(this.problem, `History cannot be read: ${failed.message}`);
    }
  }

  /** Pictures of this patient. Where there are none, or this node keeps none, nothing is shown. */
  async look(tile, patient) {
    const rows = await imagesOf(patient);
    if (this.tile !== tile) return;
    this.images.hidden = !rows.length;
    if (rows.length) this.images.replaceChildren(make('h2', {}, 'Images'), make('table', {},
      make('thead', {}, make('tr', {}, ...['Study', 'Description', 'Modality', 'Series', 'Images', ''].map(text => make('th', {scope: 'col'}, text)))), make('tbody', {}, ...rows)));
  }

  draw(observations, since) {
    const points = {};
    for (const observation of observations) {
      for (const [key, some] of Object.entries(pointsOf(observation))) (points[key] ??= []).push(...some.filter(([at]) => at >= since));
    }
    Object.values(points).forEach(some => some.sort((a, b) => a[0] - b[0]));
    this.charts.forEach(chart => chart.destroy());
    this.graphs.replaceChildren();
    this.charts = CHARTS.map(keys => this.chart(keys, points, since));
  }

  chart(keys, points, since) {
    const readings = keys.map(key => READINGS.find(reading => reading.key === key));
    const style = getComputedStyle(document.documentElement);
    const ink = name => style.getPropertyValue(name).trim();
    const canvas = make('canvas', {role: 'img', 'aria-label': `${readings.map(reading => reading.long).join(' and ')}, last ${this.hours} hours`});
    this.graphs.append(make('div', {class: 'card graph'},
      make('h3', {}, readings.map(reading => reading.long).join(' / ') + ` (${readings[0].unit})`), make('div', {class: 'room'}, canvas,
        keys.some(key => points[key]?.length) ? null : make('p', {class: 'nothing soft'}, 'No readings in this time'))));
    const sparse = !readings[0].trend;
    return new window.Chart(canvas, {
      type: 'line',
      data: {datasets: readings.map((reading, i) => ({
        label: reading.long, data: thinned(points[reading.key] ?? [], 2 * reading.oldMillis).map(([x, y]) => ({x, y})),
        borderColor: ink(i ? '--soft' : '--trend'), backgroundColor: ink(i ? '--soft' : '--trend'), borderWidth: 1.6,
        pointRadius: sparse ? 1.6 : 0, pointHitRadius: 6, spanGaps: false,
      }))},
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
        interaction: {mode: 'nearest', axis: 'x', intersect: false},
        plugins: {
          legend: {display: readings.length > 1, labels: {color: ink('--ink'), boxWidth: 14, boxHeight: 2}},
          tooltip: {callbacks: {title: items => moment(items[0].parsed.x), label: item => `${item.dataset.label} ${item.parsed.y} ${readings[item.datasetIndex].unit}`}},
        },
        scales: {
          x: {type: 'linear', min: since, max: this.feed.now(), grid: {color: ink('--line')},
            afterBuildTicks: axis => { axis.ticks = ticks(axis.min, axis.max, this.hours * 600_000); },
            ticks: {color: ink('--soft'), maxRotation: 0, callback: at => CLOCK.format(at)}},
          y: {suggestedMin: readings.at(-1).span[0], suggestedMax: readings[0].span[1], grid: {color: ink('--line')}, ticks: {color: ink('--soft')}},
        },
      },
    });
  }

  list(observations, patient) {
    const latest = [...observations].sort((a, b) => endOf(b) - endOf(a)).slice(0, ROWS);
    this.rows.replaceChildren(...latest.map(observation => make('tr', {},
      make('td', {}, titleOf(observation)), make('td', {class: 'num'}, summary(observation)),
      make('td', {}, make('time', {}, moment(startOf(observation)))), make('td', {}, observation.status),
      make('td', {}, make('a', {href: `/fhir/Observation/${encodeURIComponent(observation.id)}?_pretty=true`}, 'JSON')))));
    const id = encodeURIComponent(patient);
    this.json.replaceChildren(make('a', {href: `/patients/#patient=${id}`}, 'All that is known of this patient'), ' · ', make('a', {href: `/fhir/Patient/${id}?_pretty=true`}, 'Patient as FHIR JSON'), ' · ',
      make('a', {href: `/fhir/Observation?patient=${id}&_pretty=true`}, 'all Observations as FHIR JSON'));
  }
}

/** At most a few hundred points: of every bucket the lowest and the highest, so that no peak is lost. A gap stays a gap. */
function thinned(points, gapMillis) {
  const size = Math.max(1, Math.ceil(points.length * 2 / MOST_POINTS));
  const kept = [];
  for (let i = 0, end; i < points.length; i = end) {
    if (i > 0 && points[i][0] - points[i - 1][0] > gapMillis) kept.push([points[i - 1][0] + 1, NaN]);
    end = i + 1;
    while (end < points.length && end - i < size && points[end][0] - points[end - 1][0] <= gapMillis) end++;
    const bucket = points.slice(i, end);
    const low = bucket.reduce((a, b) => b[1] < a[1] ? b : a), high = bucket.reduce((a, b) => b[1] > a[1] ? b : a);
    kept.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
  }
  return kept;
}

/** Full hours and their even parts, so that two charts can be compared. */
function ticks(since, until, step) {
  const found = [];
  for (let at = Math.ceil(since / step) * step; at <= until; at += step) found.push({value: at});
  return found;
}
