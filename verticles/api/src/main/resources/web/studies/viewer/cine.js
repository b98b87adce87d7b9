// Images one after the other, in a loop, at a rate; an image that has not arrived yet is waited for, not skipped.

export const RATES = {least: 1, most: 60, usual: 15};

export class Cine {
  #timer = 0;

  /** @param step shows the next image; @returns whether it could, false when it is still on its way */
  constructor(step) {
    this.step = step;
    this.rate = RATES.usual;
  }

  get isPlaying() {
    return this.#timer !== 0;
  }

  setRate(perSecond) {
    this.rate = Math.min(RATES.most, Math.max(RATES.least, perSecond || RATES.usual));
    if (this.isPlaying) {
      this.stop();
      this.play();
    }
  }

  play() {
    if (!this.isPlaying) this.#timer = setInterval(() => this.step(), 1000 / this.rate);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }
}
