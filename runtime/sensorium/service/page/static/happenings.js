// Gestures, commands, intents and wake words as they come: lanes, a log, and what is held now.
import { addLine, byId, Facts, turn } from "./dom.js";

const SIDES = ["", "left", "right"];
const DIRECTIONS = ["", "left", "right", "forward", "back"];
const METHODS = ["nothing matched", "", " (close)", " (by meaning)"];
const words = (name) => name.replaceAll("_", " ").toLowerCase();

export class Happenings {
  constructor(state, timeline) {
    this.state = state;
    this.timeline = timeline;
    this.log = byId("happenings");
    this.facts = new Facts(byId("gesture-words"));
    this.intent = null;
    byId("announce").addEventListener("click", ({ currentTarget }) => {
      const on = currentTarget.getAttribute("aria-checked") !== "true";
      turn(currentTarget, on);
      for (const one of document.querySelectorAll("[data-announced]")) {
        one.setAttribute("aria-live", on ? "polite" : "off");
      }
    });
  }

  take(event) {
    const record = event.record;
    const at = this.state.local(event.capture_ns);
    if (event.channel === "gesture_event") {
      this.held(record, at, "gesture", 0);
    } else if (event.channel === "hand_gesture_event") {
      if (record.event === 3) this.moved(record);
      else this.held(record, at, "hand_gesture", 1);
    } else if (event.channel === "head_gesture") {
      const name = [words(record.name), DIRECTIONS[record.direction]].filter(Boolean).join(" ");
      const when = this.state.local(record.event === 1 ? record.begin_ns : record.end_ns);
      this.change("head", name, record.event === 1, when, "head_state");
    } else if (event.channel === "wake_word") {
      this.point("wake", record.phrase, this.state.local(record.detected_ns), "wake word");
    } else if (event.channel === "command") {
      const name = record.name || "?";
      this.point("intents", `${name}${METHODS[record.method] ?? ""}`, at, "command");
    } else if (event.channel === "push_to_talk") {
      addLine(this.log, `push to talk: ${record.held ? "pressed" : "released"}`, at);
    }
  }

  held(record, at, sense, row) {
    const name = words(record.own_name || record.name), side = SIDES[record.side];
    if (record.event) this.change(side, name, record.event === 1, at, `${sense}_${side}`, row);
  }

  change(lane, name, begins, at, source, row = 0) {
    if (begins) this.timeline.begin(lane, `${row} ${name}`, name, at, source, row);
    else this.timeline.end(lane, `${row} ${name}`, at);
    addLine(this.log, `${lane}: ${name} ${begins ? "begins" : "ends"}`, at);
  }

  moved(record) {
    const lane = SIDES[record.side], name = words(record.name);
    const { movement_begin_ns: from, movement_end_ns: to } = record;
    this.timeline.add(lane, name, this.state.local(from), this.state.local(to), 1);
    addLine(this.log, `${lane}: ${name}`, this.state.local(to));
  }

  point(lane, name, at, kind) {
    this.timeline.add(lane, name, at, at + 250);
    addLine(this.log, `${kind}: ${name}`, at);
  }

  /** The newest intent of any app, as the daemon tells its owner. */
  meant(intent) {
    const first = this.intent === null;
    const id = intent ? intent.intent : 0;
    if (id === this.intent) return;
    this.intent = id;
    // What was meant before this page looked is no news.
    if (first || !intent) return;
    const things = intent.objects.map((one) => one.name || one.id);
    const place = intent.place_on ? `on ${intent.place_on.name || intent.place_on.id}` : "";
    const name = [words(intent.verb), ...things, place].filter(Boolean).join(" ");
    this.point("intents", name, performance.now(), `intent for ${intent.app}`);
  }

  tell() {
    for (const side of ["left", "right"]) {
      const { record, why } = this.state.now(`gesture_${side}`);
      const term = side === "left" ? "Left hand" : "Right hand";
      if (!record) {
        this.facts.set(term, why, false);
        continue;
      }
      const name = record.name && record.phase ? words(record.name) : "no gesture";
      this.facts.set(term, `${name}, pinch ${percent(record.pinch)}, grab ${percent(record.grab)}`);
    }
    const head = this.state.now("head_state");
    const moves = ["not known yet", "looks at one thing", "moves"];
    this.facts.set("Head", head.record ? moves[head.record.motion] : head.why, Boolean(head.record));
  }
}

const percent = (share) => `${Math.round((share ?? 0) * 100)} %`;
