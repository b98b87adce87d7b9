// Small things every page needs. Text from outside reaches the page through `make` and `say` only, which never read it as HTML.

/** Makes an element: make('p', {class: 'x'}, 'text', otherElement). Attributes that are null or false are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

/** Writes text into an element when it has changed. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Toggles a class and tells whether it changed. */
export function mark(element, name, on) {
  if (element.classList.contains(name) !== on) element.classList.toggle(name, on);
}

/** A duration in words short enough for a tile: "4 s", "3 min", "2 h 05 min", "3 days". */
export function duration(millis) {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} days`;
}

const TIME = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const DAY_TIME = new Intl.DateTimeFormat('en-GB', {day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit'});

/** A moment on this device's clock face, with the day when it is not today. */
export function moment(millis) {
  const date = new Date(millis);
  return (date.toDateString() === new Date().toDateString() ? TIME : DAY_TIME).format(date);
}

/** A page that wants a choice of its own names it: <html data-theme="dark" data-theme-key="viewer-theme">. */
const THEME_KEY = document.documentElement.dataset.themeKey ?? 'theme';

function themeButton() {
  const button = document.getElementById('theme');
  if (!button) return;
  const root = document.documentElement;
  const dark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const show = () => say(button, dark() ? 'Light' : 'Dark');
  button.addEventListener('click', () => {
    root.dataset.theme = dark() ? 'light' : 'dark';
    localStorage.setItem(THEME_KEY, root.dataset.theme);
    show();
    document.dispatchEvent(new CustomEvent('theme'));
  });
  show();
}

const kept = localStorage.getItem(THEME_KEY);
if (kept === 'dark' || kept === 'light') document.documentElement.dataset.theme = kept;
themeButton();
import '/assets/session.js';
