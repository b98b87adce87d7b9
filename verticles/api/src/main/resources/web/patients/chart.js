// Charts of measures. The library is fetched when the first one is opened.
import {make} from '/assets/house.js';
import {thinned} from './series.js';
import {dateText} from './words.js';

const MOST_POINTS = 700;
const MOST_LINES = 6;
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [1, 4], [12, 4]];
const TICK_PIXELS = 95;
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 61 * DAY, 91 * DAY, 183 * DAY, 365 * DAY, 2 * 365 * DAY, 5 * 365 * DAY, 10 * 365 * DAY];
const SHORT = new Intl.DateTimeFormat('en-GB', {day: '2-digit', month: 'short'});
const MONTH = new Intl.DateTimeFormat('en-GB', {month: 'short', year: 'numeric'});
const CLOCK = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit'});
let library = null;

/** Fulfilled when the library is there. */
export function Chart() {
  return library ??= new Promise((done, failed) => {
    const script = make('script', {src: '/webjars/chart.js/chart.umd.min.js'});
    script.addEventListener('load', done);
    script.addEventListener('error', () => {
      library = null;
      script.remove();
      failed(new Error('the charts are not there. Reload the page.'));
    });
    document.head.append(script);
  });
}

/** One chart for each unit, as lines of different units have no common height. @returns the charts, to be destroyed */
export function draw(room, lines) {
  const units = new Map();
  for (const [name, points] of lines) {
    const unit = /\(([^()]*)\)$/.exec(name)?.[1] ?? '';
    if (!units.has(unit)) units.set(unit, []);
    units.get(unit).push([name, points]);
  }
  return [...units].map(([unit, some]) => one(room, unit, some.slice(0, MOST_LINES)));
}

function one(room, unit, lines) {
  const style = getComputedStyle(document.documentElement);
  const ink = name => style.getPropertyValue(name).trim();
  const canvas = make('canvas', {role: 'img', 'aria-label': lines.map(spoken).join('. ')});
  room.append(make('div', {class: 'chart'}, canvas));
  const all = lines.flatMap(([, points]) => [points[0][0], points.at(-1)[0]]);
  const [min, max] = around(Math.min(...all), Math.max(...all));
  return new window.Chart(canvas, {
    type: 'line',
    data: {datasets: lines.map(([name, points], i) => ({
      label: name, data: thinned(points, MOST_POINTS).map(([x, y]) => ({x, y})), borderColor: ink(i % 2 ? '--watch' : '--trend'), backgroundColor: ink(i % 2 ? '--watch' : '--trend'),
      borderDash: DASHES[i], borderWidth: 1.6, pointRadius: points.length > 80 ? 0 : 2.5, pointHitRadius: 7,
    }))},
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true, interaction: {mode: 'nearest', axis: 'x', intersect: false},
      plugins: {legend: {labels: {color: ink('--ink'), boxWidth: 22, boxHeight: 1}}, tooltip: {callbacks: {title: items => dateText(new Date(items[0].parsed.x).toISOString())}}},
      scales: {
        x: {type: 'linear', min, max, grid: {color: ink('--line')}, afterBuildTicks: axis => { axis.ticks = ticks(min, max, Math.max(2, Math.floor(canvas.clientWidth / TICK_PIXELS))); }, ticks: {color: ink('--soft'), maxRotation: 0, callback: at => tick(at, max - min)}},
        y: {title: {display: Boolean(unit), text: unit, color: ink('--soft')}, grace: '8%', grid: {color: ink('--line')}, ticks: {color: ink('--soft')}},
      },
    },
  });
}

function spoken([name, points]) {
  const values = points.map(point => point[1]);
  const low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
  return `Chart of ${name || 'values'}: ${points.length} values, lowest ${low}, highest ${high}, latest ${values.at(-1)}`;
}

/** A single value stands in the middle of a day. */
function around(min, max) {
  return max > min ? [min, max] : [min - DAY / 2, max + DAY / 2];
}

function ticks(min, max, most) {
  const step = STEPS.find(one => (max - min) / one <= most) ?? (max - min) / most;
  const shift = new Date(min).getTimezoneOffset() * MINUTE;
  const found = [];
  for (let at = Math.ceil((min - shift) / step) * step + shift; at <= max; at += step) found.push({value: at});
  return found;
}

function tick(at, span) {
  return (span > 200 * DAY ? MONTH : span > 2 * DAY ? SHORT : CLOCK).format(at);
}
