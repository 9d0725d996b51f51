// Which app may read what, and the mute, as switches.
import { byId, make, makeSwitch, say, turn } from "./dom.js";
import { json } from "./session.js";

export const OWN = "sensorium-page";
const ALWAYS = ["motion", "gaze", "transcript"];
const KINDS = { motion: "motion", gaze: "gaze", audio: "microphone's sound", transcript: "transcript",
  camera: "camera", emotion: "emotion" };

export class Grants {
  constructor() {
    this.shown = "";
    this.mute = byId("mute");
    this.mute.addEventListener("click", () => this.setMute());
  }

  async look() {
    this.show(await json("/v1/grants"));
  }

  showMute(muted) {
    this.mute.disabled = false;
    turn(this.mute, muted, muted ? "muted" : "not muted");
  }

  async setMute() {
    const on = this.mute.getAttribute("aria-checked") !== "true";
    await this.told(async () => this.showMute((await json("/v1/mute", "PUT", { muted: on })).muted));
  }

  show(told) {
    // What has ended since is another list, though the daemon tells the same.
    const apps = [...rows(told)];
    const text = JSON.stringify([apps, told.problem]);
    if (text === this.shown) return;
    this.shown = text;
    say(byId("grants-problem"), told.problem);
    const held = document.activeElement?.dataset?.grant;
    byId("grants").replaceChildren(...apps.map(([app, grants]) => make(
      "div", { class: "app", role: "group", "aria-label": app === OWN ? "this page" : app },
      make("h3", {}, app === OWN ? `${app} (this page)` : app),
      ...grants.map((grant) => this.grant(grant)),
    )));
    if (held) document.querySelector(`[data-grant="${CSS.escape(held)}"]`)?.focus();
  }

  grant(grant) {
    const { app, executable, kind, allowed, until } = grant;
    const program = executable ? ` (${executable})` : "";
    const end = until ? ` until ${new Date(until).toLocaleString()}` : "";
    const state = allowed === null ? "asked for" : allowed ? `allowed${end}` : `denied${end}`;
    const button = makeSwitch(`${KINDS[kind] ?? kind}${program}`, allowed === true, state);
    button.dataset.grant = `${app} ${executable} ${kind}`;
    button.setAttribute("aria-label", `${KINDS[kind] ?? kind} for ${app}${program}, ${state}`);
    button.addEventListener("click", () => this.decide(allowed ? "deny" : "allow", grant));
    if (allowed === null) return make("span", { class: "grant" }, button);
    const forget = make("button", {
      type: "button", "aria-label": `Forget what was decided about ${KINDS[kind] ?? kind} for ${app}`,
    }, "Forget");
    forget.dataset.grant = `forget ${app} ${executable} ${kind}`;
    forget.addEventListener("click", () => this.decide("revoke", grant));
    return make("span", { class: "grant" }, button, forget);
  }

  async decide(action, { app, executable, kind }) {
    const wish = { action, app, classes: kind };
    const hours = Number(byId("until").value);
    if (action !== "revoke" && executable) wish.executable = executable;
    if (action === "allow" && hours) {
      wish.until = new Date(Date.now() + hours * 3600000).toISOString();
    }
    await this.told(async () => {
      await json("/v1/grants", "POST", wish);
      await this.look();
    });
  }

  async told(work) {
    try {
      await work();
      say(byId("grants-problem"), "");
    } catch (error) {
      say(byId("grants-problem"), error.message);
    }
  }

  forget() {
    this.mute.disabled = true;
    for (const button of byId("grants").querySelectorAll("button")) button.disabled = true;
    this.shown = "";
  }
}

/** App to its grants: what was decided, what was asked for, and what this page could show. */
function rows(told) {
  const apps = new Map([[OWN, []]]);
  const put = (app, grant) => {
    const grants = apps.get(app) ?? [];
    if (!grants.some((one) => one.kind === grant.kind && one.executable === grant.executable)) {
      grants.push(grant);
    }
    apps.set(app, grants);
  };
  for (const one of told.grants) {
    if (one.until && new Date(one.until) < new Date()) continue;
    for (const kind of one.classes) {
      put(one.app, { app: one.app, executable: one.executable, kind, allowed: one.allowed, until: one.until });
    }
  }
  for (const one of told.pending) {
    put(one.app, { app: one.app, executable: one.executable, kind: one.class, allowed: null, until: "" });
  }
  for (const kind of ALWAYS) {
    if (!apps.get(OWN).some((one) => one.kind === kind)) {
      put(OWN, { app: OWN, executable: "", kind, allowed: null, until: "" });
    }
  }
  for (const grants of apps.values()) grants.sort((a, b) => a.kind.localeCompare(b.kind));
  return apps;
}
