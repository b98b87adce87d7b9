// The viewer: a study's series, one image at a time on the glass, drawn here from its stored values. Start reading at `open`, `choose` and `go`.
import {say} from '/assets/house.js';
import {search} from '/assets/fhir.js';
import * as dicomweb from '../dicomweb.js';
import {TAG, text, whenText} from '../elements.js';
import {FrameCache, neighbours} from '../frames.js';
import {shapeOf} from '../pixels.js';
import {frameMillis, stackOf, withoutPixels} from '../stack.js';
import {dragged} from '../voi.js';
import {Cine, RATES} from './cine.js';
import {Gestures} from './gestures.js';
import {keyboard} from './keys.js';
import {blank, describe, notice, problem, status} from './overlay.js';
import {Panel} from './panel.js';
import {Presets} from './presets.js';
import {Rail} from './rail.js';
import {Viewport} from './viewport.js';

const MEGABYTE = 1 << 20;
const CACHE_BYTES = ((navigator.deviceMemory ?? 8) <= 2 ? 96 : 384) * MEGABYTE;
const LATE_MILLIS = 200;
/** Browsers refuse to write the address often: Safari a hundred times in half a minute. */
const ADDRESS_MILLIS = 300;
const byId = id => document.getElementById(id);

const viewport = new Viewport(byId('canvas'));
const cache = new FrameCache(CACHE_BYTES);
const panel = new Panel();
const presets = new Presets(byId('preset'), () => rewindow());
const rail = new Rail(byId('series'), uid => choose(uid));
const cine = new Cine(() => advance());
let study = '';
let series = '';
let stack = [];
let index = 0;
let direction = 1;
let inverted = false;
let tool = matchMedia('(pointer: coarse)').matches ? 'scroll' : 'window';
let pointer = null;
let opening = null;
let late = 0;
let addressed = 0;

/** Reads the address: #study=UID&series=UID&image=n */
async function open() {
  const asked = new URLSearchParams(location.hash.slice(1));
  study = asked.get('study') ?? '';
  clearTimeout(addressed);
  byId('fhir').hidden = true;
  if (!study) return nothing();
  notice('Reading the study …');
  try {
    const [about, all] = await Promise.all([dicomweb.study(study), dicomweb.seriesOf(study)]);
    if (!all.length) return trouble(null, 'This study is not in the archive. It may have been removed, or the address is wrong.');
    title(about[0] ?? all[0]);
    rail.fill(study, all);
    linkFhir();
    await choose(rail.uids.includes(asked.get('series')) ? asked.get('series') : rail.first, Number(asked.get('image')) - 1);
  } catch (failed) {
    trouble(failed, 'The study cannot be read');
  }
}

function nothing() {
  clear();
  notice('Choose a study from the list.');
  byId('help').showModal();
}

/** @param failed a Trouble or a bug, null when the words say it all */
function trouble(failed, words) {
  stop();
  arrived();
  problem(failed === null ? words : failed.words?.(words) ?? `${words}: ${failed.message}`);
}

function title(set) {
  say(byId('title'), text(set, TAG.patientName) || 'No name');
  byId('title').title = byId('title').textContent;
  say(byId('about'), [text(set, TAG.patientId), text(set, TAG.studyText), whenText(set)].filter(Boolean).join('   ·   '));
  document.title = `${text(set, TAG.studyText) || 'Study'} · Caregrid`;
}

const FHIR_AGAIN_MILLIS = 2_000;
const FHIR_TRIES = 15;

/** The same study as FHIR has it, when it has it: a study that has just come is there some seconds later. */
async function linkFhir(tries = FHIR_TRIES) {
  const asked = study;
  try {
    const [found] = await search('ImagingStudy', {identifier: `urn:dicom:uid|urn:oid:${study}`});
    if (study !== asked) return;
    if (!found) {
      if (tries > 1) setTimeout(() => study === asked && linkFhir(tries - 1), FHIR_AGAIN_MILLIS);
      return;
    }
    byId('fhir').href = `/fhir/ImagingStudy/${encodeURIComponent(found.id)}?_pretty=true`;
    byId('fhir').hidden = false;
  } catch {
    byId('fhir').hidden = true; // a node without FHIR shows pictures all the same
  }
}

