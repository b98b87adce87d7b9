// The keyboard. Letters act only while nobody types into a field, and never together with Ctrl, Alt or Meta, which belong to the browser.

const PAN_STEP = 40;
const ZOOM_STEP = 1.2;
const LEVEL_STEP = 16;

/** @param deed {step(n), to(n or Infinity), series(n), tool(name), preset(n), contrast(steps), brightness(steps), zoom(factor), pan(dx, dy), fit(), actual(), invert(), reset(), cine(), metadata(), help()} */
export function keyboard(deed) {
  const table = {
    ArrowDown: () => deed.step(1), ArrowRight: () => deed.step(1), ArrowUp: () => deed.step(-1), ArrowLeft: () => deed.step(-1),
    PageDown: () => deed.step(10), PageUp: () => deed.step(-10), Home: () => deed.to(0), End: () => deed.to(Infinity),
    n: () => deed.series(1), ']': () => deed.series(1), '[': () => deed.series(-1), '+': () => deed.zoom(ZOOM_STEP), '=': () => deed.zoom(ZOOM_STEP), '-': () => deed.zoom(1 / ZOOM_STEP),
    s: () => deed.tool('scroll'), w: () => deed.tool('window'), p: () => deed.tool('pan'), z: () => deed.tool('zoom'),
    c: () => deed.contrast(LEVEL_STEP), b: () => deed.brightness(LEVEL_STEP),
    f: deed.fit, a: deed.actual, i: deed.invert, r: deed.reset, ' ': deed.cine, m: deed.metadata, '?': deed.help,
  };
  const shifted = {
    ArrowDown: () => deed.pan(0, -PAN_STEP), ArrowUp: () => deed.pan(0, PAN_STEP), ArrowRight: () => deed.pan(-PAN_STEP, 0), ArrowLeft: () => deed.pan(PAN_STEP, 0),
    n: () => deed.series(-1), c: () => deed.contrast(-LEVEL_STEP), b: () => deed.brightness(-LEVEL_STEP),
  };
  document.addEventListener('keydown', event => {
    const isSign = event.getModifierState('AltGraph'); // where [ and ] are written with AltGr, which tells itself as Ctrl and Alt
    if ((event.ctrlKey || event.altKey) && !isSign || event.metaKey || isBusy(event)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = event.shiftKey && shifted[key] || table[key] || (/^[1-9]$/.test(key) ? () => deed.preset(Number(key) - 1) : null);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** A field takes its letters, a button its space, a list and a slider their arrows, an open dialog everything. */
function isBusy(event) {
  if (document.querySelector('dialog[open]')) return true;
  const element = event.target;
  if (element.matches('input[type="search"], input[type="number"], select')) return true;
  if (element.matches('.tree')) return /^(Arrow|Page|Home|End| )/.test(event.key);
  return element.matches('button, a, input') && (event.key === ' ' || event.key === 'Enter');
}
