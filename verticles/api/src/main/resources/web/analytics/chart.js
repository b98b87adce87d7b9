// A simple chart of an answer: lines over time or numbers, bars over words.
import {make, moment} from '/assets/house.js';
import {isNumber, isTime} from './types.js';

const COLOURS = ['#2f7f9e', '#b3541e', '#5b7f2b', '#8a4fa3', '#b08900', '#c0396b', '#4a6fa5', '#7a5c3e'];
const MOST_SERIES = COLOURS.length;
const MOST_BARS = 60;
const MOST_TICKS = 8;
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [1000, 5000, 15_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];

/** What could be drawn: [columns across, columns up, columns that part lines], by index; and a good first choice. */
export function choices(columns) {
  const of = test => columns.map((column, i) => i).filter(i => test(columns[i].type));
  const times = of(isTime), numbers = of(isNumber), words = of(type => type === 'VARCHAR' || type === 'BOOLEAN');
  const across = [...times, ...words, ...numbers];
  const x = across[0];
  const up = numbers.filter(i => i !== x);
  const parts = words.filter(i => i !== x);
  return {across, up, parts, x, y: up.at(0), series: times.includes(x) ? parts.at(0) : undefined};
}

/** Draws into the canvas. @returns {{chart, note}} the chart to be destroyed, and a sentence about what is left out */
export function draw(canvas, answer, x, y, series) {
  const {columns, rows} = answer;
  const time = isTime(columns[x].type), line = time || isNumber(columns[x].type);
  const groups = new Map();
  for (const row of rows) {
    const group = series === undefined ? columns[y].name : String(row[series]);
    const at = time ? Date.parse(/^\d{4}-\d\d-\d\d$/.test(row[x]) ? row[x] : zoned(row[x])) : line ? Number(row[x]) : String(row[x]);
    const value = row[y] === null ? NaN : Number(row[y]);
    if (row[x] === null || (line && !Number.isFinite(at))) continue;
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push({x: at, y: value});
  }
  const drawn = [...groups].slice(0, MOST_SERIES);
  const labels = line ? undefined : [...new Set(drawn.flatMap(([, points]) => points.map(point => point.x)))].slice(0, MOST_BARS);
  const note = [groups.size > MOST_SERIES ? `${MOST_SERIES} of ${groups.size} lines are drawn.` : '',
    labels && labels.length === MOST_BARS ? `The first ${MOST_BARS} are drawn.` : '', answer.more ? 'Of the rows shown only: there are more.' : ''].filter(Boolean).join(' ');
  return {chart: new window.Chart(canvas, config(columns, x, y, series, time, line, drawn, labels)), note};
}

/** A time without a zone is taken as UTC: that is how the node computes. */
function zoned(text) {
  return /Z$|[+-]\d\d(:\d\d)?$/.test(text) ? text : `${text}Z`;
}

function config(columns, x, y, series, time, line, drawn, labels) {
  const style = getComputedStyle(document.documentElement);
  const ink = name => style.getPropertyValue(name).trim();
  return {
    type: line ? 'line' : 'bar',
    data: {labels, datasets: drawn.map(([name, points], i) => ({
      label: name, data: line ? points.sort((a, b) => a.x - b.x) : labels.map(label => points.find(point => point.x === label)?.y ?? null),
      borderColor: COLOURS[i], backgroundColor: COLOURS[i], borderWidth: line ? 1.8 : 0, pointRadius: points.length > 120 ? 0 : 2, pointHitRadius: 8,
    }))},
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, normalized: line,
      interaction: {mode: line ? 'nearest' : 'index', axis: 'x', intersect: false},
      plugins: {
        legend: {display: series !== undefined, labels: {color: ink('--ink'), boxWidth: 14, boxHeight: line ? 2 : 10}},
        tooltip: {callbacks: time ? {title: items => moment(items[0].parsed.x)} : {}},
      },
      scales: {
        x: {type: line ? 'linear' : 'category', bounds: 'data', ...(time ? {afterBuildTicks: axis => { axis.ticks = ticks(axis.min, axis.max); }} : {}), title: {display: true, text: columns[x].name, color: ink('--soft')}, grid: {color: ink('--line')},
          ticks: {color: ink('--soft'), maxRotation: line ? 0 : 60, autoSkip: true, ...(time ? {callback: clock} : {})}},
        y: {title: {display: true, text: columns[y].name, color: ink('--soft')}, grid: {color: ink('--line')}, ticks: {color: ink('--soft')}},
      },
    },
  };
}

/** At full minutes, hours or days of this device's clock. */
function ticks(from, to) {
  const step = STEPS.find(one => (to - from) / one <= MOST_TICKS) ?? STEPS.at(-1);
  const shift = new Date(from).getTimezoneOffset() * MINUTE;
  const found = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) found.push({value: at});
  return found;
}

/** The time, at midnight the day. */
function clock(at) {
  const date = new Date(at);
  if (date.getHours() + date.getMinutes() + date.getSeconds() === 0) return date.toLocaleDateString('en-GB', {day: '2-digit', month: 'short'});
  return date.toLocaleTimeString('en-GB', date.getSeconds() ? {} : {hour: '2-digit', minute: '2-digit'});
}

/** Options of a select. */
export function options(select, columns, indexes, chosen, none) {
  select.replaceChildren(...(none ? [make('option', {value: ''}, none)] : []), ...indexes.map(i => make('option', {value: i}, columns[i].name)));
  select.value = chosen === undefined ? '' : String(chosen);
}
