// What the person looks for, as QIDO-RS parameters (PS3.18 section 10.6) and as the part of the address behind '#'. Pure.
// Names stay behind the '#': a browser never sends that part to a server or to a proxy's log.

export const PAGE_SIZES = [25, 50, 100];
export const MODALITIES = ['CR', 'CT', 'DX', 'ES', 'IVUS', 'IO', 'MG', 'MR', 'NM', 'OP', 'OPT', 'OT', 'PT', 'PX', 'RF', 'RG', 'SC', 'SM', 'SR', 'US', 'XA', 'XC'];
const DATES = ['all', 'today', 'week', 'range'];
const DAY_MILLIS = 86_400_000;
/** More than the standard's "study" answer would give by default, so that a row can be filled (PS3.18 table 10.6.3-3). */
const FIELDS = ['00081030', '00080061', '00201206', '00201208', '00100040'];

export const EMPTY = Object.freeze({name: '', patient: '', accession: '', dates: 'all', from: '', to: '', modality: '', offset: 0, size: PAGE_SIZES[0]});

/** Parameters of GET /studies. One row more than a page holds is asked for: it tells whether a next page exists. @param today Date */
export function toParams(search, today) {
  const params = new URLSearchParams();
  if (search.name.trim()) params.set('PatientName', namePattern(search.name));
  if (search.patient.trim()) params.set('PatientID', search.patient.trim());
  if (search.accession.trim()) params.set('AccessionNumber', search.accession.trim());
  const dates = dateRange(search, today);
  if (dates) params.set('StudyDate', dates);
  if (search.modality) params.set('ModalitiesInStudy', search.modality);
  params.set('includefield', FIELDS.join(','));
  params.set('limit', String(search.size + 1));
  params.set('offset', String(search.offset));
  return params;
}

/** "Costa, Clara" → "Costa^Clara*". Wildcards that somebody types are kept as they are. */
export function namePattern(typed) {
  const name = typed.trim().replace(/\s*[,^]\s*/g, '^');
  return /[*?]$/.test(name) ? name : `${name}*`;
}

/** @returns 'YYYYMMDD-YYYYMMDD', one side open, or '' for all days */
export function dateRange(search, today) {
  if (search.dates === 'today') return `${compact(today)}-${compact(today)}`;
  if (search.dates === 'week') return `${compact(new Date(today.getTime() - 6 * DAY_MILLIS))}-${compact(today)}`;
  if (search.dates !== 'range') return '';
  const [from, to] = [search.from, search.to].map(day => /^\d{4}-\d\d-\d\d$/.test(day) ? day.replaceAll('-', '') : '');
  return from || to ? `${from}-${to}` : '';
}

/** What is wrong with the search in one sentence, or ''. */
export function mistake(search) {
  if (search.dates === 'range' && search.from && search.to && search.from > search.to) return 'The first day of the range is after the last one.';
  return '';
}

function compact(date) {
  return `${date.getFullYear()}${String(date.getMonth() + 1).padStart(2, '0')}${String(date.getDate()).padStart(2, '0')}`;
}

/** Only what differs from the empty search, so that an address stays short. */
export function toFragment(search) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) if (value !== EMPTY[name]) params.set(name, String(value));
  return params.toString();
}

/** Anybody can write an address: what does not fit becomes the default. */
export function fromFragment(fragment) {
  const params = new URLSearchParams(fragment.replace(/^#/, ''));
  const search = {...EMPTY};
  for (const name of ['name', 'patient', 'accession', 'from', 'to', 'modality']) search[name] = (params.get(name) ?? '').slice(0, 128);
  if (DATES.includes(params.get('dates'))) search.dates = params.get('dates');
  const offset = Number(params.get('offset'));
  if (Number.isSafeInteger(offset) && offset > 0) search.offset = offset;
  if (PAGE_SIZES.includes(Number(params.get('size')))) search.size = Number(params.get('size'));
  return search;
}

export function isNarrowed(search) {
  return Boolean(search.name.trim() || search.patient.trim() || search.accession.trim() || search.modality || search.dates !== 'all');
}
