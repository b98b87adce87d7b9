// The live feed: readings as they come, and an honest answer to "are we still connected?".

/** The node's clock ticks every 5 s; two missed ticks and a bit mean that the line is dead, whatever the browser thinks. */
const DEAD_MILLIS = 12_000;
const RETRY_MILLIS = 2_000;

export class Feed {
  /**
   * @param onVitals called for every message
   * @param onState  called with true or false when the line comes or goes
   */
  constructor(address, onVitals, onState) {
    this.address = address;
    this.onVitals = onVitals;
    this.onState = onState;
    this.connected = false;
    this.offset = 0;
    this.heard = 0;
    this.open();
    setInterval(() => this.watch(), 1_000);
  }

  /** The node's clock, as far as we know it. */
  now() {
    return Date.now() + this.offset;
  }

  open() {
    this.source?.close();
    this.opened = performance.now();
    this.source = new EventSource(this.address);
    this.source.addEventListener('clock', event => {
      this.offset = Number(event.data) - Date.now();
      this.alive();
    });
    this.source.onmessage = event => {
      this.alive();
      this.onVitals(JSON.parse(event.data));
    };
    this.source.onerror = () => this.state(false);
  }

  alive() {
    this.heard = performance.now();
    this.state(true);
  }

  watch() {
    const quiet = performance.now() - Math.max(this.heard, this.opened);
    if (quiet > DEAD_MILLIS) this.state(false);
    const closed = this.source.readyState === EventSource.CLOSED && performance.now() - this.opened > RETRY_MILLIS;
    if (closed || quiet > DEAD_MILLIS) this.open();
  }

  state(connected) {
    if (this.connected === connected && this.told) return;
    this.told = true;
    this.connected = connected;
    this.onState(connected);
  }
}