async function choose(uid, from = 0) {
  opening?.abort();
  const mine = opening = new AbortController();
  clear();
  series = uid;
  rail.mark(uid);
  notice('Reading the series …');
  try {
    const sets = await dicomweb.metadata(study, uid, mine.signal);
    if (opening !== mine) return;
    stack = stackOf(sets);
    if (!stack.length) return withoutImages(sets);
    prepare();
    await go(from >= 0 && from < stack.length ? from : 0);
  } catch (failed) {
    if (opening === mine) trouble(failed, 'The series cannot be read');
  }
}

function clear() {
  stop();
  arrived();
  clearTimeout(addressed);
  stack = [];
  index = 0;
  inverted = false;
  cache.clear();
  viewport.fitted = true;
  viewport.show(null);
  blank();
  panel.show(null);
  prepare();
}

/** Controls for the stack that is there. */
function prepare() {
  const one = stack.length < 2;
  byId('slider').max = String(Math.max(1, stack.length));
  for (const id of ['slider', 'cine', 'rate']) byId(id).disabled = one;
  for (const id of ['save', 'preset', 'fit', 'actual', 'invert', 'reset']) byId(id).disabled = !stack.length;
  if (!stack.length) return;
  presets.fill(shapeOf(stack[0].set, stack[0].frame), text(stack[0].set, TAG.modality));
  const millis = frameMillis(stack[0].set);
  pace(millis ? Math.round(1000 / millis) : RATES.usual);
}

/** Reports, presentation states and plans have no picture; their elements can be read all the same. */
function withoutImages(sets) {
  panel.show(withoutPixels(sets)[0] ?? null);
  notice(sets.length ? `This series has no images (${text(sets[0], TAG.modality) || 'no modality'}). Its elements are under Metadata.` : 'This series is empty.');
}

/** Shows image n of the series, from 0. What was shown stays until it has come; when that takes long, a word says so. */
async function go(wanted) {
  if (!stack.length) return;
  const next = Math.min(stack.length - 1, Math.max(0, wanted));
  if (next !== index) direction = next > index ? 1 : -1;
  index = next;
  const image = stack[index];
  const isStill = () => stack[index] === image;
  announce(image);
  late ||= setTimeout(() => notice('Loading …'), LATE_MILLIS);
  try {
    const picture = await cache.want(image);
    if (isStill()) present(image, picture);
  } catch (failed) {
    if (failed.name === 'AbortError') return; // another image is wanted by now, or this one again
    if (isStill()) {
      viewport.show(null);
      trouble(failed, `Image ${index + 1} cannot be shown`);
    }
  }
  if (isStill()) cache.prefetch(neighbours(stack, index, direction));
}

/** What can be said before the pixels are here. */
function announce(image) {
  byId('slider').value = String(index + 1);
  byId('slider').setAttribute('aria-valuetext', `Image ${index + 1} of ${stack.length}`);
  panel.show(image.set);
  describe(image, index, stack.length);
  clearTimeout(addressed);
  addressed = setTimeout(address, ADDRESS_MILLIS);
}

function address() {
  history.replaceState(null, '', `#${new URLSearchParams({study, series, ...(index ? {image: index + 1} : {})})}`);
}

/** The glass shows what the words around it say, or why not. */
function arrived() {
  clearTimeout(late);
  late = 0;
  notice('');
}

function present(image, picture) {
  arrived();
  problem('');
  byId('preset').disabled = Boolean(picture.bitmap);
  byId('preset').title = picture.bitmap ? `The archive drew this image, because ${picture.why}: its window cannot be changed here.` : '';
  viewport.window = picture.bitmap ? viewport.window : presets.windowFor(picture);
  viewport.inverted = inverted;
  viewport.show(picture);
  byId('canvas').setAttribute('aria-label', `${text(image.set, TAG.modality)} image ${index + 1} of ${stack.length}, ${text(image.set, TAG.seriesText) || 'no description'}`);
  byId('canvas').dataset.image = `${image.instance}/${image.frame}`;
}

