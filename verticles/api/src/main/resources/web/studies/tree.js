// A data set as lines of text: tag, keyword, VR, value, items indented. Pure. Values are anybody's text.
import {personText} from './elements.js';

const MOST_LETTERS = 400;
const MOST_VALUES = 64;

/**
 * @param set      DICOM JSON
 * @param keywords Map of 'GGGGEEEE' → keyword
 * @returns [{depth, tag '(gggg,eeee)', keyword, vr, value}], in order of tag; an item of a sequence has a line of its own
 */
export function lines(set, keywords, depth = 0) {
  const found = [];
  for (const tag of Object.keys(set).sort()) {
    const {vr = '', Value, BulkDataURI, InlineBinary} = set[tag] ?? {};
    const items = vr === 'SQ' && Array.isArray(Value) ? Value : [];
    found.push({depth, tag: `(${tag.slice(0, 4)},${tag.slice(4)})`, keyword: keywordOf(tag, keywords), vr: String(vr), value: valueText(vr, Value, BulkDataURI, InlineBinary)});
    items.forEach((item, i) => {
      found.push({depth: depth + 1, tag: '', keyword: `Item ${i + 1}`, vr: '', value: ''});
      found.push(...lines(item ?? {}, keywords, depth + 2));
    });
  }
  return found;
}

/** PS3.6: names by tag; odd groups are private, and repeating groups are listed once with their even base. */
export function keywordOf(tag, keywords) {
  const group = parseInt(tag.slice(0, 4), 16);
  if (group % 2) return /^00[1-9A-F][0-9A-F]$/i.test(tag.slice(4)) ? 'Private creator' : 'Private';
  const upper = tag.toUpperCase();
  return keywords.get(upper) ?? (/^(50|60)/.test(upper) ? keywords.get(upper.slice(0, 2) + '00' + upper.slice(4)) : undefined) ?? '';
}

function valueText(vr, value, bulk, inline) {
  if (bulk !== undefined) return 'bulk data, not shown';
  if (inline !== undefined) return `${Math.floor(String(inline).replace(/=+$/, '').length * 3 / 4)} bytes, not shown`;
  if (!Array.isArray(value)) return '';
  if (vr === 'SQ') return value.length === 1 ? '1 item' : `${value.length} items`;
  const shown = value.slice(0, MOST_VALUES).map(one => one === null ? '' : typeof one === 'object' ? personText(one) : String(one)).join(' \\ ');
  const rest = value.length > MOST_VALUES ? ` … ${value.length} values` : '';
  return (shown.length > MOST_LETTERS ? shown.slice(0, MOST_LETTERS) + '…' : shown) + rest;
}

/** Lines that hold all the words, and the lines they lie under. */
export function matching(all, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return all;
  const keep = new Set();
  const above = [];
  all.forEach((line, i) => {
    above.length = line.depth;
    above[line.depth] = i;
    const text = `${line.tag} ${line.tag.replace(/[(),]/g, '')} ${line.keyword} ${line.vr} ${line.value}`.toLowerCase();
    if (wanted.every(word => text.includes(word))) above.forEach(one => keep.add(one));
  });
  return all.filter((line, i) => keep.has(i));
}
