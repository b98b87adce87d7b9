// A text area with line numbers, and marks at the line and column of what is wrong. What it changes can be undone, as typing can. Only the lines that can be
// seen are drawn, so a thousand of them cost what thirty do.
import {make} from '/assets/house.js';
import {lines, offset, place, word} from './source.js';

const INDENT = '  ';
const MOST_MARKS = 300;
/** Characters beyond which the browser takes seconds to put a text in so that it can take it out again. */
const LARGE = 10_000;

export class Editor {
  /**
   * @param box   element with a .gutter, a .marks and a textarea in it
   * @param heard called after each change, with whether it took one back or brought one again
   */
  constructor(box, heard) {
    this.gutter = box.querySelector('.gutter');
    this.marks = box.querySelector('.marks');
    this.area = box.querySelector('textarea');
    this.heard = heard;
    this.problems = [];
    this.leaving = false;
    this.numbers = make('div', {class: 'numbers'});
    this.gutter.append(this.numbers);
    this.area.addEventListener('input', event => this.changed(/^history/.test(event.inputType)));
    this.area.addEventListener('scroll', () => this.draw());
    this.area.addEventListener('keydown', event => this.key(event));
    this.area.addEventListener('blur', () => this.leaving = false);
    this.gutter.addEventListener('click', event => event.target.dataset.line && this.point(Number(event.target.dataset.line), 1));
    new ResizeObserver(() => this.measure()).observe(this.area);
    this.count = 1;
  }

  get text() {
    return this.area.value;
  }

  /** As if it had always been there: what was typed before cannot be brought back. */
  set text(value) {
    this.area.value = value;
    this.changed();
  }

  /** In place of everything; can be undone. */
  replace(value) {
    const before = this.text;
    if (value === before) return;
    if (value.length > LARGE) {
      this.text = value;
      this.taken = {before, value};
    } else {
      this.change(0, before.length, value);
    }
    this.area.setSelectionRange(0, 0);
    this.area.scrollTo(0, 0);
  }

  /** What stood there before a large text was put in place of it. */
  back() {
    const {before} = this.taken;
    this.taken = null;
    this.area.value = before;
    this.changed(true);
  }

  /** Puts a text in place of another, with the caret behind it; can be undone. */
  change(from, to, text) {
    this.area.focus({preventScroll: true});
    if (document.activeElement !== this.area) { // a dialog is open: what the browser writes would go into that
      this.area.setRangeText(text, from, to, 'end');
      this.changed(false);
      return;
    }
    this.area.setSelectionRange(from, to);
    type(text);
  }

  insert(text) {
    const {selectionStart: from, selectionEnd: to} = this.area;
    this.change(from, to, text);
  }

  changed(undone = false) {
    this.count = lines(this.text);
    this.draw();
    this.heard(undone);
  }

  /** @param problems {line, column, message, severity}[] */
  show(problems) {
    this.problems = problems;
    this.area.setAttribute('aria-invalid', String(problems.some(one => one.severity === 'error')));
    this.draw();
  }

  measure() {
    const style = getComputedStyle(this.area);
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.font = style.font;
    this.wide = canvas.measureText('0'.repeat(100)).width / 100;
    this.high = parseFloat(style.lineHeight);
    this.top = parseFloat(style.paddingTop);
    this.left = parseFloat(style.paddingLeft);
    this.draw();
  }

  draw() {
    if (!this.high) return;
    const {scrollTop, scrollLeft, clientHeight} = this.area;
    const first = Math.max(0, Math.floor((scrollTop - this.top) / this.high));
    const last = Math.min(this.count, first + Math.ceil(clientHeight / this.high) + 1);
    const worst = new Map();
    for (const one of this.problems) if (one.line && worst.get(one.line) !== 'error') worst.set(one.line, one.severity);
    const rows = [];
    for (let n = first + 1; n <= last; n++) {
      const how = worst.get(n);
      rows.push(make('span', {class: how, 'data-line': n}, how ? `${how === 'error' ? '✕' : '!'} ${n}` : String(n)));
    }
    this.numbers.style.transform = `translateY(${this.top + first * this.high - scrollTop}px)`;
    this.numbers.replaceChildren(...rows);
    this.marks.replaceChildren(...this.seen(first, last).slice(0, MOST_MARKS).map(one => {
      const at = offset(this.text, one.line, one.column ?? 1);
      const begin = place(this.text, at);
      const before = this.text.slice(at - begin.column + 1, at);
      const column = [...before].reduce((sum, sign) => sum + (sign === '\t' ? 2 - sum % 2 : 1), 0);
      const mark = make('i', {class: one.severity});
      mark.style.transform = `translate(${this.left + column * this.wide - scrollLeft}px, ${this.top + (begin.line - 1) * this.high - scrollTop}px)`;
      mark.style.width = `${Math.max(1, word(this.text, at)) * this.wide}px`;
      mark.style.height = `${this.high}px`;
      return mark;
    }));
  }

