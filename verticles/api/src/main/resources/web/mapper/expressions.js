// The chosen message as templates see it, the expressions that find a value in it, and what an expression finds in it.
import {make, say} from '/assets/house.js';
import * as node from './node.js';
import {jsonPath, proposals, template} from './paths.js';
import {Tree} from './tree.js';

const byId = id => document.getElementById(id);

export class Expressions {
  /**
   * @param insert called with a text that somebody wants at the cursor
   * @param append called with a template for the device mapping
   */
  constructor(insert, append) {
    this.insert = insert;
    this.append = append;
    this.tree = new Tree(byId('tree'), place => this.propose(place));
    /** The message that is shown, and its text; undefined when none is. */
    this.message = undefined;
    this.text = null;
    byId('try').addEventListener('submit', event => {
      event.preventDefault();
      this.evaluate();
    });
  }

  show(message) {
    const text = JSON.stringify(message);
    if (text === this.text) return;
    this.message = message;
    this.text = text;
    this.tree.show(message);
    byId('proposals').hidden = true;
  }

  /** There is nothing to choose a value in. */
  clear(words) {
    this.message = undefined;
    this.text = null;
    this.tree.clear(words);
    byId('proposals').hidden = true;
  }

  /** @param place of a value in the message */
  propose(place) {
    if (!place.length || this.message === undefined) {
      byId('proposals').hidden = true;
      return;
    }
    const made = template(JSON.parse(this.text), place);
    const whole = make('button', {type: 'button', class: 'plain'}, 'New template for this value');
    whole.addEventListener('click', () => this.append(made));
    byId('proposals').replaceChildren(make('div', {class: 'bar'}, make('code', {}, jsonPath(place)), made ? whole : null), make('ul', {}, ...proposals(place).map(one => this.proposal(one))));
    byId('proposals').hidden = false;
  }

  proposal(one) {
    const insert = make('button', {type: 'button', class: 'plain', title: 'Insert at the cursor'}, 'Insert');
    insert.addEventListener('click', () => this.insert(JSON.stringify(one.text).slice(1, -1)));
    const copy = make('button', {type: 'button', class: 'plain'}, 'Copy');
    copy.addEventListener('click', () => copied(copy, one.text));
    const attempt = make('button', {type: 'button', class: 'plain'}, 'Try');
    attempt.addEventListener('click', () => {
      byId('language').value = one.language;
      byId('expression').value = one.text;
      this.evaluate();
    });
    return make('li', {}, make('code', {}, one.text), make('span', {class: 'soft'}, `${one.language}, ${one.about}`),
      make('span', {class: 'do'}, insert, copy, one.text.includes('matchedToken') || one.about.includes('JsonPathContent') ? null : attempt));
  }

  async evaluate() {
    const {message} = this;
    byId('matches').hidden = true;
    this.tree.mark([]);
    if (message === undefined) {
      say(byId('tried'), 'There is no message to try it on.');
      return;
    }
    try {
      const found = await node.evaluate(byId('language').value, byId('expression').value, message);
      if (message !== this.message) return;
      if (found.error) {
        say(byId('tried'), found.error);
        return;
      }
      const marked = this.tree.mark(found.places.filter(one => one !== null));
      const n = found.matches.length;
      say(byId('tried'), n === 0 ? 'It finds nothing.' : `It finds ${n === 1 ? 'one token' : `${n} tokens`}${marked === n ? ', marked above' : marked ? `, ${marked} of them marked above` : ''}.`);
      byId('matches').textContent = found.matches.map(one => JSON.stringify(one)).join('\n').slice(0, 20_000);
      byId('matches').hidden = n === 0;
    } catch (failed) {
      say(byId('tried'), failed.message);
    }
  }
}

async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    say(button, 'Copied');
  } catch {
    say(button, 'Not allowed');
  }
  setTimeout(() => say(button, 'Copy'), 2_000);
}
