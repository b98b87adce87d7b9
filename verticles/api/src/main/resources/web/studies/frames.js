// Frames on their way from the archive to the screen: the one that is looked at first, its neighbours after it, and memory that has an end.
import {Trouble, bulk, frame, rendered} from './dicomweb.js';
import {extent, shapeOf, stored} from './pixels.js';
import {tableOf} from './voi.js';

const AT_ONCE = 4;

/** What can be drawn. values: {pixels, tables, shape, range, bytes}; picture: {bitmap, shape, why, bytes}. */
export async function read(image, signal, doors = {frame, bulk, rendered, bitmap: blob => createImageBitmap(blob)}) {
  const shape = shapeOf(image.set, image.frame);
  let why = shape.drawable;
  if (!why) {
    try {
      const pixels = stored(await doors.frame(image, signal), shape);
      return {pixels, shape, tables: await tables(shape, signal, doors), range: extent(pixels, shape), bytes: pixels.byteLength};
    } catch (failed) {
      if (signal?.aborted || failed instanceof Trouble && failed.kind !== 'unacceptable') throw failed;
      why = failed instanceof Trouble ? 'its pixels cannot be sent uncompressed' : failed.message;
    }
  }
  const bitmap = await doors.bitmap(await doors.rendered(image, signal));
  return {bitmap, shape, why, bytes: bitmap.width * bitmap.height * 4};
}

/** The tables a file brings along; one that is none is left out. Numbers stand in the metadata, words of bytes are fetched. */
async function tables(shape, signal, doors) {
  const found = await Promise.all(shape.tables.map(async ({descriptor, data, name}) => {
    const listed = data.Value && new Uint8Array(Uint16Array.from(data.Value).buffer);
    const bytes = listed ?? (data.BulkDataURI ? await doors.bulk(data.BulkDataURI, signal) : new Uint8Array(0));
    return tableOf(descriptor, bytes, shape.signed || shape.intercept < 0, name);
  }));
  return found.filter(Boolean);
}

/**
 * Keeps the frames used last, within a number of bytes, and never asks for one twice at a time.
 * At most four questions are open, and one for what is wanted now, which goes before what may be wanted next. Whoever runs through a thousand images wants only the
 * one they have come to: what was wanted before it is dropped unless its question is out already, and so is a prefetch that is no neighbour any more.
 */
export class FrameCache {
  #kept = new Map();
  #open = new Map();
  #waiting = [];
  #bytes = 0;

  /** @param most bytes kept; the frame read last is kept in any case */
  constructor(most, reader = read) {
    this.most = most;
    this.reader = reader;
  }

  get bytes() {
    return this.#bytes;
  }

  get size() {
    return this.#kept.size;
  }

  has(image) {
    return this.#kept.has(keyOf(image));
  }

  /** @returns the frame when it is here already, else undefined */
  peek(image) {
    const key = keyOf(image);
    const found = this.#kept.get(key);
    if (found) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
    }
    return found;
  }

  /** @returns a promise of the frame; its question goes out before all others. An AbortError tells that another one is wanted by now. */
  want(image) {
    const found = this.peek(image);
    if (found) return Promise.resolve(found);
    const one = this.#entry(image);
    for (const [key, other] of this.#open) if (other.wanted && other !== one) this.#demote(key, other);
    one.wanted = true;
    this.#run();
    return one.promise;
  }

  /** These are likely next, in this order; earlier wishes that are not among them are dropped. */
  prefetch(images) {
    const keys = new Set(images.map(keyOf));
    for (const [key, one] of this.#open) if (!one.wanted && !keys.has(key)) this.#drop(key, one);
    for (const image of images) if (!this.has(image)) this.#entry(image);
    this.#run();
  }

  clear() {
    for (const [key, one] of this.#open) this.#drop(key, one);
    for (const found of this.#kept.values()) found.bitmap?.close?.();
    this.#kept.clear();
    this.#bytes = 0;
  }

  #entry(image) {
    const key = keyOf(image);
    let one = this.#open.get(key);
    if (!one) {
      one = {key, image, wanted: false, running: false, control: new AbortController()};
      one.promise = new Promise((kept, failed) => Object.assign(one, {kept, failed}));
      one.promise.catch(() => {});
      this.#open.set(key, one);
      this.#waiting.push(one);
    }
    return one;
  }

  #demote(key, one) {
    one.wanted = false;
    if (!one.running) this.#drop(key, one);
  }

  #drop(key, one) {
    this.#open.delete(key);
    this.#waiting = this.#waiting.filter(other => other !== one);
    one.control.abort();
    one.failed(new DOMException('no longer wanted', 'AbortError'));
  }

  #run() {
    this.#waiting.sort((a, b) => Number(b.wanted) - Number(a.wanted));
    const running = () => [...this.#open.values()].filter(one => one.running).length;
    while (this.#waiting.length && (running() < AT_ONCE || this.#waiting[0].wanted && running() < AT_ONCE + 1)) this.#start(this.#waiting.shift());
  }

  async #start(one) {
    one.running = true;
    try {
      const found = await this.reader(one.image, one.control.signal);
      if (this.#open.get(one.key) !== one) return found.bitmap?.close?.();
      this.#keep(one.key, found);
      one.kept(found);
    } catch (failed) {
      one.failed(failed);
    } finally {
      if (this.#open.get(one.key) === one) this.#open.delete(one.key);
      this.#run();
    }
  }

  #keep(key, found) {
    this.#kept.set(key, found);
    this.#bytes += found.bytes;
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= this.most || oldest === key) break;
      this.#kept.delete(oldest);
      this.#bytes -= old.bytes;
      old.bitmap?.close?.();
    }
  }
}

function keyOf(image) {
  return `${image.instance}/${image.frame}`;
}

/** The neighbours worth having: most in the direction of travel, a few behind, nearest first. */
export function neighbours(stack, index, direction, ahead = 12, behind = 4) {
  const found = [];
  for (let step = 1; step <= Math.max(ahead, behind); step++) {
    if (step <= ahead) found.push(index + step * direction);
    if (step <= behind) found.push(index - step * direction);
  }
  return found.filter(at => at >= 0 && at < stack.length).map(at => stack[at]);
}
