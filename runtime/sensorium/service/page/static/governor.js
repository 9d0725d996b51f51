// How senses give way to the frames of apps, as /v1/governor tells it: whose frames are held and how
// they are, what is taken from which sense and why, and each change of it on the timeline.
import { byId, Facts, make, Rows, say } from "./dom.js";

// An answer that is older is not shown: the page asks each second.
const OLD_MS = 3000;
// The same change is told again and again, with its age as of then.
const SAME_MS = 2000, REMEMBERED = 256;
const CAUSES = { late: "late frame", missed: "missed frame", close: "close", pressure: "others need cores",
  relief: "given back", policy: "policy", gone: "app gone", memory: "others need memory",
  gpu: "others need the GPU" };
const RISKS = { unknown: "not known yet", room: "room", close: "close to late", late: "late" };
const NONE = "–";

export class Governor {
  constructor(state, timeline) {
    this.state = state;
    this.timeline = timeline;
    this.facts = new Facts(byId("governor-words"));
    this.apps = new Rows(byId("frames"));
    this.senses = new Rows(byId("slowed"));
    this.steps = new Rows(byId("steps"));
    this.changes = new Map();
    this.at = 0;
    this.said = "";
  }

  /** Shows what /v1/governor told just now. */
  show(told) {
    this.at = performance.now();
    const { governor } = told;
    const why = notGoverned(governor);
    if (why) {
      this.hide(why);
      return;
    }
    const slowed = governor.senses.filter((one) => one.step !== "full");
    const idle = !governor.apps.length && !governor.level;
    this.sentence(governor, slowed);
    byId("governor-more").hidden = idle;
    if (!idle) {
      this.held(governor);
      this.words(told);
      this.apps.show(governor.frames.map(frameRow));
      byId("frames").parentElement.hidden = !governor.frames.length;
      this.senses.show(slowed.map((one) => senseRow(one, told.steps)));
      byId("slowed").parentElement.hidden = !slowed.length;
      this.steps.show(told.steps.map((one) => this.stepRow(one)));
      byId("steps").parentElement.hidden = !told.steps.length;
    }
    this.lane(told);
  }

  /** Nothing is known, or there is nothing: why. */
  hide(why) {
    this.say([why]);
    byId("governor-more").hidden = true;
  }

  forget() {
    this.at = 0;
    this.hide("not connected");
  }

  tell() {
    if (this.at && performance.now() - this.at > OLD_MS) {
      this.at = 0;
      this.hide("not known: the daemon does not answer");
    }
  }

  /** What holds, in a sentence; an app's name is set off, whichever way its letters run. */
  sentence(governor, slowed) {
    const named = governor.app ? [make("bdi", {}, governor.app), `: ${governor.words.risk}`]
      : [governor.apps.length ? "nobody's frames are held" : "no app tells frames"];
    const taken = slowed.map((one) => `${spoken(one.sense)} ${one.words}`).join(", ");
    const level = !governor.level ? "; every sense is at full"
      : `; level ${governor.level}${taken && `: ${taken}`}`;
    this.say([...named, level]);
  }

  say(parts) {
    const text = parts.map((one) => one.textContent ?? one).join("");
    if (text === this.said) return;
    this.said = text;
    byId("governor-now").replaceChildren(...parts);
  }

  /** The frames that are held, against their period. */
  held(governor) {
    const held = governor.frames.find((one) => one.held);
    const known = held?.busy_ms && held.period_ms;
    byId("fill-line").hidden = !known;
    if (!known) return;
    const fill = held.busy_ms / held.period_ms;
    const shown = Math.min(fill, byId("fill").max);
    if (byId("fill").value !== shown) byId("fill").value = shown;
    say(byId("fill-word"), `${ms(held.busy_ms)} of ${ms(held.period_ms)}, ${Math.round(fill * 100)} %`);
  }

