// The start page: is this node well, and how much is going on.
import {make, mark, say} from '/assets/house.js';

const REFRESH_MILLIS = 5_000;
const WORDS = {up: '● up', down: '▲ down', warning: '▲ up, look at the log'};
const byId = id => document.getElementById(id);
const devices = new Set();

async function health() {
  try {
    const report = await (await fetch('/health/ready')).json();
    const up = report.status === 'up';
    show(up ? 'up' : 'down', up ? '● Ready' : '▲ Not ready: see the checks below');
    byId('checks').replaceChildren(...report.checks.map(check =>
      make('tr', {}, make('td', {}, check.name), make('td', {class: check.status}, WORDS[check.status]))));
  } catch {
    show('down', '▲ This node does not answer');
  }
}

function show(state, text) {
  say(byId('state'), text);
  for (const one of ['up', 'down']) mark(byId('state'), one, one === state);
}

async function letters() {
  try {
    const found = await (await fetch('/iomt/dead-letters?_count=100')).json();
    if (Array.isArray(found)) say(byId('letters'), found.length === 0 ? 'None kept.' : found.length === 100 ? 'At least 100 kept.' : `${found.length} kept.`);
  } catch {
    say(byId('letters'), '');
  }
}

byId('curl').textContent = `curl -i ${location.origin}/ingest -H 'Content-Type: application/json' -d '` + JSON.stringify({
  deviceId: 'monitor-07', patientId: 'MRN-1007', time: new Date().toISOString(), heartRate: 72, spo2: 98, respiration: 15,
}) + "'";

const feed = new EventSource('/iomt/live');
feed.onmessage = event => {
  devices.add(JSON.parse(event.data).device);
  say(byId('ward'), `${devices.size} monitors heard since this page was opened.`);
};

function refresh() {
  health();
  letters();
}

refresh();
setInterval(refresh, REFRESH_MILLIS);
