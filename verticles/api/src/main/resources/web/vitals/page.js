// The ward: a tile per monitor, what needs attention first, and never a value that looks live when it is not.
import {RANK} from '/assets/readings.js';
import {duration, mark, make, say} from '/assets/house.js';
import {pointsOf, search} from '/assets/fhir.js';
import {Feed} from '/assets/feed.js';
import {TREND_MILLIS} from '/assets/trend.js';
import {PatientView} from './patient.js';
import {Tile} from './tile.js';

const REFRESH_MILLIS = 500;
const REORDER_MILLIS = 4_000;
const RETRY_MILLIS = 5_000;
const BATCH = 10;
const byId = id => document.getElementById(id);
const ward = byId('ward');
const tiles = new Map();
const people = new Map();
const unknown = new Set();
const visible = new Set();
const changed = new Set();
const watcher = new IntersectionObserver(entries => {
  for (const entry of entries) visible[entry.isIntersecting ? 'add' : 'delete'](entry.target.dataset.device);
});
let ordered = -Infinity;
let lostSince = null;
let learning = null;

const feed = new Feed('/iomt/live', accept, connection);
const view = new PatientView(byId('patient'), feed);

function accept(vitals) {
  let tile = tiles.get(vitals.device);
  if (!tile) {
    tile = new Tile(vitals.device);
    tiles.set(vitals.device, tile);
    ward.append(tile.element);
    watcher.observe(tile.element);
    ordered = -Infinity;
  }
  const moved = tile.vitals?.patient !== vitals.patient;
  tile.accept(vitals);
  changed.add(tile);
  if (moved || tile.person === undefined) introduce(tile);
}

function introduce(tile) {
  const id = tile.vitals.patient;
  if (!id) tile.introduce(null);
  else if (people.has(id)) tile.introduce(people.get(id));
  else if (!unknown.has(id)) {
    unknown.add(id);
    if (!learning) learning = setTimeout(learn, 100);
  }
}

/** Names first, all at once; then the last minutes, a handful of patients per question. Whoever turns up meanwhile is next. */
async function learn() {
  const ids = [...unknown];
  unknown.clear();
  try {
    for (const person of await search('Patient', {_id: ids.join(','), _count: ids.length})) people.set(person.id, person);
    for (const tile of tiles.values()) if (ids.includes(tile.vitals.patient)) tile.introduce(people.get(tile.vitals.patient) ?? null);
    ordered = -Infinity;
    for (let i = 0; i < ids.length; i += BATCH) await prefill(ids.slice(i, i + BATCH));
    learning = unknown.size ? setTimeout(learn) : null;
  } catch (failed) {
    console.warn('patients could not be read, trying again', failed.message);
    ids.forEach(id => unknown.add(id));
    learning = setTimeout(learn, RETRY_MILLIS);
  }
}

async function prefill(ids) {
  const since = new Date(feed.now() - TREND_MILLIS).toISOString();
  const observations = await search('Observation', {patient: ids.join(','), code: '8867-4,59408-5,9279-1', date: `ge${since}`, _count: 60});
  for (const tile of tiles.values()) {
    const own = observations.filter(observation => ids.includes(tile.vitals.patient) && observation.subject?.reference === `Patient/${tile.vitals.patient}`);
    for (const [key, points] of Object.entries(merged(own))) tile.trends.get(key)?.prefill(points.filter(([at]) => at > feed.now() - TREND_MILLIS));
    tile.paint(feed.now(), colour());
  }
}

function merged(observations) {
  const all = {};
  for (const observation of observations) {
    for (const [key, points] of Object.entries(pointsOf(observation))) (all[key] ??= []).push(...points);
  }
  Object.values(all).forEach(points => points.sort((a, b) => a[0] - b[0]));
  return all;
}

function connection(connected) {
  lostSince = connected ? null : lostSince ?? performance.now();
  mark(document.body, 'lost', !connected);
  byId('lost').hidden = connected;
  refresh();
}

function refresh() {
  const now = feed.now();
  for (const tile of tiles.values()) tile.refresh(now, feed.connected);
  if (lostSince !== null) say(byId('lost-for'), `No connection for ${duration(performance.now() - lostSince)}; trying again.`);
  count();
  if (performance.now() - ordered > REORDER_MILLIS) order();
  paint(now);
  view.refresh(now);
}

function paint(now) {
  const pen = colour();
  for (const tile of changed) if (visible.has(tile.device)) tile.paint(now, pen);
  changed.clear();
}

function colour() {
  return getComputedStyle(document.documentElement).getPropertyValue('--trend').trim();
}

function count() {
  const levels = {urgent: 0, silent: 0, watch: 0, normal: 0};
  for (const tile of tiles.values()) levels[tile.level]++;
  const parts = [['', `${tiles.size} monitors`], ['urgent', `▲ ${levels.urgent} urgent`], ['silent', `${levels.silent} silent`], ['watch', `△ ${levels.watch} watch`]];
  const shown = parts.filter(([level]) => !level || levels[level]);
  const text = shown.map(part => part[1]).join();
  if (count.text !== text) byId('counts').replaceChildren(...shown.map(([level, words]) => make('span', {class: `count ${level}`}, words)));
  count.text = text;
}

/** Tiles move only now and then, and only those that must: a ward that jumps cannot be read. */
function order() {
  ordered = performance.now();
  const words = byId('find').value.toLowerCase().split(/\s+/).filter(Boolean);
  const only = byId('only').value;
  const sorted = [...tiles.values()].sort(compare);
  for (const tile of sorted) {
    const wanted = only === 'all' || tile.level === 'silent' || only === 'attention' && tile.level !== 'normal';
    tile.element.hidden = !wanted || !tile.matches(words);
  }
  sorted.forEach((tile, place) => {
    if (ward.children[place] !== tile.element) ward.insertBefore(tile.element, ward.children[place]);
  });
  const none = sorted.every(tile => tile.element.hidden);
  byId('empty').hidden = !none || view.isOpen();
  say(byId('empty'), tiles.size ? 'No monitor fits what you search for.' : 'No monitor has sent anything yet. The first reading appears here by itself.');
}

function compare(a, b) {
  const by = byId('order').value;
  if (by === 'attention' && RANK[a.level] !== RANK[b.level]) return RANK[a.level] - RANK[b.level];
  const text = tile => by === 'monitor' ? tile.device : tile.name.textContent;
  return text(a).localeCompare(text(b), 'en', {numeric: true}) || a.device.localeCompare(b.device, 'en', {numeric: true});
}

function route() {
  const device = decodeURIComponent(location.hash.slice(1));
  const tile = device ? tiles.get(device) : null;
  ward.hidden = Boolean(tile);
  if (tile) view.open(tile);
  else view.close();
  if (device && !tile && tiles.size < 1) setTimeout(route, REFRESH_MILLIS);
}

for (const id of ['find', 'order', 'only']) byId(id).addEventListener('input', order);
document.addEventListener('theme', () => tiles.forEach(tile => tile.paint(feed.now(), colour())));
document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && view.isOpen()) location.hash = '';
});
addEventListener('hashchange', route);
addEventListener('resize', () => tiles.forEach(tile => tile.paint(feed.now(), colour())));
setInterval(refresh, REFRESH_MILLIS);
order();
route();
