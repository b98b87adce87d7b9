// Several searches, each newest first, read as one list: no further than somebody looks. Pure.

/** One kind of things of one patient. @param search has page() and done  @param read resource → item {at: millis or NaN, …} */
export class Stream {
  constructor(search, read) {
    Object.assign(this, {search, read, items: [], failed: null, floor: Infinity, reading: null});
  }

  get done() {
    return this.failed !== null || this.search.done;
  }

  /** The next page, read once however many ask for it at a time. */
  more() {
    return this.reading ??= this.page().finally(() => { this.reading = null; });
  }

  /** A period's order is the server's, by one of its ends; here a later item is never newer than the one before it. Without a date: at the very end. */
  async page() {
    try {
      for (const resource of await this.search.page()) {
        const item = this.read(resource);
        const at = Number.isFinite(item.at) ? item.at : -Infinity;
        this.floor = Math.min(this.floor, at);
        this.items.push({...item, place: this.floor});
      }
    } catch (failed) {
      this.failed = failed;
    }
  }
}

export class Merged {
  constructor(streams) {
    this.heads = streams.map(stream => ({stream, next: 0}));
  }

  get done() {
    return this.heads.every(head => head.stream.done && head.next >= head.stream.items.length);
  }

  /** The next so many items, newest first; fewer at the end. A stream that fails is left out from there on, and says why in `failed`. */
  async take(count) {
    const taken = [];
    while (taken.length < count) {
      await this.fill();
      const ahead = this.heads.filter(head => head.next < head.stream.items.length);
      if (!ahead.length) break;
      const newest = ahead.reduce((a, b) => b.stream.items[b.next].place > a.stream.items[a.next].place ? b : a);
      taken.push(newest.stream.items[newest.next++]);
    }
    return taken;
  }

  async fill() {
    for (let empty; (empty = this.heads.filter(head => head.next >= head.stream.items.length && !head.stream.done)).length;) {
      await Promise.all(empty.map(head => head.stream.more()));
    }
  }
}
