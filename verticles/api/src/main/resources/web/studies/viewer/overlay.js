// What stands in the corners of the picture. All of it is text from a data set or numbers of ours.
import {make, say} from '/assets/house.js';
import {TAG, dateText, decimalText, number, text, whenText} from '../elements.js';
import {isColour, shapeOf} from '../pixels.js';
import {edgesOf} from '../stack.js';
import {TABLE} from '../voi.js';

const SIDES = ['left', 'right', 'top', 'bottom'];
const BARS_MM = [500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1];
const OVERLAY_DATA = /^60[0-9A-F][02468ACE]3000$/i;
const FUNCTIONS = {LINEAR_EXACT: ' · exact', SIGMOID: ' · sigmoid'};
const byId = id => document.getElementById(id);

function corner(id, lines) {
  const wanted = lines.filter(Boolean);
  const element = byId(id);
  while (element.children.length > wanted.length) element.lastChild.remove();
  while (element.children.length < wanted.length) element.append(make('div'));
  wanted.forEach((line, i) => say(element.children[i], line));
}

/** Nothing is on the glass. */
export function blank() {
  for (const id of ['tl', 'tr', 'bl', 'br']) corner(id, []);
  for (const side of SIDES) say(byId(`edge-${side}`), '');
  byId('scale').hidden = true;
  notice('');
  problem('');
}

/** Who and what: changes with the image. @param image one entry of the stack, @param index from 0, @param count images in the stack */
export function describe(image, index, count) {
  const {set} = image;
  corner('tl', [text(set, TAG.patientName) || 'No name', text(set, TAG.patientId),
    [dateText(text(set, TAG.birthDate)), text(set, TAG.sex)].filter(Boolean).join(' · ')]);
  corner('tr', [text(set, TAG.studyText), whenText(set), text(set, '00080080'), text(set, TAG.accession) && `Acc ${text(set, TAG.accession)}`]);
  corner('bl', [seriesLine(set), viewLine(set), `Image ${index + 1} / ${count}`, image.frames > 1 ? `Frame ${image.frame} / ${image.frames}` : '', sliceLine(set), caution(set)]);
  const edges = edgesOf(shapeOf(set, image.frame), set);
  for (const side of SIDES) say(byId(`edge-${side}`), edges?.[side] ?? '');
}

function seriesLine(set) {
  const parts = [text(set, TAG.modality), text(set, TAG.seriesNumber) && `Series ${text(set, TAG.seriesNumber)}`, text(set, TAG.seriesText)];
  return parts.filter(Boolean).join(' · ');
}

/** Which side, seen how: "L MLO". A study of the chest or the breast is not read without it. */
function viewLine(set) {
  return [text(set, '00200062') || text(set, '00200060'), text(set, '00185101')].filter(Boolean).join(' ');
}

/** What the picture does not show as it was taken. */
function caution(set) {
  const ratio = number(set, '00282112');
  const lossy = text(set, '00282110') === '01' ? `Lossy${ratio ? ` ${decimalText(ratio, 1)}:1` : ''}` : '';
  return [lossy, Object.keys(set).some(tag => OVERLAY_DATA.test(tag)) ? 'Overlay not shown' : ''].filter(Boolean).join(' · ');
}

function sliceLine(set) {
  const [place, thick] = [number(set, TAG.location), number(set, TAG.thickness)];
  return [place === null ? '' : `Loc ${decimalText(place, 1)} mm`, thick === null ? '' : `Thick ${decimalText(thick, 2)} mm`].filter(Boolean).join(' · ');
}

/** How it is shown: changes with every drag. @param found what the viewport measured under the pointer, or null */
export function status(viewport, found) {
  const {picture} = viewport;
  if (!picture) return corner('br', []);
  const drawn = picture.bitmap ? archiveText(picture, viewport.inverted) : windowText(viewport);
  corner('br', [drawn, `Zoom ${Math.round(viewport.scale * (window.devicePixelRatio || 1) * 100)} %`, reading(picture, found)]);
  const last = byId('br').lastElementChild;
  for (const line of byId('br').children) line.classList.toggle('reading', line === last && Boolean(found));
  scale(viewport);
}

/** Colour has no window, which everybody knows; any other picture without one says why. */
function archiveText({why}, inverted) {
  return [isColour(why) ? '' : `Drawn by the archive: ${why}`, inverted ? 'inverted' : ''].filter(Boolean).join(' · ');
}

function windowText({window, inverted}) {
  const digits = window.width < 50 ? 2 : 0;
  const shown = window.kind === TABLE ? `Table ${window.name || 'from file'}` : `W ${decimalText(window.width, digits)} · C ${decimalText(window.center, digits)}${FUNCTIONS[window.kind] ?? ''}`;
  return shown + (inverted ? ' · inverted' : '');
}

function reading(picture, found) {
  if (!found) return '';
  const value = found.value === null ? '' : `${decimalText(found.value, 2)}${picture.shape.unit ? ` ${picture.shape.unit}` : ''} `;
  return `${value}@ ${found.column}, ${found.row}`;
}

/** A bar of round millimetres, at most a quarter of the glass; none when the picture does not say how large its pixels are. */
function scale(viewport) {
  const {ruler} = viewport.picture.shape;
  const pixelsPerMm = ruler ? viewport.scale / ruler.mm : 0;
  const length = BARS_MM.find(mm => mm * pixelsPerMm <= viewport.width / 4);
  byId('scale').hidden = !pixelsPerMm || !length || length * pixelsPerMm < 20;
  if (byId('scale').hidden) return;
  byId('scale').style.width = `${length * pixelsPerMm}px`;
  say(byId('scale-text'), `${length >= 10 ? `${length / 10} cm` : `${length} mm`}${ruler.note && ` ${ruler.note}`}`);
}

/** A sentence over the picture, '' for none. */
export function notice(words) {
  byId('notice').hidden = !words;
  say(byId('notice'), words);
}

export function problem(words) {
  byId('problem').hidden = !words;
  say(byId('problem'), words);
}
