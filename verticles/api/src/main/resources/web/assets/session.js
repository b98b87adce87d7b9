// Who this browser is signed in as: a line in the header, and a clear word when it is nobody and the doors ask.
import {make} from '/assets/house.js';

const EVERY_MILLIS = 60_000;
/** Where somebody was who has gone to sign in. */
const LEFT = 'left-to-sign-in';
const WORDS = {
  lost: 'Signing in took too long, or was begun in another browser. Please try again.',
  refused: 'The issuer did not let you in, or its answer was not good here. Please try again, or ask your operator.',
  busy: 'The issuer that signs people in does not answer. Please try again in a moment.',
};
/** What a page needs before it can show anything. Pages that are not here show what they may. */
const NEEDS = {'/vitals/': 'FHIR_READ', '/patients/': 'FHIR_READ', '/studies/': 'DICOM_READ', '/studies/viewer/': 'DICOM_READ', '/analytics/': 'ANALYTICS_QUERY', '/dead-letters/': 'OPERATE', '/mapper/': 'MAPPING_PREVIEW'};

async function me() {
  const answer = await fetch('/auth/me', {headers: {Accept: 'application/json'}});
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

function here() {
  return '/auth/login?' + new URLSearchParams({to: location.pathname + location.search});
}

/** What stands behind the # of an address, a person or a letter, is no matter of the issuer's or of a log: it waits in this tab. */
function leave() {
  if (location.hash && !location.hash.startsWith('#sign-in=')) sessionStorage.setItem(LEFT, JSON.stringify({at: location.pathname + location.search, hash: location.hash}));
}

/** Before any page looks at its address. */
function comeBack() {
  const left = JSON.parse(sessionStorage.getItem(LEFT) ?? 'null');
  sessionStorage.removeItem(LEFT);
  if (left && !location.hash && left.at === location.pathname + location.search) history.replaceState(null, '', left.at + left.hash);
}

function signIn() {
  const link = make('a', {href: here()}, 'Sign in');
  link.addEventListener('click', leave);
  return link;
}

/** Only the node's word that the session has ended makes anybody believe that it has. */
async function signOut() {
  try {
    const answer = await fetch('/auth/logout', {method: 'POST'});
    if (!answer.ok) throw new Error(`${answer.status}`);
    location.assign((await answer.json()).to);
  } catch {
    stuck = true;
    notice('You may still be signed in: the node did not confirm that your session has ended. Try again, and do not leave this screen before.');
  }
}

function corner(state) {
  const nav = document.querySelector('header nav');
  if (!nav) return;
  document.getElementById('who')?.remove();
  if (!state.offered) return;
  const corner = make('span', {id: 'who', class: 'who'});
  if (state.who) {
    const out = make('button', {type: 'button', class: 'plain'}, 'Sign out');
    out.addEventListener('click', signOut);
    corner.append(make('span', {class: 'soft'}, state.who.name), out);
  } else {
    corner.append(signIn());
  }
  nav.append(corner);
}

function notice(text, ...more) {
  let bar = document.getElementById('session-notice');
  if (!text) {
    bar?.remove();
    return;
  }
  if (!bar) {
    bar = make('p', {id: 'session-notice', class: 'notice', role: 'alert'});
    document.querySelector('header')?.after(bar);
  }
  bar.replaceChildren(text, ...more);
}

/** How an attempt to sign in ended, as the address says. Whoever is signed in lost nothing: the word is of an attempt before. */
function failure(state) {
  const word = /^#sign-in=(\w+)$/.exec(location.hash)?.[1] ?? '';
  if (!word || !state.who) return Object.hasOwn(WORDS, word) ? WORDS[word] : null;
  history.replaceState(null, '', location.pathname + location.search);
  return null;
}

function told(state, wasIn) {
  const failed = failure(state);
  const needs = NEEDS[location.pathname];
  if (stuck && state.who) return;
  stuck = false;
  if (failed) notice(failed + ' ', make('a', {href: '/auth/login'}, 'Sign in'));
  else if (!state.asked) notice('');
  else if (!state.who && wasIn) notice('You are signed out. ', signIn());
  else if (!state.who && !state.offered) notice('This node asks everybody for an access token, and browsers cannot sign in: its operator has not set security.signIn.');
  else if (state.who && needs && !state.who.may.includes(needs)) notice(`${state.who.name} may not see this page: it needs ${needs}, which none of your roles gives.`);
  else notice('');
}

let known = null;
/** Signing out did not succeed, and the notice says so. */
let stuck = false;

async function look() {
  try {
    const state = await me();
    if (state.asked && state.offered && !state.who && !known && NEEDS[location.pathname]) {
      leave();
      location.replace(here());
      return;
    }
    corner(state);
    told(state, known?.who);
    known = state.who ? state : known ?? state;
  } catch {
    // the page itself tells that the node does not answer
  }
}

comeBack();
look();
setInterval(look, EVERY_MILLIS);
document.addEventListener('visibilitychange', () => document.hidden || look());
