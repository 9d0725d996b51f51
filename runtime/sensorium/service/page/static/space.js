// Head, hands, rays and targets in 3D, on a 2D canvas: that is fast without a GPU, too.
import { add, Camera, known, rotate } from "./camera.js";
import { byId, Facts, Sheet } from "./dom.js";

const [ORIENTED, PLACED] = [1, 2];
const FINGERS = [[1, 2, 3, 4, 5], [1, 6, 7, 8, 9, 10], [1, 11, 12, 13, 14, 15],
  [1, 16, 17, 18, 19, 20], [1, 21, 22, 23, 24, 25]];
const COLOURS = { left: "#6fe3ff", right: "#7ee787", head: "#f2f5f8", gaze: "#ffd166",
  ray: "#ffa8a8", target: "#c3ced9", floor: "#33465a", words: "#f2f5f8" };
const FACE = [[-0.09, -0.05], [0.09, -0.05], [0.09, 0.05], [-0.09, 0.05]];
const RAY_M = 2.5;
const KEYS = {
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "closer",
  "=": "closer", "-": "further", Home: "reset",
};

export class Space {
  constructor(state) {
    this.state = state;
    this.canvas = byId("scene");
    this.sheet = new Sheet(this.canvas);
    this.pen = this.sheet.pen;
    this.camera = new Camera();
    this.fresh = false;
    this.facts = new Facts(byId("scene-words"));
    // As the daemon told them last; null: not known, or not to be shown.
    this.apps = null;
    this.listen();
  }

