// The glass: one picture on a canvas, with its window, zoom and place. Image coordinates count pixels from the top left corner of the first one.
import {paint, rescaled} from '../pixels.js';

const LEAST_SCALE = 0.02;
const MOST_SCALE = 64;
/** From here on pixels are shown as squares, not as a blur. */
const SQUARES_FROM = 6;

export class Viewport {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext('2d', {alpha: false});
    this.sheet = document.createElement('canvas');
    this.picture = null;
    this.window = {center: 128, width: 256, kind: 'LINEAR'};
    this.inverted = false;
    this.fitted = true;
    this.scale = 1;
    this.x = this.y = 0;
    this.painted = null;
    this.due = 0;
    this.drawn = () => {};
    new ResizeObserver(() => this.resized()).observe(canvas);
  }

  /** @param picture what frames.js read; null clears the glass */
  show(picture) {
    const changed = picture && this.picture && (picture.shape.rows !== this.picture.shape.rows || picture.shape.columns !== this.picture.shape.columns);
    this.picture = picture;
    this.painted = null;
    if (changed || this.fitted) this.place();
    this.draw();
  }

  set(window, inverted) {
    this.window = window;
    this.inverted = inverted;
    this.draw();
  }

  get aspect() {
    return this.picture?.shape.aspect ?? 1;
  }

  get width() {
    return this.canvas.clientWidth;
  }

  get height() {
    return this.canvas.clientHeight;
  }

  resized() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.width * ratio));
    this.canvas.height = Math.max(1, Math.round(this.height * ratio));
    if (this.fitted) this.place();
    this.paintNow();
  }

  fit() {
    this.fitted = true;
    this.place();
    this.draw();
  }

  /** One image pixel is one pixel of the screen, not of the page. */
  actual() {
    this.zoomTo(1 / (window.devicePixelRatio || 1), this.width / 2, this.height / 2);
    this.center();
  }

  place() {
    if (!this.picture) return;
    const {rows, columns} = this.picture.shape;
    this.scale = Math.min(this.width / columns, this.height / (rows * this.aspect)) || 1;
    this.center();
  }

  center() {
    if (!this.picture) return;
    const {rows, columns} = this.picture.shape;
    this.x = (this.width - columns * this.scale) / 2;
    this.y = (this.height - rows * this.scale * this.aspect) / 2;
    this.draw();
  }

  /** @param x,y the point of the glass that stays where it is */
  zoomTo(scale, x, y) {
    const wanted = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale));
    const by = wanted / this.scale;
    this.x = x - (x - this.x) * by;
    this.y = y - (y - this.y) * by;
    this.scale = wanted;
    this.fitted = false;
    this.draw();
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    this.zoomTo(this.scale * factor, x, y);
  }

  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.draw();
  }

  /** Many changes, one drawing: at most once per frame of the screen. */
  draw() {
    if (!this.due) this.due = requestAnimationFrame(() => this.paintNow());
  }

  paintNow() {
    cancelAnimationFrame(this.due);
    this.due = 0;
    const {pen, canvas} = this;
    const ratio = window.devicePixelRatio || 1;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = '#000';
    pen.fillRect(0, 0, canvas.width, canvas.height);
    if (this.picture) {
      this.develop();
      const zoom = this.scale * ratio;
      pen.setTransform(zoom, 0, 0, zoom * this.aspect, Math.round(this.x * ratio), Math.round(this.y * ratio));
      pen.imageSmoothingEnabled = zoom !== 1 && zoom < SQUARES_FROM;
      pen.imageSmoothingQuality = 'high';
      pen.drawImage(this.sheet, 0, 0);
    }
    this.drawn();
  }

  /** Values become grey on a sheet of the image's own size; only when the picture or its window changed. */
  develop() {
    if (this.painted?.window === this.window && this.painted.inverted === this.inverted) return;
    this.painted = {window: this.window, inverted: this.inverted};
    const {pixels, bitmap, shape} = this.picture;
    const [columns, rows] = bitmap ? [bitmap.width, bitmap.height] : [shape.columns, shape.rows];
    if (this.sheet.width !== columns || this.sheet.height !== rows) Object.assign(this.sheet, {width: columns, height: rows});
    const pen = this.sheet.getContext('2d');
    if (bitmap) {
      pen.filter = this.inverted ? 'invert(1)' : 'none';
      pen.drawImage(bitmap, 0, 0);
      return;
    }
    const image = pen.createImageData(columns, rows);
    paint(pixels, shape, this.window, this.inverted, new Uint32Array(image.data.buffer));
    pen.putImageData(image, 0, 0);
  }

  /** The image pixel under a point of the glass, or null outside. */
  pixelAt(x, y) {
    if (!this.picture) return null;
    const column = Math.floor((x - this.x) / this.scale);
    const row = Math.floor((y - this.y) / (this.scale * this.aspect));
    const {rows, columns} = this.picture.shape;
    return column >= 0 && row >= 0 && column < columns && row < rows ? {column, row} : null;
  }

  /** @returns {column, row, value after rescale}, value null when the archive drew the picture; null outside */
  measure(x, y) {
    const at = this.pixelAt(x, y);
    if (!at) return null;
    const {pixels, shape} = this.picture;
    return {...at, value: pixels ? rescaled(pixels[at.row * shape.columns + at.column], shape) : null};
  }
}
