// Puts the page together: a session, one stream of events, a few questions a second, and drawing.
import { byId, say } from "./dom.js";
import { Engines } from "./engines.js";
import { Events } from "./events.js";
import { Governor } from "./governor.js";
import { Grants } from "./grants.js";
import { Happenings } from "./happenings.js";
import * as session from "./session.js";
import { Space } from "./space.js";
import { State } from "./state.js";
import { Timeline } from "./timeline.js";
import { Voice } from "./voice.js";

// State channels with how often they are told, Hz, and what of them is: the picture, the voice, the
// rest.
const JOINTS = ["joints.position", "joints.radius", "joints.flags"];
const RAY = ["origin", "direction"];
const GESTURE = ["name", "phase", "pinch", "grab"];
const STATES = {
  head: [30, "pose.position", "pose.orientation", "pose.flags"],
  hand_left: [30, ...JOINTS], hand_right: [30, ...JOINTS],
  ray_left: [30, ...RAY], ray_right: [30, ...RAY],
  eye_movement: [30, ...RAY, "source"], gaze: [30, ...RAY, "source"],
  voice_activity: [30, "speaking", "probability", "loudness"],
  gesture_left: [10, ...GESTURE], gesture_right: [10, ...GESTURE],
  hand_gesture_left: [4, "held"], hand_gesture_right: [4, "held"],
  head_state: [4, "motion"],
  microphone: [4, "state", "device", "users"],
  health: [4, "muted"],
  governor: [4, "app", "risk", "level", "changes"],
};
const IN_SPACE = new Set(["head", "hand_left", "hand_right", "ray_left", "ray_right", "eye_movement",
  "gaze"]);
const ENDS = new Set(["denied", "closed", "silent"]);
const HAPPENINGS = ["utterance", "transcript", "wake_word", "gesture_event", "hand_gesture_event",
  "head_gesture", "push_to_talk", "command"];
const TELL_MS = 250, ASK_MS = 1000, ENGINES_MS = 2000, ATTEND_MS = 500, STEPS = 24;
const WORDS = { live: "Live", lost: "Not connected", connecting: "Connecting", ended: "No session", paused: "Paused" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const state = new State();
const timeline = new Timeline(state);
const space = new Space(state);
const voice = new Voice(state, timeline);
const happenings = new Happenings(state, timeline);
const governor = new Governor(state, timeline);
const engines = new Engines();
const grants = new Grants();
const timers = [];
let over = false;

const all = Object.entries(STATES);
const events = new Events([
  `channels=${[...Object.keys(STATES), ...HAPPENINGS].join(",")}`,
  `rate=${all.map(([channel, [rate]]) => `${channel}:${rate}`).join(",")}`,
  `fields=${all.flatMap(([channel, [, ...fields]]) => fields.map((one) => `${channel}:${one}`)).join(",")}`,
].join("&"), told, became);

function told(event) {
  if (event.event === "error") return;
  state.take(event);
  if (IN_SPACE.has(event.channel)) space.touch();
  if (ENDS.has(event.event)) tell();
  if (event.channel === "governor") governed(event);
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
    askEngines();
    askGovernor();
    return;
  }
  forget();
  if (what === "ended") stop();
  // Nothing of the last picture stands, also where no other comes.
  space.draw();
  timeline.draw();
}

function forget() {
  timeline.close();
  voice.forget();
  governor.forget();
  engines.forget();
  grants.forget();
  space.apps = null;
  tell();
}

function tell() {
  timeline.settle();
  space.tell();
  voice.tell();
  happenings.tell();
  governor.tell();
}

/** Asks what no channel tells; what fails here the stream mostly says, too. */
async function asking(question, failed = () => {}) {
  if (!state.connected) return;
  try {
    await question();
  } catch (error) {
    failed();
    if (error instanceof session.Ended) became("ended", error.message);
  }
}

const ask = () => asking(() => grants.look());

const askEngines = () => asking(async () => {
  const found = await session.json("/v1/engines");
  if (!state.connected) return;
  engines.show(found);
  voice.setParts(found.parts);
});

let waits = false, again = false;

/** How senses give way; what changes while an answer is on its way is asked for after it. */
async function askGovernor() {
  again = waits;
  if (waits) return;
  waits = true;
  await asking(async () => {
    const found = await session.json(`/v1/governor?most=${STEPS}`);
    if (state.connected) governor.show(found);
  });
  waits = false;
  if (again) askGovernor();
}

let decided = "";

/** The channel tells at once that something is another; what and why is asked for. */
function governed(event) {
  const now = event.event === "record" && event.valid ? JSON.stringify(event.record) : event.event;
  if (now === decided) return;
  decided = now;
  askGovernor();
}

const attend = () => asking(async () => {
  const { apps, intent } = await session.json("/v1/attention");
  if (!state.connected) return;
  attended(state.now("head").denied ? null : apps);
  happenings.meant(intent);
}, () => attended(null));

function attended(apps) {
  space.apps = apps;
  space.touch();
}

let frame = 0, drawn = 0;
function draw(now) {
  frame = requestAnimationFrame(draw);
  // Who wants little motion sees it change twice a second.
  if (calm.matches && now - drawn < 500) return;
  drawn = now;
  space.refresh();
  timeline.refresh(now);
}

function start() {
  if (over || timers.length) return;
  say(byId("connection"), WORDS.connecting);
  events.start();
  timers.push(setInterval(tell, TELL_MS), setInterval(ask, ASK_MS),
    setInterval(askEngines, ENGINES_MS), setInterval(attend, ATTEND_MS), setInterval(askGovernor, ASK_MS));
  frame = requestAnimationFrame(draw);
}

function stop() {
  events.stop();
  cancelAnimationFrame(frame);
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
    if (STATES[name]) state.setLimit(name, Math.max(age, 2000 / STATES[name][0]));
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