  seen(first, last) {
    return this.problems.filter(one => one.line > first && one.line <= last);
  }

  /** Puts the caret where something was found, and that line into view. */
  point(line, column) {
    const at = offset(this.text, line, column ?? 1);
    this.area.focus({preventScroll: true});
    this.area.setSelectionRange(at, at + word(this.text, at));
    const y = (line - 1) * this.high;
    if (y < this.area.scrollTop || y > this.area.scrollTop + this.area.clientHeight - 2 * this.high) this.area.scrollTop = Math.max(0, y - this.area.clientHeight / 3);
    this.area.scrollIntoView({block: 'nearest'});
  }

  /** The next problem behind the caret, or before it. */
  next(back) {
    const here = place(this.text, this.area.selectionStart);
    const found = this.problems.filter(one => one.line).sort((a, b) => a.line - b.line || a.column - b.column);
    const behind = one => one.line > here.line || (one.line === here.line && (one.column ?? 1) > here.column);
    const before = one => one.line < here.line || (one.line === here.line && (one.column ?? 1) < here.column);
    const target = back ? found.findLast(before) ?? found.at(-1) : found.find(behind) ?? found[0];
    if (target) this.point(target.line, target.column);
  }

  key(event) {
    const command = event.ctrlKey || event.metaKey || event.altKey;
    if (event.key.toLowerCase() === 'z' && command && !event.shiftKey && this.taken?.value === this.text) return done(event, () => this.back());
    if (event.key === 'F8') return done(event, () => this.next(event.shiftKey));
    if (event.key === 'Escape') {
      this.leaving = true;
      return undefined;
    }
    if (event.key === 'Tab' && !this.leaving && !command) return done(event, () => this.indent(event.shiftKey));
    if (event.key === 'Enter' && !event.shiftKey && !command && !event.isComposing) return done(event, () => this.newLine());
    if (event.key !== 'Shift' && event.key !== 'Tab') this.leaving = false;
    return undefined;
  }

  newLine() {
    const {selectionStart: from, selectionEnd: to, value} = this.area;
    const line = value.slice(value.lastIndexOf('\n', from - 1) + 1, from);
    const blanks = /^[ \t]*/.exec(line)[0];
    const opens = /[[{]\s*$/.test(line);
    type('\n' + blanks + (opens ? INDENT : ''));
    if (opens && /^[ \t]*[\]}]/.test(value.slice(to))) {
      const at = this.area.selectionStart;
      type('\n' + blanks);
      this.area.setSelectionRange(at, at);
    }
  }

  indent(back) {
    const {selectionStart: from, selectionEnd: to, value} = this.area;
    if (from === to && !back) return type(INDENT);
    const begin = value.lastIndexOf('\n', from - 1) + 1;
    const next = value.indexOf('\n', Math.max(begin, to > from && value[to - 1] === '\n' ? to - 1 : to));
    const text = value.slice(begin, next < 0 ? value.length : next);
    const moved = text.split('\n').map(line => back ? line.replace(/^ {1,2}|^\t/, '') : INDENT + line).join('\n');
    if (moved === text) return undefined;
    this.change(begin, begin + text.length, moved);
    this.area.setSelectionRange(begin, begin + moved.length);
    return undefined;
  }
}

/** The one way to write into a text area that the browser's undo knows. */
function type(text) {
  if (text) document.execCommand('insertText', false, text);
  else document.execCommand('delete');
}

function done(event, action) {
  event.preventDefault();
  action();
}
