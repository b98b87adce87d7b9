// The messages of this page: pasted, captured from the stream, or a dead letter. They are in its memory only.
import {make, moment, say} from '/assets/house.js';
import {isReading, label, split} from './messages.js';
import * as node from './node.js';
import {verdict} from './results.js';
import {tell} from './shelf.js';

const byId = id => document.getElementById(id);

/** When the log, or the store of dead letters, got it; to the millisecond for who points at it. */
function time({at}) {
  return make('time', {datetime: at, title: at}, moment(Date.parse(at)));
}

export class Inbox {
  /**
   * @param shelf    where the mapping of a dead letter is loaded from
   * @param blank    whether there is no mapping on the page
   * @param received called when there are other messages: what was said is of those before
   * @param turned   called when another one is chosen
   */
  constructor(shelf, blank, received, turned) {
    this.shelf = shelf;
    this.blank = blank;
    this.received = received;
    this.turned = turned;
    /** {payload, headers, reading, origin: null | {at, mapping} | a dead letter}[]; reading: it is one that a device mapping has made already */
    this.all = [];
    this.at = 0;
    byId('paste').addEventListener('input', () => this.pasted());
    byId('capture').addEventListener('click', () => this.capture());
    byId('clear').addEventListener('click', () => this.clear());
    addEventListener('hashchange', () => this.letter());
  }

  get chosen() {
    return this.all[this.at];
  }

  paste(text) {
    byId('paste').value = text;
    this.pasted();
  }

  pasted() {
    const text = byId('paste').value;
    const found = text.trim() ? split(text) : {messages: [], error: null};
    byId('paste-problem').hidden = !found.error;
    say(byId('paste-problem'), found.error ? `Line ${found.error.line}, column ${found.error.column}: ${found.error.message}.` : '');
    this.all = [...found.messages.map(payload => ({payload, headers: {}, origin: null})), ...this.all.filter(one => one.origin)];
    this.at = Math.min(this.at, Math.max(0, this.all.length - 1));
    this.received();
  }

  /** @param found what the node says of each */
  show(found) {
    byId('message-list').replaceChildren(...(this.all.length > 1 || this.all.some(one => one.origin) ? this.all : []).map((one, i) => {
      const {kind, text} = verdict(found?.[i]);
      const when = one.origin ? [time(one.origin), ' · '] : [];
      const button = make('button', {type: 'button', 'aria-current': String(i === this.at)}, make('span', {class: 'what'}, ...when, label(one.payload)), make('span', {class: `how ${kind}`}, text));
      button.addEventListener('click', () => {
        this.at = i;
        this.turned();
        byId('message-list').querySelectorAll('button')[i].focus();
      });
      return make('li', {}, button);
    }));
    this.origin(this.chosen?.origin);
  }

  /** Where a message comes from that nobody pasted. */
  origin(from) {
    byId('origin').hidden = !from;
    if (!from) return;
    if (!from.reason) {
      const mended = from.utf8 === false ? ' It is no UTF-8: what is shown, and what comes out of it here, is of its text mended.' : '';
      byId('origin').replaceChildren(`Captured from topic ${from.topic}, `, time(from), `, for mapping ${from.mapping}.${mended}`);
      return;
    }
    const name = from.headers?.['caregrid-mapping'] ?? 'default';
    const load = make('button', {type: 'button', class: 'plain'}, `Load mapping ${name}`);
    load.addEventListener('click', () => this.shelf.load(name));
    const again = make('button', {type: 'button', class: 'plain'}, 'Send it again');
    again.addEventListener('click', () => tell(byId('problem'), async () => {
      again.disabled = true;
      await node.replay(from.source);
      say(byId('note'), 'The dead letter is in the log again. Should it be set aside once more, there is a new one in the dead letters.');
    }));
    byId('origin').replaceChildren(make('b', {}, `Dead letter: ${from.reason}. `), from.detail, isReading(from) ? make('div', {}, 'It is one reading, which its device mapping has made: the FHIR mapping alone is tried on it.') : '',
      make('div', {class: 'soft'}, time(from), `, for mapping ${name}`), load, again);
  }

  async capture() {
    await tell(byId('problem'), async () => {
      byId('capture').disabled = true;
      const name = byId('stored').value;
      const found = await node.captured(name || null, byId('limit').value).finally(() => byId('capture').disabled = false);
      this.all = [...this.all.filter(one => !one.origin || one.origin.reason), ...found.map(one => ({payload: one.payload, headers: one.headers, origin: one}))];
      const of = name ? ` for mapping ${name}` : '';
      say(byId('note'), found.length ? `Captured the ${found.length === 1 ? 'newest message' : `newest ${found.length} messages`}${of}. This look is in the audit trail.`
        : `There is no message${of} among the newest ${name ? '500 ' : ''}of each partition of the stream.`);
      if (found.length) this.at = this.all.length - found.length;
      else this.at = Math.min(this.at, Math.max(0, this.all.length - 1));
      this.received();
    });
  }

  clear() {
    this.all = [];
    this.at = 0;
    byId('paste').value = '';
    byId('paste-problem').hidden = true;
    location.hash && history.replaceState(null, '', location.pathname);
    this.received();
  }

  /** A dead letter named in the address. */
  async letter() {
    const source = new URLSearchParams(location.hash.slice(1)).get('letter');
    if (!source) return;
    await tell(byId('problem'), async () => {
      const found = await node.letter(source);
      const {'caregrid-mapping': name, ...headers} = found.headers ?? {};
      this.all = [...this.all.filter(one => !one.origin?.reason), {payload: found.payload, headers, reading: isReading(found), origin: found}];
      this.at = this.all.length - 1;
      if (this.blank()) await this.shelf.load(name ?? 'default');
      this.received();
    });
  }
}