  words({ governor, processes }) {
    const { app, policy, words, level, senses } = governor;
    const beyond = senses.filter((one) => one.beyond).map((one) => spoken(one.sense));
    this.facts.set("Held", app || "nobody's frames", Boolean(app));
    this.facts.set("Policy", `${policy}: ${words.policy}`);
    this.facts.set("Risk", words.risk);
    const far = beyond.length ? `; beyond what they are kept within: ${beyond.join(", ")}` : "";
    this.facts.set("Level", level ? `${level}${far}` : "0: every sense is at full");
    this.facts.set("In the background", background(processes));
    this.facts.set("Since the start", `${governor.changes} changes; ${governor.held_s} s not at full, `
      + `${governor.at_risk_s} s with frames at risk`);
    this.facts.set("The governor itself", `${governor.cpu_percent} % of a core`);
  }

  stepRow(step) {
    const at = this.changes.get(step.change)?.at ?? performance.now() - step.ago_s * 1000;
    const clock = new Date(Date.now() - (performance.now() - at));
    const engine = step.engine ? ` (${step.engine})` : "";
    return [`${step.change} ${step.sense}`, [
      clock.toLocaleTimeString([], { hour12: false }), step.app || NONE,
      step.sense ? `${spoken(step.sense)}${engine}` : "all engines",
      step.from.words, step.to.words, step.why,
    ]];
  }

  /** Brings the lane up to date: a bar while anything is taken, anew with each change. */
  lane({ governor, steps }) {
    if (!this.state.now("governor").record) return;
    const now = performance.now();
    const found = new Map([...steps].reverse().map((step) => [step.change, step]));
    for (const [change, { ago_s: ago, level, cause }] of found) {
      const at = now - ago * 1000;
      if (Math.abs((this.changes.get(change)?.at ?? -Infinity) - at) < SAME_MS) continue;
      this.changes.delete(change);
      this.changes.set(change, { at });
      this.changed(level, CAUSES[cause] ?? cause, at);
    }
    for (const old of [...this.changes.keys()].slice(0, -REMEMBERED)) this.changes.delete(old);
    if (governor.level && !this.timeline.open().some((mark) => mark.source === "governor")) {
      this.changed(governor.level, "", now);
    }
  }

  changed(level, cause, at) {
    this.timeline.end("governor", "level", at);
    const name = [level ? `level ${level}` : "at full", cause].filter(Boolean).join(": ");
    if (level) this.timeline.begin("governor", "level", name, at, "governor");
    else this.timeline.add("governor", name, at);
  }
}

function notGoverned({ enabled, problem }) {
  if (!enabled) return "The governor is off: senses take what they need.";
  return problem && `The governor has failed: ${problem}; senses take what they need.`;
}

function frameRow(one) {
  return [one.app, [
    one.held ? `${one.app} (held)` : one.app,
    one.rate_hz === null ? NONE : one.rate_hz.toFixed(1),
    one.period_ms === null ? NONE : (1000 / one.period_ms).toFixed(1),
    one.busy_ms === null ? NONE : ms(one.busy_ms),
    String(one.late), String(one.missed), one.policy, RISKS[one.risk] ?? one.risk,
  ]];
}

function senseRow(one, steps) {
  const last = steps.find((step) => step.sense === one.sense);
  return [one.sense, [
    spoken(one.sense), one.words, `${one.longest_ms} ms${one.beyond ? " (beyond it)" : ""}`,
    last?.why ?? NONE,
  ]];
}

function background(processes) {
  const there = processes.filter((one) => one.background)
    .map((one) => `${one.process} (${place(one.cores)})`);
  const refused = processes.filter((one) => one.background_refused && !one.background)
    .map((one) => one.process);
  const rescued = processes.filter((one) => one.rescued)
    .map((one) => `${one.process} was taken back ${one.rescued} times, since it got nothing there`);
  return [
    there.length ? there.join(", ") : "no process",
    refused.length ? `not ${refused.join(", ")}: the system would not let it come back (sensorium doctor)` : "",
    ...rescued,
  ].filter(Boolean).join("; ");
}

const place = (cores) => (cores.length
  ? `${cores.length > 1 ? "cores" : "core"} ${cores.join(", ")} alone` : "only where nobody else runs");
const spoken = (name) => name.replaceAll("_", " ");
const ms = (value) => `${value.toFixed(1)} ms`;
