// Asking the node, and reading its answers without losing a digit.

export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** A number that JavaScript's own numbers would round: its digits, as they came. */
export class Exact {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }

  valueOf() {
    return Number(this.text);
  }

  toJSON() {
    return JSON.rawJSON ? JSON.rawJSON(this.text) : Number(this.text);
  }
}

/** JSON with exact numbers, where the browser shows their source (others round them). */
export function parse(text) {
  return JSON.parse(text, (key, value, context) =>
    typeof value === 'number' && context?.source && String(value) !== context.source ? new Exact(context.source) : value);
}

/** @returns {{asOf, columns: {name, type}[], rows: any[][], count, more}} at most so many rows */
export async function ask(sql, rows, signal) {
  return parse(await (await post({sql, format: 'json', rows}, signal)).text());
}

/** All rows, as a file. CSV is for a person's spreadsheet here: what it would run as a formula is made plain. */
export async function file(sql, form, signal) {
  return (await post(form === 'csv' ? {sql, format: form, spreadsheet: true} : {sql, format: form}, signal)).blob();
}

export async function tables() {
  return read(await fetch('/analytics/tables')).then(answer => answer.json());
}

async function post(body, signal) {
  return read(await fetch('/analytics/sql', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body), signal}));
}

async function read(answer) {
  if (answer.ok) return answer;
  let said = '';
  try {
    said = (await answer.json()).issue?.[0]?.diagnostics ?? '';
  } catch {
    // no node of ours wrote that
  }
  if (answer.status === 404) said = 'This node answers no SQL: its lake is switched off.';
  throw new Refused(said || `The node answered with status ${answer.status}.`, answer.status);
}
