// Follows /v1/events over fetch: EventSource can set no header, and a URL must hold no secret.
import { ask, Ended } from "./session.js";

const SLOWEST_MS = 4000;
const SILENT_MS = 20000;

/** One stream that comes back by itself, from where it was. */
export class Events {
  /**
   * @param {string} query of /v1/events
   * @param {(event: object) => void} told takes each event
   * @param {(state: "live" | "lost" | "ended", why: string) => void} became
   */
  constructor(query, told, became) {
    this.query = query;
    this.told = told;
    this.became = became;
    this.id = "";
    this.control = null;
  }

  start() {
    if (this.control === null) {
      this.control = new AbortController();
      this.run(this.control.signal);
    }
  }

  stop() {
    this.control?.abort();
    this.control = null;
  }

  async run(signal) {
    let wait = 250;
    while (!signal.aborted) {
      let why = "the service ended the stream";
      try {
        const headers = this.id ? { "Last-Event-ID": this.id } : {};
        const answer = await ask(`/v1/events?${this.query}`, { signal, headers });
        if (answer.status === 400 && this.id) {
          // Of another version of the service, which will never take it: from now on, then.
          this.id = "";
          continue;
        }
        if (!answer.ok) throw new Error((await answer.json()).detail);
        wait = 250;
        this.became("live", "");
        await this.read(answer.body.getReader(), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Ended) {
          this.became("ended", error.message);
          return;
        }
        why = error instanceof TypeError ? "the daemon does not answer" : error.message;
      }
      if (signal.aborted) return;
      this.became("lost", why);
      await new Promise((resume) => setTimeout(resume, wait));
      wait = Math.min(wait * 2, SLOWEST_MS);
    }
  }

  async read(reader, signal) {
    const decoder = new TextDecoder();
    let rest = "";
    // The service says every 15 s at least that it is there.
    let watch = 0;
    const wake = () => {
      clearTimeout(watch);
      watch = setTimeout(() => reader.cancel(), SILENT_MS);
    };
    try {
      for (;;) {
        wake();
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        rest += decoder.decode(value, { stream: true });
        const parts = rest.split("\n\n");
        rest = parts.pop();
        for (const part of parts) this.take(part);
      }
    } finally {
      clearTimeout(watch);
    }
  }

  take(part) {
    let data = "";
    for (const line of part.split("\n")) {
      if (line.startsWith("data: ")) data = line.slice(6);
      else if (line.startsWith("id: ")) this.id = line.slice(4);
    }
    if (data) this.told(JSON.parse(data));
  }
}
