// Talking to this node's DICOMweb door. Every failure becomes a Trouble, which can say in words what a person can do about it.
import {parts} from './multipart.js';

const BASE = '/dicom-web';
const JSON_TYPE = 'application/dicom+json';
const FRAME_TYPE = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';
const MOST_REASON = 300;
/** Series of a study that are listed. */
const MOST_SERIES = 5_000;

/** kind: offline (no answer at all), absent (no such door or object), refused (our question), unacceptable (406), busy (503, 429), broken (all else) */
export class Trouble extends Error {
  constructor(kind, status, reason = '', retryAfter = '') {
    super(reason || `status ${status}`);
    Object.assign(this, {kind, status, reason, retryAfter});
  }

  /** @param doing what failed, e.g. 'The study list cannot be read' */
  words(doing) {
    const said = this.reason ? ` It said: ${this.reason}` : '';
    switch (this.kind) {
      case 'offline': return `${doing}: this node does not answer. Check the network, and whether the node is running.`;
      case 'absent': return `${doing}: this node has nothing at this address (404).${said}`;
      case 'refused': return `${doing}: the archive did not accept the question (${this.status}).${said}`;
      case 'unacceptable': return `${doing}: the archive cannot give it in a form that this page reads (406).${said}`;
      case 'busy': return `${doing}: the archive is busy (${this.status})${this.retryAfter ? `, try again in ${this.retryAfter} s` : ', try again in a moment'}.${said}`;
      default: return `${doing}: the archive failed (${this.status}).${said} Its log tells more.`;
    }
  }
}

const KINDS = {400: 'refused', 401: 'refused', 403: 'refused', 404: 'absent', 406: 'unacceptable', 410: 'absent', 413: 'refused', 414: 'refused', 429: 'busy', 503: 'busy'};

async function ask(path, accept, signal) {
  let answer;
  try {
    answer = await fetch(BASE + path, {headers: {Accept: accept}, signal});
  } catch (failed) {
    if (signal?.aborted) throw failed;
    throw new Trouble('offline', 0);
  }
  if (answer.ok) return answer;
  throw new Trouble(KINDS[answer.status] ?? 'broken', answer.status, await reason(answer), answer.headers.get('Retry-After') ?? '');
}

/** What the door says is wrong, as text, whatever it wraps it in. */
async function reason(answer) {
  try {
    const body = (await answer.text()).slice(0, 10_000);
    if (/html/i.test(answer.headers.get('Content-Type') ?? '')) return '';
    if (!body.startsWith('{')) return body.slice(0, MOST_REASON);
    const told = JSON.parse(body);
    const words = told.issue?.[0]?.diagnostics ?? told.reason ?? told.message ?? told.error ?? '';
    return String(words).slice(0, MOST_REASON);
  } catch {
    return '';
  }
}

/** A connection may break in the middle of an answer: that is no answer. */
async function body(answer, read, signal) {
  try {
    return await read(answer);
  } catch (failed) {
    if (signal?.aborted) throw failed;
    throw new Trouble('broken', answer.status, 'The answer was cut short or is not what its Content-Type says.');
  }
}

async function list(path, signal) {
  const answer = await ask(path, JSON_TYPE, signal);
  if (answer.status === 204) return [];
  const found = await body(answer, one => one.json(), signal);
  return Array.isArray(found) ? found : [];
}

const at = uid => encodeURIComponent(uid);
export const studyPath = study => `/studies/${at(study)}`;
export const seriesPath = (study, series) => `${studyPath(study)}/series/${at(series)}`;
export const instancePath = ({study, series, instance}) => `${seriesPath(study, series)}/instances/${at(instance)}`;
export const studyThumbnail = study => `${BASE}${studyPath(study)}/thumbnail`;
export const seriesThumbnail = (study, series) => `${BASE}${seriesPath(study, series)}/thumbnail`;

export const searchStudies = (params, signal) => list(`/studies?${params}`, signal);
export const study = (uid, signal) => list(`/studies?StudyInstanceUID=${at(uid)}&includefield=all&limit=1`, signal);
export const seriesOf = (uid, signal) => list(`${studyPath(uid)}/series?includefield=0008103E,00200011,00201209,00180015&limit=${MOST_SERIES}`, signal);
export const metadata = (uid, series, signal) => list(`${seriesPath(uid, series)}/metadata`, signal);

/** The bytes of one frame, uncompressed little endian. @param image {study, series, instance, frame} */
export async function frame(image, signal) {
  const answer = await ask(`${instancePath(image)}/frames/${image.frame}`, FRAME_TYPE, signal);
  const bytes = await body(answer, async one => new Uint8Array(await one.arrayBuffer()), signal);
  const found = await body(answer, () => parts(bytes, answer.headers.get('Content-Type')), signal);
  if (found.length !== 1) throw new Trouble('broken', answer.status, `One frame was asked for, ${found.length} came.`);
  return found[0].body;
}

/** One frame as the archive draws it, a PNG blob. */
export async function rendered(image, signal) {
  const answer = await ask(`${instancePath(image)}/frames/${image.frame}/rendered`, 'image/png', signal);
  return body(answer, one => one.blob(), signal);
}

/** A value that the metadata only points at. @param address as the archive named it; whichever host it gave itself, it is this one */
export async function bulk(address, signal) {
  const path = new URL(address, location.href).pathname;
  if (!path.startsWith(`${BASE}/`)) throw new Trouble('broken', 0, 'The archive points to an address that is not its own.');
  const answer = await ask(path.slice(BASE.length), 'application/octet-stream', signal);
  return body(answer, async one => new Uint8Array(await one.arrayBuffer()), signal);
}

/** The instance as it was received, byte for byte. */
export async function file(image, signal) {
  const answer = await ask(instancePath(image), 'application/dicom; transfer-syntax=*', signal);
  return body(answer, one => one.blob(), signal);
}
