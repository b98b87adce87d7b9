// From values to grey: the window functions of PS3.3 section C.11.2.1. Pure.

/** CT presets, width and centre in HU. */
export const CT_PRESETS = [
  {name: 'Brain', center: 40, width: 80},
  {name: 'Soft tissue', center: 40, width: 400},
  {name: 'Lung', center: -600, width: 1500},
  {name: 'Bone', center: 500, width: 2000},
];

/** A window that a function accepts: LINEAR needs a width of at least 1, the others more than 0. */
export function tamed({center, width, kind = 'LINEAR'}) {
  return {center, width: Math.max(width, kind === 'LINEAR' ? 1 : 1e-6), kind};
}

/**
 * The grey of a value, 0..255, not rounded.
 *
 * @param window {center, width, kind}, where kind is LINEAR, LINEAR_EXACT or SIGMOID
 */
export function grey(window) {
  const {center, width, kind} = tamed(window);
  if (kind === 'SIGMOID') return value => 255 / (1 + Math.exp(-4 * (value - center) / width));
  if (kind === 'LINEAR_EXACT') return ramp(center - width / 2, width);
  if (width === 1) return value => value <= center - 0.5 ? 0 : 255;
  return ramp(center - 0.5 - (width - 1) / 2, width - 1);
}

function ramp(low, span) {
  return value => value <= low ? 0 : value > low + span ? 255 : (value - low) / span * 255;
}

/** The window that shows all values from low to high: lowest black, highest white. */
export function covering({low, high}) {
  return {center: (low + high + 1) / 2, width: Math.max(1, high - low + 1), kind: 'LINEAR'};
}

/** A drag of so many pixels: right is wider, down is a higher centre. A narrow window moves in small steps, a wide one in large ones. */
export function dragged(window, dx, dy, {low, high}) {
  const step = Math.max(window.width, (high - low) / 64) / 256;
  return tamed({center: window.center + dy * step, width: window.width + dx * step, kind: window.kind});
}
