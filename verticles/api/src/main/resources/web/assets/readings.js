// What the house knows of each reading: its name, unit, digits, the span of its trend line, and from where a nurse should look.

/**
 * Limits follow the points of the National Early Warning Score 2 for adults: "urgent" is a reading that scores 3 by itself, "watch" one that
 * scores 2 (or 1 where the score has no 2 on that side). They colour tiles; they are no alarm limits.
 */
export const READINGS = [
  {key: 'heartrate/hr', loinc: ['8867-4'], name: 'HR', long: 'Heart rate', unit: 'bpm', digits: 0, span: [50, 120], oldMillis: 15_000,
    limits: {urgentLow: 40, watchLow: 50, watchHigh: 111, urgentHigh: 131}, trend: true},
  {key: 'spo2/spo2', loinc: ['59408-5', '2708-6'], name: 'SpO₂', long: 'Oxygen saturation', unit: '%', digits: 0, span: [88, 100], oldMillis: 15_000,
    limits: {urgentLow: 91, watchLow: 93}, trend: true},
  {key: 'respiration/rr', loinc: ['9279-1'], name: 'Resp', long: 'Respiratory rate', unit: '/min', digits: 0, span: [8, 28], oldMillis: 15_000,
    limits: {urgentLow: 8, watchLow: 11, watchHigh: 21, urgentHigh: 25}, trend: true},
  {key: 'bloodpressure/sys', loinc: ['8480-6'], name: 'Sys', long: 'Systolic pressure', unit: 'mmHg', digits: 0, span: [60, 180], oldMillis: 20 * 60_000,
    limits: {urgentLow: 90, watchLow: 100, urgentHigh: 220}},
  {key: 'bloodpressure/dia', loinc: ['8462-4'], name: 'Dia', long: 'Diastolic pressure', unit: 'mmHg', digits: 0, span: [30, 120], oldMillis: 20 * 60_000, limits: {}},
  {key: 'temperature/temp', loinc: ['8310-5'], name: 'Temp', long: 'Body temperature', unit: '°C', digits: 1, span: [35, 40], oldMillis: 20 * 60_000,
    limits: {urgentLow: 35, watchLow: 36, watchHigh: 38.1}},
];

export const BY_KEY = new Map(READINGS.map(reading => [reading.key, reading]));
export const BY_LOINC = new Map(READINGS.flatMap(reading => reading.loinc.map(code => [code, reading])));

/** Nothing heard for this long: the device counts as silent. Monitors send every second. What is measured now and then grows old later. */
export const SILENT_MILLIS = 15_000;

export const RANK = {urgent: 0, silent: 1, watch: 2, normal: 3};

/** @returns {{level: 'normal'|'watch'|'urgent', side: ''|'low'|'high'}} */
export function judge(reading, value) {
  const {urgentLow, watchLow, watchHigh, urgentHigh} = reading.limits;
  if (!Number.isFinite(value)) return {level: 'normal', side: ''};
  if (value <= urgentLow) return {level: 'urgent', side: 'low'};
  if (value >= urgentHigh) return {level: 'urgent', side: 'high'};
  if (value <= watchLow) return {level: 'watch', side: 'low'};
  if (value >= watchHigh) return {level: 'watch', side: 'high'};
  return {level: 'normal', side: ''};
}

/** The number as the tile shows it; a text that is no number is shown as it is. */
export function shown(reading, text) {
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? value.toFixed(reading.digits) : String(text);
}
