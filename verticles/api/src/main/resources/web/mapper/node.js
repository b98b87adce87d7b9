// What this page asks of its node.
import {parse} from '/analytics/sql.js';

const PATIENCE_MILLIS = 20_000;

/** An answer that is no. issues: what the node says is wrong, each a sentence. */
export class Refused extends Error {
  constructor(message, status, issues = []) {
    super(message);
    this.status = status;
    this.issues = issues;
  }
}

async function ask(address, {method = 'GET', body, headers = {}} = {}) {
  let answer;
  try {
    answer = await fetch(address, {
      method, body, headers: {...(body === undefined ? {} : {'Content-Type': 'application/json'}), ...headers},
      signal: AbortSignal.timeout(PATIENCE_MILLIS),
    });
  } catch {
    throw new Refused('This node does not answer.', 0);
  }
  const text = await answer.text();
  if (answer.ok) return {body: text ? parse(text) : null, tag: answer.headers.get('ETag')};
  let issues = [];
  try {
    issues = JSON.parse(text).issue ?? [];
  } catch {
    // no node of ours wrote that
  }
  throw new Refused(issues[0]?.diagnostics ?? `The node answered with status ${answer.status}.`, answer.status, issues.map(one => one.diagnostics ?? ''));
}

/** @returns {{templateErrors, results}} of these texts on these payloads; an empty text is no mapping */
export async function preview(deviceContent, fhirMapping, payloads) {
  const body = {payloads};
  if (deviceContent.trim()) body.deviceContent = deviceContent;
  if (fhirMapping.trim()) body.fhirMapping = fhirMapping;
  return (await ask('/iomt/$preview', {method: 'POST', body: JSON.stringify(body)})).body;
}

/** @returns {{matches, places} | {error}} */
export async function evaluate(language, expression, data) {
  return (await ask('/iomt/$evaluate', {method: 'POST', body: JSON.stringify({language, expression, data, places: true})})).body;
}

export const mappings = async () => (await ask('/iomt/mappings')).body;
export const mapping = async name => (await ask(`/iomt/mappings/${encodeURIComponent(name)}`)).body;
export const versions = async name => (await ask(`/iomt/mappings/${encodeURIComponent(name)}/versions`)).body;
export const version = async (name, n) => (await ask(`/iomt/mappings/${encodeURIComponent(name)}/versions/${n}`)).body;

/** @param expected the version that has to be in force: 0 for none */
function only(expected) {
  return expected ? {'If-Match': `W/"${expected}"`} : {'If-None-Match': '*'};
}

export async function put(name, texts, comment, expected) {
  return (await ask(`/iomt/mappings/${encodeURIComponent(name)}`, {method: 'PUT', body: JSON.stringify({...texts, comment}), headers: only(expected)})).body;
}

export async function rollback(name, to, comment, expected) {
  return (await ask(`/iomt/mappings/${encodeURIComponent(name)}/$rollback`, {method: 'POST', body: JSON.stringify({version: to, comment}), headers: only(expected)})).body;
}

/** Newest first: {mapping, at, payload, headers}. */
export async function captured(name, limit) {
  try {
    return (await ask('/iomt/messages?' + new URLSearchParams({...(name ? {mapping: name} : {}), limit}))).body;
  } catch (failed) {
    if (failed.status === 404) throw new Refused('This node does not read the log: it has not role ingest. Ask one that has.', 404);
    throw failed;
  }
}

export async function letter(source) {
  return (await ask('/iomt/dead-letters?' + new URLSearchParams({source}))).body[0];
}

/** One dead letter, sent into the log again. */
export async function replay(source) {
  return (await ask('/iomt/dead-letters/$replay', {method: 'POST', body: JSON.stringify({source})})).body;
}

export async function send(name, payload) {
  return (await ask(name === 'default' ? '/ingest' : `/ingest/${encodeURIComponent(name)}`, {method: 'POST', body: payload})).body;
}

/** What this browser's person may; null when everybody may everything here. */
export async function rights() {
  const {body} = await ask('/auth/me');
  return body.asked ? body.who?.may ?? [] : null;
}
