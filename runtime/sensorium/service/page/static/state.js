// The newest record of each state channel, and whether it may be shown as what is so now.
const GRACE_MS = 500;

export class State {
  constructor() {
    this.limits = new Map();
    this.known = new Map();
    this.connected = false;
    this.offset = null;
  }

  /** How old a record of a channel may be: its max_age, or two periods at which it is sent. */
  setLimit(channel, ms) {
    this.limits.set(channel, ms);
  }

  /** The connection was lost, or begins: nothing that was told holds any more. */
  setConnected(connected) {
    this.connected = connected;
    this.offset = null;
    this.known.clear();
  }

  take(event, now = performance.now()) {
    const known = this.known.get(event.channel) ?? { record: null, silent: "", denied: "" };
    this.known.set(event.channel, known);
    if (event.event === "record") {
      this.look(event.publish_ns / 1e6, now);
      // The first record after a stream opens may be an old one; the notice before it says so.
      if (known.n !== undefined && known.n !== event.n) known.silent = "";
      Object.assign(known, {
        record: event.record, valid: event.valid, reason: event.reason, n: event.n, at: now,
        engine: event.engine, denied: "",
      });
    } else if (event.event === "open") {
      // Before any record: those that were missed came soon to nobody.
      this.look(event.now_ns / 1e6, now);
      Object.assign(known, { record: null, silent: "", denied: "", n: undefined });
    } else if (event.event === "denied") {
      Object.assign(known, { record: null, denied: event.reason });
    } else if (event.event === "silent") {
      known.silent = event.reason;
    } else if (event.event === "live") {
      known.silent = "";
    } else if (event.event === "closed") {
      Object.assign(known, { record: null, silent: event.reason });
    }
  }

  /** The daemon's clock against ours: the record that came soonest counts, the drift is let in. */
  look(publish_ms, now) {
    const late = now - publish_ms;
    this.offset = this.offset === null || late < this.offset ? late : this.offset + 0.001;
  }

  /** A time of the daemon, ns, by this page's clock, ms. */
  local(ns) {
    return this.offset === null ? performance.now() : ns / 1e6 + this.offset;
  }

  /** Whether a channel of events is read, and somebody writes it. */
  open(channel) {
    const known = this.known.get(channel);
    return this.connected && known !== undefined && !known.denied && !known.silent;
  }

  /** When a channel told something last, by this page's clock, ms. */
  heard(channel) {
    return this.known.get(channel)?.at ?? performance.now();
  }

  /** The record that is so now; null with the reason in `why`. */
  now(channel) {
    const known = this.known.get(channel);
    if (!this.connected) return { record: null, why: "not connected" };
    if (!known) return { record: null, why: "nothing yet" };
    if (known.denied) return { record: null, why: `denied: ${known.denied}`, denied: true };
    if (known.silent) return { record: null, why: known.silent };
    if (known.record === null) return { record: null, why: "nothing yet" };
    const limit = this.limits.get(channel) ?? 1000;
    if (performance.now() - known.at > limit + GRACE_MS) return { record: null, why: "stale" };
    if (!known.valid) return { record: null, why: known.reason || "not valid" };
    return { record: known.record, why: "" };
  }
}
