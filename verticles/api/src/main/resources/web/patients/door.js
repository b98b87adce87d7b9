// Asking this node's FHIR door. Every failure becomes a Trouble, which says in words what a person can do about it.
import {make} from '/assets/house.js';

const TRIES = 3;
const LONGEST_WAIT_SECONDS = 10;
const MOST_REASON = 300;
const KINDS = {400: 'refused', 401: 'ended', 403: 'forbidden', 404: 'absent', 410: 'absent', 413: 'refused', 414: 'refused', 422: 'refused', 429: 'busy', 503: 'busy'};

/** kind: offline (no answer), ended (nobody is signed in), forbidden, absent, refused (our question), busy, broken (all else) */
export class Trouble extends Error {
  constructor(kind, status, reason = '', code = '') {
    super(reason || `status ${status}`);
    Object.assign(this, {kind, status, reason, code});
  }

  /** @param what in the plural, e.g. 'Conditions' */
  words(what) {
    const said = this.reason ? ` It said: ${this.reason}` : '';
    switch (this.kind) {
      case 'offline': return `${what} cannot be read: this node does not answer. Check the network, and whether the node is running.`;
      case 'ended': return `${what} cannot be read: you are not signed in, or your session has ended.`;
      case 'forbidden': return `${what} cannot be shown: your roles do not let you see them. Ask whoever gives out roles if you need to.`;
      case 'absent': return `${what} are not here (${this.status}): they may have been deleted.`;
      case 'refused': return `${what} cannot be read: the question was not accepted (${this.status}).${said}`;
      case 'busy': return `${what} cannot be read just now: the server is busy. Please try again in a moment.`;
      default: return `${what} cannot be read: the server failed (${this.status}). Its log tells more.`;
    }
  }
}

/** The body of an answer; of a busy server after it has been asked again, as often and as late as it wants. @param address path below this node  @param form what is sent beside the address: then it is a POST */
export async function ask(address, signal, form = null) {
  for (let left = TRIES; ; left--) {
    const answer = await fetched(address, signal, form);
    if (answer.ok) return body(answer, signal);
    const kind = KINDS[answer.status] ?? 'broken';
    if (kind !== 'busy' || left <= 1) throw await trouble(kind, answer);
    await pause(Math.min(LONGEST_WAIT_SECONDS, Number(answer.headers.get('Retry-After')) || 1), signal);
  }
}

async function fetched(address, signal, form) {
  try {
    return await fetch(address, {method: form ? 'POST' : 'GET', body: form, headers: {Accept: 'application/fhir+json'}, signal});
  } catch (failed) {
    if (signal?.aborted) throw failed;
    throw new Trouble('offline', 0);
  }
}

/** Numbers keep their digits: what was written as 70.10 is shown so, where the browser tells what was written. */
async function body(answer, signal) {
  try {
    return JSON.parse(await answer.text(), (key, value, context) => typeof value === 'number' && context?.source !== undefined && context.source !== String(value) ? context.source : value);
  } catch (failed) {
    if (signal?.aborted) throw failed;
    throw new Trouble('broken', answer.status, 'The answer was cut short.');
  }
}

async function trouble(kind, answer) {
  let issue = {};
  try {
    issue = (await answer.json()).issue?.[0] ?? {};
  } catch {
    // what is no OperationOutcome says nothing to a person
  }
  return new Trouble(kind, answer.status, String(issue.diagnostics ?? '').slice(0, MOST_REASON), String(issue.code ?? ''));
}

function pause(seconds, signal) {
  return new Promise((done, stopped) => {
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      stopped(signal.reason);
    }, {once: true});
  });
}

/** A search, read page by page, and only as far as somebody wants to see. */
export class Search {
  constructor(type, params, signal) {
    this.next = `/fhir/${type}?${new URLSearchParams(params)}`;
    this.signal = signal;
  }

  /** One whose parameters stand in no address, which proxies would log (FHIR R4 search.html#post). */
  static unlogged(type, params, signal) {
    return Object.assign(new Search(type, params, signal), {posted: true});
  }

  get done() {
    return this.next === null;
  }

  post() {
    const {pathname, searchParams} = new URL(this.next, location.href);
    return ask(`${pathname.replace(/\/_search$/, '')}/_search`, this.signal, searchParams);
  }

  /** The resources of the next page; none when there is no more. Links are followed by path, so a proxy's other name does no harm. */
  async page() {
    if (this.done) return [];
    const bundle = await (this.posted ? this.post() : ask(this.next, this.signal));
    const next = (bundle.link ?? []).find(link => link.relation === 'next');
    const address = next ? new URL(next.url, location.href) : null;
    this.next = address ? address.pathname + address.search : null;
    return (bundle.entry ?? []).filter(entry => entry.search?.mode !== 'outcome' && entry.resource).map(entry => entry.resource);
  }
}

/** What went wrong, and the way out of it. @param again what to do when somebody wants it tried again */
export function sorry(failed, what, again) {
  const words = failed instanceof Trouble ? failed.words(what) : `${what} cannot be shown: ${failed.message}`;
  const note = make('p', {class: 'sorry', role: 'alert'}, words, ' ');
  if (failed.kind === 'ended') {
    note.append(make('a', {href: '/auth/login?' + new URLSearchParams({to: location.pathname})}, 'Sign in'));
  } else if (['offline', 'busy', 'broken'].includes(failed.kind)) {
    const button = make('button', {type: 'button', class: 'plain'}, 'Try again');
    button.addEventListener('click', again);
    note.append(button);
  }
  return note;
}

/** A link to one resource as FHIR JSON, by parts that cannot lead anywhere else. */
export function json(resource, words = 'JSON') {
  return make('a', {href: `/fhir/${encodeURIComponent(resource.resourceType)}/${encodeURIComponent(resource.id)}?_pretty=true`, class: 'json'}, words);
}
