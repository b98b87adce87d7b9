// Mouse, pen, fingers and wheel over the glass, told as what they mean: scroll, window, pan, zoom, look.

const WHEEL_STEP = 60;
const DRAG_STEP = 12;
const TOOLS = ['scroll', 'window', 'pan', 'zoom'];

/** @param heard {scroll(steps), window(dx, dy), pan(dx, dy), zoom(factor, x, y), look(x, y) or look(null), tool() → what plain dragging does} */
export class Gestures {
  constructor(canvas, heard) {
    this.canvas = canvas;
    this.heard = heard;
    this.fingers = new Map();
    this.tool = null;
    this.rest = 0;
    canvas.addEventListener('pointerdown', event => this.down(event));
    canvas.addEventListener('pointermove', event => this.move(event));
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, event => this.up(event));
    canvas.addEventListener('pointerleave', () => heard.look(null));
    canvas.addEventListener('wheel', event => this.wheel(event), {passive: false});
    canvas.addEventListener('contextmenu', event => event.preventDefault());
    canvas.addEventListener('auxclick', event => event.preventDefault());
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return {x: event.clientX - box.left, y: event.clientY - box.top};
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.point(event));
    this.rest = 0;
    this.tool = this.fingers.size > 1 ? 'pinch' : this.toolOf(event);
    this.canvas.focus({preventScroll: true});
    if (event.button === 1) event.preventDefault();
  }

  toolOf(event) {
    if (event.button === 2) return 'window';
    if (event.button === 1 || event.shiftKey) return 'pan';
    if (event.ctrlKey) return 'zoom';
    const tool = this.heard.tool();
    return TOOLS.includes(tool) ? tool : 'window';
  }

  move(event) {
    const now = this.point(event);
    const before = this.fingers.get(event.pointerId);
    if (event.pointerType !== 'touch') this.heard.look(now.x, now.y);
    if (!before) return;
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    if (this.tool === 'pinch') this.pinch(event.pointerId, before, now);
    else if (this.tool === 'window') this.heard.window(dx, dy);
    else if (this.tool === 'pan') this.heard.pan(dx, dy);
    else if (this.tool === 'zoom') this.heard.zoom(Math.exp(-dy / 150), this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
    else this.steps(dy, DRAG_STEP);
    this.fingers.set(event.pointerId, now);
  }

  /** Two fingers zoom by their distance and pan by their middle. */
  pinch(id, before, now) {
    const other = [...this.fingers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const distance = point => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    this.heard.zoom(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    this.heard.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  up(event) {
    this.fingers.delete(event.pointerId);
    if (!this.fingers.size) this.tool = null;
  }

  wheel(event) {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? WHEEL_STEP : event.deltaMode === 2 ? WHEEL_STEP * 10 : 1);
    if (event.ctrlKey) {
      const {x, y} = this.point(event);
      this.heard.zoom(Math.exp(-pixels / 400), x, y);
    } else if (Math.abs(pixels) >= WHEEL_STEP) {
      this.rest = 0;
      this.heard.scroll(Math.sign(pixels));
    } else {
      this.steps(pixels, WHEEL_STEP);
    }
  }

  /** A touchpad and a finger move in small pieces; they add up to whole images. */
  steps(pixels, size) {
    this.rest += pixels;
    const whole = Math.trunc(this.rest / size);
    if (!whole) return;
    this.rest -= whole * size;
    this.heard.scroll(whole);
  }
}
