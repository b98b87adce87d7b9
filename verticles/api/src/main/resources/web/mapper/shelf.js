// The mappings that the node keeps: load one, see who changed it and what differs, put the texts of this page in force, go back.
import {make, moment, say} from '/assets/house.js';
import {diff, folded} from './diff.js';
import {written} from './files.js';
import * as node from './node.js';

const AROUND = 3;
const byId = id => document.getElementById(id);

export class Shelf {
  /**
   * @param texts  gives {device, fhir}: {value, text} of this page
   * @param loaded called with {name, version, deviceContent, fhirMapping} when somebody wants it here; it is the base then
   * @param kept   called when what is in force has changed; with true when it is what stands on this page
   */
  constructor(texts, loaded, kept) {
    this.texts = texts;
    this.loaded = loaded;
    this.kept = kept;
    /** What this page's texts come from: {name, version, deviceContent, fhirMapping}; version 0 when the store has none of this name. */
    this.base = null;
    this.list = [];
    byId('stored').addEventListener('change', () => this.chosen());
    byId('load').addEventListener('click', () => this.load(byId('stored').value));
    byId('load-form').addEventListener('submit', () => this.fetch(byId('load-dialog').dataset.name));
    byId('history').addEventListener('click', () => this.history(byId('stored').value));
    byId('put').addEventListener('click', () => this.ask());
    byId('put-name').addEventListener('input', () => this.about());
    byId('put-form').addEventListener('submit', event => {
      event.preventDefault();
      this.put();
    });
    for (const dialog of document.querySelectorAll('dialog')) dialog.querySelector('.close').addEventListener('click', () => dialog.close());
  }

  /** Whether what the page holds is what the node goes by. */
  inForce() {
    const {device, fhir} = this.texts();
    const head = this.list.find(one => one.name === this.base?.name);
    return Boolean(this.base && head?.version === this.base.version && written(device.value, device.text) === this.base.deviceContent && written(fhir.value, fhir.text) === this.base.fhirMapping);
  }

  /** Whether there is work on this page that the node has in no version that was loaded here. */
  isChanged() {
    const {device, fhir} = this.texts();
    if (!this.base) return Boolean(device.value.trim() || fhir.value.trim());
    return written(device.value, device.text) !== this.base.deviceContent || written(fhir.value, fhir.text) !== this.base.fhirMapping;
  }

  async refresh() {
    this.list = await node.mappings();
    const chosen = byId('stored').value || this.base?.name || '';
    byId('stored').replaceChildren(make('option', {value: ''}, 'None chosen'), ...this.list.map(one =>
      make('option', {value: one.name}, one.origin === 'files' ? `${one.name} (from files)` : `${one.name}, version ${one.version}`)));
    byId('stored').value = this.list.some(one => one.name === chosen) ? chosen : '';
    this.chosen();
    this.show();
  }

  chosen() {
    const none = !byId('stored').value;
    byId('load').disabled = none;
    byId('history').disabled = none;
  }

  from(base) {
    this.base = base;
    this.show();
  }

  show() {
    say(byId('base'), !this.base ? '' : this.inForce() ? `${this.base.name}, ${this.base.version ? `version ${this.base.version}` : 'from files'}: in force as it stands here`
      : `changed from ${this.base.name}, ${this.base.version ? `version ${this.base.version}` : 'from files'}`);
  }

  /** Asks first when there is work that would be replaced. */
  async load(name) {
    if (!this.isChanged()) {
      await this.fetch(name);
      return;
    }
    byId('load-dialog').dataset.name = name;
    say(byId('load-text'), `What stands here was changed${this.base ? ` from ${this.base.name}` : ''} and is not in force. ${name} takes its place; Ctrl+Z in each of the texts brings it back.`);
    byId('load-dialog').showModal();
  }

  async fetch(name) {
    await tell(byId('problem'), async () => {
      const found = await node.mapping(name);
      this.loaded({name: found.name, version: found.version, deviceContent: found.deviceContent, fhirMapping: found.fhirMapping});
      byId('stored').value = name;
      this.chosen();
      this.kept();
    });
  }

  /** Draws the dialog in which somebody puts this page's texts in force. */
  ask() {
    byId('put-name').value = this.base?.name ?? (byId('stored').value || '');
    byId('put-comment').value = '';
    byId('put-problem').hidden = true;
    this.about();
    byId('put-dialog').showModal();
    (byId('put-name').value ? byId('put-comment') : byId('put-name')).focus();
  }

  expected(name) {
    return name === this.base?.name ? this.base.version : 0;
  }

  about() {
    const name = byId('put-name').value, there = this.list.find(one => one.name === name);
    const here = this.expected(name);
    say(byId('put-about'), !name ? 'Messages that name no mapping go by the one called default.'
      : here ? `Replaces version ${here}, unless somebody has changed it since. It counts on all nodes at once; version ${here} can be brought back.`
        : there?.origin === 'store' ? `There is a mapping ${name} already, which was not loaded here: load it first, so that nobody's work is lost.`
          : there ? `From now on the store's ${name} counts in place of the files of that name.`
            : `A new mapping. Messages sent to /ingest/${name} go by it.`);
  }

