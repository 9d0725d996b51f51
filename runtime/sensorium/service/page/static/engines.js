// Each engine with where it runs, how precise, how fast, and what memory it takes.
import { byId, make } from "./dom.js";

const NONE = "–";

export class Engines {
  constructor() {
    this.shown = "";
  }

  show(told) {
    const text = JSON.stringify(told);
    if (text === this.shown) return;
    this.shown = text;
    byId("engines").replaceChildren(...told.engines.map((one) => make(
      "tr", {},
      make("th", { scope: "row" }, one.engine),
      make("td", {}, one.sense ? one.sense.replaceAll("_", " ") : "local API"),
      make("td", {}, one.device),
      make("td", {}, one.precision),
      make("td", { class: "number" }, milliseconds(one.p50_us)),
      make("td", { class: "number" }, milliseconds(one.p99_us)),
      make("td", { class: "number" }, megabytes(one.memory_bytes)),
    )));
    byId("processes").replaceChildren(...told.processes.map((one) => make(
      "tr", {},
      make("th", { scope: "row" }, one.name),
      make("td", {}, one.state),
      make("td", { class: "number" }, megabytes(one.memory_bytes)),
    )));
    byId("parts").replaceChildren(...told.parts.map((one) => make(
      "tr", {},
      make("th", { scope: "row" }, one.name.replaceAll("_", " ")),
      make("td", {}, one.state),
      make("td", {}, [one.detail, one.remedy].filter(Boolean).join(": ") || NONE),
    )));
  }

  forget() {
    this.show({ engines: [], processes: [], parts: [] });
  }
}

const milliseconds = (us) => (us === null ? NONE : `${(us / 1000).toPrecision(3)} ms`);
const megabytes = (bytes) => (bytes === null ? NONE : `${Math.round(bytes / 1e6)} MB`);
