// Mappings somebody is working on, kept in this browser so that a reload loses nothing. Only mappings: messages are patients' data, and are never kept.

// There is one draft in a browser: of two tabs the one that was typed in last is kept, and the other is told.

const KEY = 'mapper-draft';

/** @param told called when another tab has kept its own in place of this one's */
export function elsewhere(told) {
  addEventListener('storage', event => event.key === KEY && event.newValue && told());
}

/** @returns {{device, fhir, name, version} | null} device and fhir: {value, text} */
export function load(store = localStorage) {
  try {
    const kept = JSON.parse(store.getItem(KEY));
    const whole = kept && [kept.device, kept.fhir].every(one => typeof one?.value === 'string');
    return whole ? kept : null;
  } catch {
    return null;
  }
}

/** False when this browser has no room for it. */
export function save({device, fhir, name, version}, store = localStorage) {
  try {
    store.setItem(KEY, JSON.stringify({device, fhir, name, version}));
    return true;
  } catch {
    return false;
  }
}
