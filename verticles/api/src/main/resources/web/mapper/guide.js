// The tutorial beside the work: which step is done, which is next.
import {make, mark, say} from '/assets/house.js';
import {STEPS} from './tutorial.js';

const byId = id => document.getElementById(id);

export class Guide {
  /**
   * @param state what the page holds, as the steps look at it
   * @param help  called with what a step does for somebody
   */
  constructor(state, help) {
    this.state = state;
    this.wrong = false;
    this.mended = false;
    this.current = -1;
    byId('steps').append(...STEPS.map(step => item(step, help)));
    byId('guide-button').addEventListener('click', () => this.open(byId('guide').hidden));
    byId('guide-close').addEventListener('click', () => {
      this.open(false);
      byId('guide-button').focus();
    });
  }

  open(open) {
    byId('guide').hidden = !open;
    byId('guide-button').setAttribute('aria-pressed', String(open));
    mark(document.querySelector('.bench'), 'guided', open);
    this.current = -2;
    this.show();
  }

  /** Opens the step that is next, once it is another one: whoever opens and closes steps is left alone. */
  show() {
    const now = this.state();
    if ((now.problems ?? []).some(one => one.severity === 'error')) this.wrong = true;
    else if (this.wrong) this.mended = true;
    if (byId('guide').hidden) return;
    now.mended = this.mended;
    const done = STEPS.map(step => step.done(now));
    const current = done.indexOf(false);
    byId('steps').querySelectorAll(':scope > li').forEach((one, i) => {
      mark(one, 'done', done[i]);
      mark(one, 'now', i === current);
      say(one.querySelector('.how'), done[i] ? ' (done)' : '');
      const hint = one.querySelector('.hint');
      say(hint, STEPS[i].hint?.(now) ?? '');
      hint.hidden = !hint.textContent;
    });
    if (current === this.current) return;
    this.current = current;
    byId('steps').querySelectorAll('details').forEach((one, i) => one.open = i === current);
  }
}

function item(step, help) {
  const button = step.help ? make('button', {type: 'button', class: 'plain'}, step.help.words) : null;
  button?.addEventListener('click', () => help(step.help));
  return make('li', {}, make('details', {}, make('summary', {}, make('span', {}, step.title, make('span', {class: 'soft how'}))),
    ...step.text.map(text => make('p', {}, text)), make('p', {class: 'hint', role: 'status', hidden: true}), button));
}
