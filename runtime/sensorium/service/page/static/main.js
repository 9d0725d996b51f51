// Puts the page together: a session, one stream of events, a few questions a second, and drawing.
import { byId, say } from "./dom.js";
import { Engines } from "./engines.js";
import { Events } from "./events.js";
import { Grants } from "./grants.js";
import { Happenings } from "./happenings.js";
import * as session from "./session.js";
import { Space } from "./space.js";
import { State } from "./state.js";
import { Timeline } from "./timeline.js";
import { Voice } from "./voice.js";

// State channels by how often they are told, Hz: the picture, the voice, the rest.
const RATES = {
  30: ["head", "hand_left", "hand_right", "ray_left", "ray_right", "eye_movement", "gaze",
    "voice_activity"],
  10: ["gesture_left", "gesture_right"],
  4: ["head_state", "microphone", "health"],
};
const HAPPENINGS = ["utterance", "transcript", "wake_word", "gesture_event", "hand_gesture_event",
  "head_gesture", "push_to_talk", "command"];
const TELL_MS = 250, ASK_MS = 1000, ATTEND_MS = 500;
const WORDS = { live: "Live", lost: "Not connected", connecting: "Connecting", ended: "No session", paused: "Paused" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const state = new State();
const timeline = new Timeline(state);
const space = new Space(state);
const voice = new Voice(state, timeline);
const happenings = new Happenings(state, timeline);
const engines = new Engines();
const grants = new Grants();
const timers = [];
let over = false;

const names = Object.values(RATES).flat();
const rates = Object.entries(RATES)
  .flatMap(([rate, channels]) => channels.map((channel) => `${channel}:${rate}`));
const events = new Events(
  `channels=${[...names, ...HAPPENINGS].join(",")}&rate=${rates.join(",")}`, told, became,
);

function told(event) {
  if (event.event === "error") return;
  state.take(event);
  if (event.event !== "record") return;
  if (event.channel === "health") grants.showMute(event.record.muted === 1);
  voice.take(event);
  happenings.take(event);
}

function became(what, why) {
  document.body.dataset.connection = what;
  const remedy = what === "ended" ? "open the page with: sensorium page" : "";
  say(byId("connection"), [WORDS[what], why, remedy].filter(Boolean).join(": "));
  state.setConnected(what === "live");
  if (what === "live") {
    ask();
    return;
  }
  forget();
  if (what === "ended") stop();
}

function forget() {
  timeline.close();
  voice.forget();
  engines.forget();
  grants.forget();
  space.apps = [];
  tell();
}

function tell() {
  space.tell();
  voice.tell();
  happenings.tell();
}

/** Asks what no channel tells; what fails here the stream says, too. */
async function ask() {
  if (!state.connected) return;
  try {
    const [found] = await Promise.all([session.json("/v1/engines"), grants.look()]);
    if (!state.connected) return;
    engines.show(found);
    voice.setParts(found.parts);
  } catch (error) {
    failed(error);
  }
}

async function attend() {
  if (!state.connected) return;
  try {
    const { apps, intent } = await session.json("/v1/attention");
    if (!state.connected) return;
    space.apps = state.now("head").denied ? [] : apps;
    happenings.meant(intent);
  } catch (error) {
    failed(error);
  }
}

function failed(error) {
  if (error instanceof session.Ended) became("ended", error.message);
}

let drawn = 0;
function draw(now) {
  if (document.hidden || over) return;
  requestAnimationFrame(draw);
  // Who wants little motion sees it change twice a second.
  if (calm.matches && now - drawn < 500) return;
  drawn = now;
  space.draw();
  timeline.draw(now);
  voice.draw();
}

function start() {
  if (over || timers.length) return;
  say(byId("connection"), WORDS.connecting);
  events.start();
  timers.push(setInterval(tell, TELL_MS), setInterval(ask, ASK_MS), setInterval(attend, ATTEND_MS));
  requestAnimationFrame(draw);
}

function stop() {
  events.stop();
  for (const timer of timers.splice(0)) clearInterval(timer);
}

/** A page that nobody sees asks for nothing. */
function looked() {
  if (over) return;
  if (!document.hidden) {
    start();
    return;
  }
  stop();
  became("paused", "");
}

async function learn() {
  // How old a record may be; and a first try whether the session holds.
  const { channels } = await session.json("/v1/channels");
  for (const { name, max_age_ms: age } of channels) {
    const rate = Object.entries(RATES).find(([, list]) => list.includes(name))?.[0];
    if (rate) state.setLimit(name, Math.max(age, 2000 / rate));
  }
}

byId("sign-out").addEventListener("click", async () => {
  stop();
  over = true;
  try {
    await session.end();
  } catch { /* It has ended, or nobody is there: the key is gone either way. */ }
  became("ended", "closed");
});
document.addEventListener("visibilitychange", looked);

try {
  await session.begin();
  if (!session.known()) throw new session.Ended("this browser has none");
  looked();
  await learn();
} catch (error) {
  if (error instanceof session.Ended) {
    stop();
    became("ended", error.message);
  }
}
