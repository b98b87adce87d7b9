// From values to grey: the window functions and tables of PS3.3 section C.11.2.1. Pure.

/** CT presets, width and centre in HU. */
export const CT_PRESETS = [
  {name: 'Brain', center: 40, width: 80},
  {name: 'Soft tissue', center: 40, width: 400},
  {name: 'Lung', center: -600, width: 1500},
  {name: 'Bone', center: 500, width: 2000},
];

/** What else a window may be: a table of the file's own. */
export const TABLE = 'TABLE';

/**
 * A VOI LUT (PS3.3 section C.11.2.1.1) as something to show an image with. Its centre and width span the values it lists, for a drag to begin with.
 *
 * @param descriptor [number of entries, 0 for 65,536; first value mapped; bits of an entry]
 * @param bytes      entries of 16 bits, little endian, or of 8 bits, which some writers pack: the length tells
 * @param signed     whether values may be negative, which the descriptor's VR does not say reliably
 * @returns {kind: TABLE, name, first, entries, top, center, width}, or null when it is no table
 */
export function tableOf(descriptor, bytes, signed, name = '') {
  const [many, start, bits] = descriptor;
  const count = many === 0 ? 65_536 : many;
  if (descriptor.length !== 3 || count < 0 || bits < 8 || bits > 16 || bytes.length < count) return null;
  const wide = bytes.length >= 2 * count;
  const entries = Uint16Array.from({length: count}, (none, i) => wide ? bytes[2 * i] | bytes[2 * i + 1] << 8 : bytes[i]);
  const first = signed && start > 32_767 ? start - 65_536 : start;
  return {kind: TABLE, name, first, entries, top: 2 ** bits - 1, center: first + count / 2, width: count};
}

/** A window that a function accepts: LINEAR needs a width of at least 1, the others more than 0. */
export function tamed({center, width, kind = 'LINEAR'}) {
  return {center, width: Math.max(width, kind === 'LINEAR' ? 1 : 1e-6), kind};
}

/**
 * The grey of a value, 0..255, not rounded.
 *
 * @param window {center, width, kind}, where kind is LINEAR, LINEAR_EXACT or SIGMOID; or a table
 */
export function grey(window) {
  if (window.kind === TABLE) return looked(window);
  const {center, width, kind} = tamed(window);
  if (kind === 'SIGMOID') return value => 255 / (1 + Math.exp(-4 * (value - center) / width));
  if (kind === 'LINEAR_EXACT') return ramp(center - width / 2, width);
  if (width === 1) return value => value <= center - 0.5 ? 0 : 255;
  return ramp(center - 0.5 - (width - 1) / 2, width - 1);
}

/** Below its first value a table gives its first entry, above its last value its last one. */
function looked({first, entries, top}) {
  return value => Math.min(1, entries[Math.min(entries.length - 1, Math.max(0, Math.trunc(value) - first))] / top) * 255;
}

function ramp(low, span) {
  return value => value <= low ? 0 : value > low + span ? 255 : (value - low) / span * 255;
}

/** The window that shows all values from low to high: lowest black, highest white. */
export function covering({low, high}) {
  return {center: (low + high + 1) / 2, width: Math.max(1, high - low + 1), kind: 'LINEAR'};
}

/** A drag of so many pixels: right is wider, down is a higher centre. A narrow window moves in small steps, a wide one in large ones; a table becomes a window. */
export function dragged(window, dx, dy, {low, high}) {
  const step = Math.max(window.width, (high - low) / 64) / 256;
  return tamed({center: window.center + dy * step, width: window.width + dx * step, kind: window.kind === TABLE ? 'LINEAR' : window.kind});
}