function rewindow() {
  if (viewport.picture?.pixels) viewport.set(presets.windowFor(viewport.picture), inverted);
  else viewport.set(viewport.window, inverted);
}

function drag(dx, dy) {
  if (!viewport.picture?.pixels) return;
  presets.byHand(dragged(viewport.window, dx, dy, viewport.picture.range));
  rewindow();
}

/** @param steps more when they are positive: a drag to the left */
function contrast(steps) {
  drag(-steps, 0);
}

/** @param steps brighter when they are positive: a lower centre, where low values are dark */
function brightness(steps) {
  const isTurned = viewport.picture?.shape.inverse !== inverted;
  drag(0, isTurned ? steps : -steps);
}

function reset() {
  inverted = false;
  presets.reset();
  press('invert', false);
  rewindow();
  viewport.fit();
}

function invert() {
  inverted = !inverted;
  press('invert', inverted);
  rewindow();
}

/** The next image of a cine. One that is still on its way is waited for. */
function advance() {
  const next = (index + 1) % stack.length;
  if (cache.has(stack[next])) go(next);
  else if (cache.has(stack[index])) cache.want(stack[next]).catch(failed => failed.name === 'AbortError' || trouble(failed, `Image ${next + 1} cannot be shown`));
}

function stop() {
  cine.stop();
  press('cine', false);
  say(byId('cine'), '▶ Play');
}

function playOrStop() {
  if (cine.isPlaying || stack.length < 2) return stop();
  cine.play();
  press('cine', true);
  say(byId('cine'), '❚❚ Stop');
}

function pace(perSecond) {
  cine.setRate(perSecond);
  byId('rate').value = String(cine.rate);
}

/** The image as it was received. Its name is its UID, for a file's name goes through many hands. */
async function save() {
  const image = stack[index];
  byId('save').disabled = true;
  try {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await dicomweb.file(image));
    link.download = `${image.instance.replace(/[^0-9.]/g, '_')}.dcm`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (failed) {
    trouble(failed, 'The instance cannot be downloaded');
  } finally {
    byId('save').disabled = !stack.length;
  }
}

function press(id, on) {
  byId(id).setAttribute('aria-pressed', String(on));
}

function take(name) {
  tool = name;
  for (const button of byId('drags').children) button.setAttribute('aria-pressed', String(button.value === name));
}

function measure() {
  status(viewport, pointer && viewport.measure(pointer.x, pointer.y));
}

function move(steps) {
  stop();
  go(index + steps);
}

function nextSeries(step) {
  const uid = rail.uids[rail.uids.indexOf(series) + step];
  if (uid) choose(uid);
}

function wire() {
  viewport.drawn = measure;
  new Gestures(byId('canvas'), {
    tool: () => tool, scroll: move, window: drag,
    pan: (dx, dy) => viewport.panBy(dx, dy), zoom: (factor, x, y) => viewport.zoomBy(factor, x, y),
    look: (x, y) => {
      pointer = x === null ? null : {x, y};
      measure();
    },
  });
  const deeds = {
    step: move, to: place => move(place - index), series: nextSeries, tool: take, preset: n => presets.pick(n) && rewindow(),
    zoom: factor => viewport.zoomBy(factor), pan: (dx, dy) => viewport.panBy(dx, dy), fit: () => viewport.fit(), actual: () => viewport.actual(),
    contrast, brightness, invert, reset, cine: playOrStop, metadata: () => panel.toggle(), help: () => byId('help').showModal(),
  };
  keyboard(deeds);
  byId('drags').addEventListener('click', event => event.target.value && take(event.target.value));
  for (const [id, deed] of Object.entries({fit: deeds.fit, actual: deeds.actual, invert, reset, cine: playOrStop, save, keys: deeds.help})) byId(id).addEventListener('click', deed);
  byId('canvas').addEventListener('dblclick', deeds.fit);
  byId('slider').addEventListener('input', () => move(Number(byId('slider').value) - 1 - index));
  byId('rate').addEventListener('change', () => pace(Number(byId('rate').value)));
  addEventListener('hashchange', open);
  take(tool);
}

wire();
open();