  async put() {
    const name = byId('put-name').value, {device, fhir} = this.texts();
    const texts = {deviceContent: written(device.value, device.text), fhirMapping: written(fhir.value, fhir.text)};
    byId('put-now').disabled = true;
    await tell(byId('put-problem'), async () => {
      const made = await node.put(name, texts, byId('put-comment').value, this.expected(name));
      this.base = {name, version: made.version, ...texts};
      byId('put-dialog').close();
      say(byId('note'), `${name} is in force as version ${made.version} since ${moment(Date.parse(made.at))}${made.warnings?.length ? `, with ${made.warnings.length} warnings` : ''}.`);
      await this.refresh();
      byId('stored').value = name;
      this.chosen();
      this.kept(true);
    }, failed => failed.status === 412 ? this.overtaken(name) : null);
    byId('put-now').disabled = false;
  }

  /** Somebody else was faster: who, when, why, and what differs. */
  async overtaken(name) {
    const [newest] = await node.versions(name);
    if (newest.removed) {
      if (this.base?.name === name) this.from(null);
      await this.refresh();
      this.about();
      return [`Nothing was changed: ${newest.by} removed ${name} at ${moment(Date.parse(newest.at))}. Put it in force once more if it shall be there again.`];
    }
    const look = make('button', {type: 'button', class: 'plain'}, 'See what differs');
    look.addEventListener('click', async () => {
      byId('put-dialog').close();
      await this.history(name);
      await this.compare(name, newest.version);
    });
    return [make('p', {}, `Nothing was changed: version ${newest.version} of ${name} is in force, by ${newest.by} at ${moment(Date.parse(newest.at))}${newest.comment ? ` (${newest.comment})` : ''}. Load it, and bring your change into it.`), look];
  }

  async history(name) {
    byId('difference').replaceChildren();
    say(byId('history-title'), `Versions of ${name}`);
    byId('versions').replaceChildren();
    if (!byId('history-dialog').open) byId('history-dialog').showModal();
    await tell(byId('history-problem'), async () => {
      const all = await node.versions(name);
      byId('versions').replaceChildren(...all.map((one, i) => this.row(name, one, all[0], i === 0)));
      if (!all.length) byId('versions').append(make('tr', {}, make('td', {colspan: 5, class: 'soft'}, 'It comes from files, and was never changed here.')));
    });
  }

  row(name, one, head, newest) {
    const compare = make('button', {type: 'button', class: 'plain'}, 'Compare');
    compare.addEventListener('click', () => this.compare(name, one.version));
    const back = make('button', {type: 'button', class: 'plain'}, 'Go back to it');
    back.addEventListener('click', () => this.back(name, one.version, head.removed ? 0 : head.version));
    return make('tr', {},
      make('td', {class: 'num'}, String(one.version), newest && !one.removed ? ' in force' : ''), make('td', {class: 'num'}, moment(Date.parse(one.at))), make('td', {}, one.by),
      make('td', {}, one.removed ? 'removed. ' : one.restores ? `back to version ${one.restores}. ` : '', one.comment ?? ''),
      make('td', {}, one.removed ? null : compare, ' ', one.removed || newest ? null : back));
  }

  /** What would have to change in a version to become what stands on this page. */
  async compare(name, version) {
    await tell(byId('history-problem'), async () => {
      const found = await node.version(name, version);
      const {device, fhir} = this.texts();
      const part = (title, before, now) => {
        const rows = folded(diff(before.replace(/\r\n?/g, '\n'), now.value), AROUND);
        const changed = rows.some(row => row && row.kind !== 'same');
        return [make('h3', {}, title), changed ? make('div', {class: 'diff', tabindex: '0', role: 'region', 'aria-label': title}, ...rows.map(line)) : make('p', {class: 'soft'}, 'No difference.')];
      };
      byId('difference').replaceChildren(make('p', {class: 'soft'}, `From version ${version} (−) to what stands on this page (+).`),
        ...part('Device mapping', found.deviceContent, device), ...part('FHIR mapping', found.fhirMapping, fhir));
      byId('difference').scrollIntoView({block: 'nearest'});
    });
  }

  async back(name, version, expected) {
    await tell(byId('history-problem'), async () => {
      const made = await node.rollback(name, version, '', expected);
      say(byId('note'), `${name} is back at version ${version}, as version ${made.version}.`);
      await this.refresh();
      await this.history(name);
      this.show();
      this.kept();
    }, failed => failed.status === 412 ? ['Somebody changed it meanwhile. Look at the versions again.'] : null);
  }
}

function line(row) {
  if (!row) return make('div', {class: 'soft'}, make('span'), make('span'), '⋯');
  const signs = {same: ' ', less: '−', more: '+'};
  return make('div', {class: row.kind}, make('span', {}, row.left ?? ''), make('span', {}, row.right ?? ''), make('b', {}, signs[row.kind]), make('code', {}, row.text));
}

/** Does it, and says in a place what the node has against it. @param otherwise gives better words for a refusal, or null */
export async function tell(place, work, otherwise = () => null) {
  place.hidden = true;
  try {
    await work();
    return true;
  } catch (failed) {
    if (!(failed instanceof node.Refused)) throw failed;
    const words = await Promise.resolve(otherwise(failed)).catch(() => null);
    const issues = failed.issues?.length > 1 ? make('ul', {}, ...failed.issues.map(one => make('li', {}, one))) : null;
    place.replaceChildren(...(words ?? [issues ? 'The node refuses it:' : failed.message, issues]).filter(Boolean));
    place.hidden = false;
    return false;
  }
}
