// Small trend lines. Drawn by hand on a canvas: hundreds of them change every second, which is no work for a charting library.
import {SILENT_MILLIS} from './readings.js';

export const TREND_MILLIS = 10 * 60_000;
const STEP_MILLIS = 2_000;

/** The last minutes of one reading, at most one point per two seconds, oldest first. */
export class Trend {
  points = [];

  add(at, value) {
    if (!Number.isFinite(value)) return;
    const last = this.points.at(-1);
    if (last && at < last[0]) return;
    if (last && at - last[0] < STEP_MILLIS) return;
    this.points.push([at, value]);
  }

  /** Puts older points before the ones we have. */
  prefill(points) {
    const first = this.points[0]?.[0] ?? Infinity;
    const older = new Trend();
    for (const [at, value] of points) if (at < first) older.add(at, value);
    this.points = older.points.concat(this.points);
  }

  forget(now) {
    while (this.points.length && this.points[0][0] < now - TREND_MILLIS) this.points.shift();
  }
}

export function draw(canvas, trend, span, now, colour) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return;
  if (canvas.width !== Math.round(width * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const values = trend.points.map(point => point[1]);
  const low = Math.min(span[0], ...values), high = Math.max(span[1], ...values);
  const x = at => width - 2 - (now - at) / TREND_MILLIS * (width - 2);
  const y = value => height - 3 - (value - low) / (high - low) * (height - 6);
  pen.lineWidth = 1.6;
  pen.lineJoin = 'round';
  pen.strokeStyle = colour;
  pen.beginPath();
  let before = null;
  for (const [at, value] of trend.points) {
    if (before === null || at - before > SILENT_MILLIS) pen.moveTo(x(at), y(value));
    else pen.lineTo(x(at), y(value));
    before = at;
  }
  pen.stroke();
}