  listen() {
    this.canvas.addEventListener("keydown", (event) => {
      const way = KEYS[event.key];
      if (way && !event.ctrlKey && !event.altKey && !event.metaKey) {
        this.go(way);
        event.preventDefault();
      }
    });
    for (const button of document.querySelectorAll("[data-turn]")) {
      button.addEventListener("click", () => this.go(button.dataset.turn));
    }
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) this.camera.turn(-event.movementX * 0.008, event.movementY * 0.008);
    });
    this.canvas.addEventListener("wheel", (event) => {
      this.camera.move(Math.exp(event.deltaY * 0.001));
      event.preventDefault();
    }, { passive: false });
  }

  go(way) {
    const camera = this.camera;
    if (way === "reset") camera.reset();
    else if (way === "closer") camera.move(1 / 1.15);
    else if (way === "further") camera.move(1.15);
    else if (way === "left") camera.turn(-0.15, 0);
    else if (way === "right") camera.turn(0.15, 0);
    else camera.turn(0, way === "up" ? 0.12 : -0.12);
  }

  /** There is something new to draw. */
  touch() {
    this.fresh = false;
  }

  /** Draws where anything has changed since it was drawn. */
  refresh() {
    if (!this.fresh || this.sheet.changed || this.camera.place !== this.drawnFrom) this.draw();
  }

  draw() {
    const pen = this.pen, { width, height } = this.sheet;
    this.fresh = true;
    this.drawnFrom = this.camera.place;
    this.camera.set(width, height);
    this.sheet.begin(this.drawnFrom, (ground) => {
      ground.fillStyle = "#0b0f14";
      ground.fillRect(0, 0, width, height);
      ground.lineCap = "round";
      this.floor(ground);
    });
    pen.lineCap = "round";
    pen.font = "16px system-ui, sans-serif";
    for (const app of this.apps ?? []) this.targets(app);
    this.head();
    for (const side of ["left", "right"]) {
      this.hand(side);
      this.ray(`ray_${side}`, COLOURS.ray, "points");
    }
    this.gaze();
    if (!this.state.connected) {
      pen.fillStyle = COLOURS.words;
      pen.fillText("not connected", 16, 28);
    }
  }

  stroke(lines, colour, thick, pen = this.pen) {
    pen.strokeStyle = colour;
    pen.lineWidth = thick;
    pen.beginPath();
    for (const [a, b] of lines) {
      const line = this.camera.line(a, b);
      if (line) {
        pen.moveTo(line[0][0], line[0][1]);
        pen.lineTo(line[1][0], line[1][1]);
      }
    }
    pen.stroke();
  }

  name(place, text, colour) {
    const point = this.camera.point(place);
    if (point) {
      this.pen.fillStyle = colour;
      this.pen.fillText(text, point[0] + 8, point[1] - 8);
    }
  }

  floor(pen) {
    const lines = [];
    for (let at = -2; at <= 2; at += 0.5) {
      lines.push([[at, 0, -2], [at, 0, 2]], [[-2, 0, at], [2, 0, at]]);
    }
    this.stroke(lines, COLOURS.floor, 1, pen);
  }

  head() {
    const { record } = this.state.now("head");
    if (!record || !placed(record.pose)) return;
    const { position, orientation } = record.pose;
    const at = (x, y, z) => add(position, rotate(orientation, [x, y, z]));
    const front = FACE.map(([x, y]) => at(x, y, -0.05));
    const back = FACE.map(([x, y]) => at(x * 0.9, y * 0.9, 0.08));
    const lines = [];
    for (let i = 0; i < 4; i++) {
      lines.push([front[i], front[(i + 1) % 4]], [back[i], back[(i + 1) % 4]], [front[i], back[i]]);
    }
    lines.push([at(0, 0, -0.05), at(0, 0, -0.16)]);
    this.stroke(lines, COLOURS.head, 2);
    this.name(at(0, 0.09, 0), "head", COLOURS.head);
  }

  hand(side) {
    const { record } = this.state.now(`hand_${side}`);
    if (!record) return;
    const joints = record.joints;
    const lines = [];
    for (const finger of FINGERS) {
      for (let i = 1; i < finger.length; i++) {
        const a = joints[finger[i - 1]], b = joints[finger[i]];
        if (placed(a) && placed(b)) lines.push([a.position, b.position]);
      }
    }
    this.stroke(lines, COLOURS[side], 3);
    const pen = this.pen;
    pen.fillStyle = COLOURS[side];
    pen.beginPath();
    for (const joint of joints) {
      const point = placed(joint) && this.camera.point(joint.position);
      if (point) {
        const radius = Math.max(1.5, joint.radius * point[2] * 0.6);
        pen.moveTo(point[0] + radius, point[1]);
        pen.arc(point[0], point[1], radius, 0, 7);
      }
    }
    pen.fill();
    if (placed(joints[1])) this.name(joints[1].position, side, COLOURS[side]);
  }

  ray(channel, colour, text) {
    const { record } = this.state.now(channel);
    if (!record || !known(record.origin) || !known(record.direction)) return;
    const end = add(record.origin, record.direction, RAY_M);
    this.stroke([[record.origin, end]], colour, 2);
    this.name(add(record.origin, record.direction, 0.6), text, colour);
  }

  gaze() {
    const channel = this.state.now("eye_movement").record ? "eye_movement" : "gaze";
    const { record } = this.state.now(channel);
    const ray = record && known(record.origin) && known(record.direction);
    if (ray) this.ray(channel, COLOURS.gaze, record.source === 1 ? "gaze: eyes" : "gaze: head");
  }

  targets(app) {
    const scale = app.world_scale ?? 1;
    const stage = (p) => add(
      app.world_position, rotate(app.world_orientation, p.map((value) => value * scale)),
    );
    const meant = new Map(Object.entries(app.attended).map(([way, id]) => [id, way]));
    for (const target of app.targets) {
      if (!known(target.position) || !known(target.orientation)) continue;
      const way = meant.get(target.id);
      const colour = way ? COLOURS.gaze : COLOURS.target;
      if (target.radius > 0) this.ball(stage(target.position), target.radius * scale, colour, way);
      else this.box(target, stage, colour, way);
      const words = way ? `${target.name} (${way.replaceAll("_", " ")})` : target.name;
      this.name(stage(target.position), words, colour);
    }
  }

  ball(middle, radius, colour, thick) {
    const point = this.camera.point(middle);
    if (!point) return;
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = thick ? 4 : 1.5;
    this.pen.beginPath();
    this.pen.arc(point[0], point[1], Math.max(2, radius * point[2]), 0, 7);
    this.pen.stroke();
  }

  box(target, stage, colour, thick) {
    const [x, y, z] = target.half_extents;
    const corner = (i) => stage(add(target.position, rotate(
      target.orientation, [i & 1 ? x : -x, i & 2 ? y : -y, i & 4 ? z : -z],
    )));
    const lines = [];
    for (let i = 0; i < 8; i++) {
      for (const bit of [1, 2, 4]) if (!(i & bit)) lines.push([corner(i), corner(i | bit)]);
    }
    this.stroke(lines, colour, thick ? 4 : 1.5);
  }

  /** The same in words, for who does not see it; a few times a second. */
  tell() {
    // What has become too old since is drawn no more.
    this.touch();
    const head = this.state.now("head");
    const tall = head.record && placed(head.record.pose);
    this.say("Head", head, tall ? `${head.record.pose.position[1].toFixed(2)} m above the floor` : "");
    for (const side of ["left", "right"]) {
      const hand = this.state.now(`hand_${side}`);
      const joint = hand.record?.joints[1];
      const words = joint && placed(joint) ? `wrist at ${metres(joint.position)}` : "";
      this.say(side === "left" ? "Left hand" : "Right hand", hand, words);
    }
    const eyes = this.state.now("eye_movement");
    const gaze = eyes.record ? eyes : this.state.now("gaze");
    this.say("Gaze", gaze, gaze.record && known(gaze.record.direction)
      ? `by ${gaze.record.source === 1 ? "the eyes" : "the head"}, towards ${metres(gaze.record.direction)}`
      : "");
    this.facts.set("Targets", this.state.connected ? this.scenes() : "not connected");
  }

  scenes() {
    const head = this.state.now("head");
    if (head.denied) return head.why;
    if (!this.apps) return "not known";
    if (!this.apps.length) return "no app has published any";
    return this.apps.map((app) => {
      const names = new Map(app.targets.map((target) => [target.id, target.name]));
      const meant = Object.entries(app.attended)
        .map(([way, id]) => `${names.get(id) ?? id} is ${way.replaceAll("_", " ")}`);
      return [`${app.app}: ${app.count}`, ...meant].join(", ");
    }).join("; ");
  }

  say(term, found, words) {
    const fresh = found.record !== null;
    this.facts.set(term, fresh ? words || "not tracked" : found.why, fresh);
  }
}

const placed = (pose) => (pose.flags & (ORIENTED | PLACED)) !== 0 && known(pose.position);
const metres = (v) => v.map((value) => value.toFixed(2)).join(", ");
