// A text area that behaves as an editor: runs, indents, comments. What it changes can be undone, as typing can.

const INDENT = '  ';

export class Editor {
  constructor(area, run) {
    this.area = area;
    this.leaving = false;
    area.addEventListener('keydown', event => this.key(event, run));
    area.addEventListener('blur', () => this.leaving = false);
  }

  get text() {
    return this.area.value;
  }

  set text(sql) {
    this.area.value = sql;
  }

  /** In place of what is selected, and a space on either side where words would grow together. */
  insert(word) {
    const {selectionStart: from, selectionEnd: to, value} = this.area;
    const before = /[\w"]$/.test(value.slice(0, from)) ? ' ' : '';
    const after = /^[\w"]/.test(value.slice(to)) ? ' ' : '';
    this.area.focus();
    type(before + word + after);
  }

  /** Puts the caret where the node found something: line and column from 1. */
  point(line, column) {
    const lines = this.text.split('\n');
    const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + [...(lines[line - 1] ?? '')].slice(0, column - 1).join('').length;
    const word = /^("[^"]*"|[\w.]+|\S)/.exec(this.text.slice(at));
    this.area.focus();
    this.area.setSelectionRange(at, at + (word?.[0].length ?? 0));
  }

  key(event, run) {
    const command = event.ctrlKey || event.metaKey;
    if (event.key === 'Enter' && command) return done(event, run);
    if (event.key === '/' && command) return done(event, () => this.comment());
    if (event.key === 'Escape') {
      this.leaving = true;
      return undefined;
    }
    if (event.key === 'Tab' && !this.leaving && !command && !event.altKey) return done(event, () => this.indent(event.shiftKey));
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) return done(event, () => this.newLine());
    if (event.key !== 'Shift' && event.key !== 'Tab') this.leaving = false;
    return undefined;
  }

  newLine() {
    const before = this.text.slice(0, this.area.selectionStart);
    type('\n' + /[ \t]*$/.exec(/(?:^|\n)([ \t]*)[^\n]*$/.exec(before)?.[1] ?? '')[0]);
  }

  indent(back) {
    const {selectionStart: from, selectionEnd: to} = this.area;
    if (from === to && !back) return type(INDENT);
    return this.lines(line => back ? line.replace(/^ {1,2}|^\t/, '') : INDENT + line);
  }

  comment() {
    const all = this.selectedLines().text.split('\n').every(line => !line.trim() || /^\s*--/.test(line));
    this.lines(line => all ? line.replace(/^(\s*)-- ?/, '$1') : line.trim() ? `-- ${line}` : line);
  }

  selectedLines() {
    const {selectionStart: from, selectionEnd: to, value} = this.area;
    const begin = value.lastIndexOf('\n', from - 1) + 1;
    const next = value.indexOf('\n', Math.max(begin, to - (to > from && value[to - 1] === '\n' ? 1 : 0)));
    const end = next < 0 ? value.length : next;
    return {begin, end, text: value.slice(begin, end)};
  }

  lines(change) {
    const {begin, end, text} = this.selectedLines();
    const changed = text.split('\n').map(change).join('\n');
    if (changed === text) return;
    this.area.setSelectionRange(begin, end);
    type(changed);
    this.area.setSelectionRange(begin, begin + changed.length);
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
