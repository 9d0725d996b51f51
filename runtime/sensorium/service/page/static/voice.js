// Microphone, voice activity, and what is said, where its grant is on.
import { addLine, byId, Facts, say } from "./dom.js";

const MICROPHONE = ["", "open", "closed", "muted", "denied", "missing"];
const USERS = [[1, "a sense"], [2, "an app"], [4, "a recording"]];
const MUTED = 3;
const SAID = 1;
// How long a final text may come after the end of its utterance, on a slow PC.
const FINAL_MS = 20000;

export class Voice {
  constructor(state, timeline) {
    this.state = state;
    this.timeline = timeline;
    this.facts = new Facts(byId("voice-words"));
    this.level = byId("level");
    this.word = byId("level-word");
    this.parts = [];
    this.speech = "";
    this.partial = null;
  }

  take(event) {
    const record = event.record;
    if (event.channel === "voice_activity") {
      if (event.valid) this.timeline.level(this.state.local(event.capture_ns), record.loudness ?? -60);
      this.show();
    } else if (event.channel === "utterance") {
      this.utterance(record);
    } else if (event.channel === "transcript") {
      this.transcript(record, this.state.local(record.end_ns || event.capture_ns));
    }
  }

  utterance(record) {
    const key = record.utterance;
    if (record.event === 1) {
      this.timeline.begin("voice", key, "voice", this.state.local(record.start_ns), "voice_activity");
    } else if (record.event === 4) {
      const end = this.state.local(record.end_ns);
      if (!this.timeline.end("voice", key, end)) {
        this.timeline.add("voice", "voice", this.state.local(record.start_ns), end);
      }
      if (this.partial?.utterance === key) this.partial.until = performance.now() + FINAL_MS;
    }
  }

  transcript(record, at) {
    if (!record.is_final) {
      if (this.partial?.utterance !== record.utterance) {
        this.partial = { utterance: record.utterance, until: Infinity };
      }
      say(byId("partial"), record.text);
      return;
    }
    if (record.part === 1) this.parts = [];
    this.parts.push(record.text);
    if (record.part < record.parts) return;
    this.forget();
    if (record.outcome === SAID) addLine(byId("transcript"), this.parts.join(""), at);
    else if (record.outcome === 3) {
      addLine(byId("transcript"), "(lost: its sound was overwritten)", at);
    }
  }

  /** Nothing that is being said is known any more. */
  forget() {
    this.partial = null;
    say(byId("partial"), "");
  }

  /** Whether what is being said may stand there: its end is told, or why there is none. */
  holds() {
    const muted = this.state.known.get("microphone")?.record?.state === MUTED;
    return this.state.open("transcript") && this.state.open("utterance") && !muted
      && performance.now() < this.partial.until;
  }

  show() {
    const { record } = this.state.now("voice_activity");
    const shown = Math.round(Math.min(0, Math.max(-60, record?.loudness ?? -60)));
    if (this.level.value !== shown) this.level.value = shown;
  }

  tell() {
    if (this.partial && !this.holds()) this.forget();
    this.show();
    const microphone = this.state.now("microphone");
    if (microphone.record) {
      const { state, device, users } = microphone.record;
      const who = USERS.filter(([bit]) => users & bit).map(([, name]) => name).join(", ");
      const where = [device && `(${device})`, who && `for ${who}`].filter(Boolean).join(" ");
      this.facts.set("Microphone", `${MICROPHONE[state] ?? "?"} ${where}`.trim());
    } else {
      this.facts.set("Microphone", microphone.why, false);
    }
    const voice = this.state.now("voice_activity");
    if (voice.record) {
      const { speaking, probability, loudness } = voice.record;
      this.facts.set("Voice", `${speaking ? "somebody speaks" : "nobody speaks"} (${Math.round(probability * 100)} %)`);
      say(this.word, loudness === null ? "–" : `${loudness.toFixed(0)} dBFS`);
    } else {
      this.facts.set("Voice", voice.why, false);
      say(this.word, "–");
    }
    const why = this.whyNoText();
    this.facts.set("Text", why || "comes as it is said", !why);
  }

  /** The senses changed: what the sense of speech says of itself. */
  setParts(parts) {
    const speech = parts.find((one) => one.name === "speech");
    this.speech = !speech ? "the sense speech is off"
      : speech.state === "live" ? "" : `${speech.state}: ${speech.detail}: ${speech.remedy}`;
  }

  whyNoText() {
    const text = this.state.known.get("transcript");
    if (!this.state.connected) return "not connected";
    return text?.denied ? `denied: ${text.denied}` : this.speech || text?.silent || "";
  }
}
