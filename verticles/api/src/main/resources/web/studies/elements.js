// Reading the DICOM JSON model (PS3.18 annex F): values by tag, names, dates. Pure. Whatever comes out is text from somewhere else.

export const TAG = {
  study: '0020000D', series: '0020000E', instance: '00080018', sopClass: '00080016', patientName: '00100010', patientId: '00100020',
  birthDate: '00100030', sex: '00100040', studyDate: '00080020', studyTime: '00080030', accession: '00080050', studyText: '00081030',
  modality: '00080060', modalities: '00080061', seriesText: '0008103E', seriesNumber: '00200011', instanceNumber: '00200013',
  studySeries: '00201206', studyInstances: '00201208', seriesInstances: '00201209', referrer: '00080090', bodyPart: '00180015',
  frames: '00280008', position: '00200032', orientation: '00200037', location: '00201041', thickness: '00180050',
};

/** Modalities whose objects have no pixels (PS3.3 section C.7.3.1.1.1): there is no thumbnail to ask for. */
const WITHOUT_PICTURES = new Set(['AU', 'DOC', 'ECG', 'EPS', 'FID', 'HD', 'KO', 'M3D', 'PLAN', 'PR', 'REG', 'RESP', 'RTPLAN', 'RTRECORD', 'RTSTRUCT', 'SMR', 'SR', 'STAIN', 'TEXTUREMAP']);

/** @param modalities of a study or a series @returns whether one of them may have a picture */
export function mayHavePicture(modalities) {
  return !modalities.length || modalities.some(one => !WITHOUT_PICTURES.has(one));
}

export function values(set, tag) {
  const found = set?.[tag]?.Value;
  return Array.isArray(found) ? found.filter(value => value !== null && value !== undefined) : [];
}

/** The first value as text, '' when there is none. */
export function text(set, tag) {
  const value = values(set, tag)[0];
  if (value === undefined) return '';
  return typeof value === 'object' ? personText(value) : String(value).trim();
}

/** The numbers of an element; what is none is left out. IS and DS may come as numbers or as text. */
export function numbers(set, tag) {
  return values(set, tag).filter(value => value !== '' && typeof value !== 'object').map(Number).filter(Number.isFinite);
}

/** @returns the first number, or null */
export function number(set, tag) {
  return numbers(set, tag)[0] ?? null;
}

export function items(set, tag) {
  return values(set, tag).filter(value => typeof value === 'object');
}

/** "Costa^Clara^^Dr" as people read it: "Costa, Clara, Dr"; other scripts follow in parentheses (PS3.5 section 6.2.1). */
export function personText(name) {
  if (typeof name === 'string') return groupText(name);
  const groups = [name.Alphabetic, name.Ideographic, name.Phonetic].filter(group => typeof group === 'string').map(groupText).filter(Boolean);
  if (groups.length < 2) return groups[0] ?? '';
  return `${groups[0]} (${groups.slice(1).join(' · ')})`;
}

function groupText(group) {
  const [family, given, middle, prefix, suffix] = group.split('^').map(part => part.trim());
  const first = [given, middle].filter(Boolean).join(' ');
  return [family, first, prefix, suffix].filter(Boolean).join(', ');
}

/** 20240115 → 2024-01-15. What is no date stays as it came. */
export function dateText(value) {
  const found = /^(\d{4})\.?(\d\d)\.?(\d\d)$/.exec(value);
  return found ? `${found[1]}-${found[2]}-${found[3]}` : value;
}

/** 101112.5 → 10:11:12; seconds may be missing. */
export function timeText(value, seconds = true) {
  const found = /^(\d\d):?(\d\d)?:?(\d\d)?(?:\.\d*)?$/.exec(value);
  if (!found) return value;
  return [found[1], found[2] ?? '00', ...(seconds && found[3] ? [found[3]] : [])].join(':');
}

export function whenText(set) {
  return [dateText(text(set, TAG.studyDate)), timeText(text(set, TAG.studyTime), false)].filter(Boolean).join(' ');
}

/** A decimal as short as it can be said with so many digits behind the point. */
export function decimalText(value, digits = 2) {
  return Number.isFinite(value) ? String(Number(value.toFixed(digits))).replace('-', '−') : '';
}
