// The last minute as lanes. What has a length is a bar, what happens at once a mark with its name.
import { byId, Sheet } from "./dom.js";

export const SPAN_MS = 60000;
// Each with its share of the height; a hand has two rows, one for each sense that looks at it.
const LANES = [["voice", "Voice", 1], ["left", "Left hand", 1.4], ["right", "Right hand", 1.4],
  ["head", "Head", 1], ["intents", "Commands, intents", 1], ["wake", "Wake words", 1],
  ["governor", "Senses give way", 1]];
const SHARES = LANES.reduce((sum, [, , share]) => sum + share, 0);
const COLOURS = { voice: "#7ee787", left: "#6fe3ff", right: "#7ee787", head: "#c3ced9",
  intents: "#ffd166", wake: "#ffa8a8", governor: "#ffb070" };
const HANDS = new Set(["left", "right"]);
const GROUND = "#0b0f14", FONT = "16px system-ui, sans-serif";
const LABEL = 190;
// A lane is some 1300 pixels wide: loudness that comes more often than this is drawn in one.
const LEVEL_MS = 50;

export class Timeline {
  constructor(state) {
    this.state = state;
    this.sheet = new Sheet(byId("timeline"));
    this.marks = Object.fromEntries(LANES.map(([lane]) => [lane, []]));
    this.levels = [];
    this.fresh = false;
    this.drawn = 0;
  }

  /** Something that begins; `end` closes it by its key, and `settle` where the state channel
   * `source` of the same sense tells nothing any more. Times by the page's clock, ms. */
  begin(lane, key, name, from, source, row = 0) {
    this.put(lane, { key, name, from, to: null, row, source });
  }

  end(lane, key, to) {
    const mark = this.marks[lane].find((one) => one.key === key && (one.to === null || one.cut));
    if (mark) Object.assign(mark, { to: Math.max(to, mark.from), cut: false });
    this.fresh = false;
    return Boolean(mark);
  }

  add(lane, name, from, to = from, row = 0) {
    this.put(lane, { key: "", name, from, to, row, source: "" });
  }

  put(lane, mark) {
    const marks = this.marks[lane];
    // In order, the newest first: almost always it is the first.
    const after = marks.findIndex((one) => one.from <= mark.from);
    marks.splice(after < 0 ? marks.length : after, 0, mark);
    this.fresh = false;
  }

  /** The writer is gone: what had begun is over as far as anybody knows. */
  close() {
    for (const mark of this.open()) this.cut(mark, performance.now());
  }

  /** What began by a sense that tells nothing any more is over, too, when it told something last. */
  settle() {
    for (const mark of this.open()) {
      if (!this.state.now(mark.source).record) this.cut(mark, this.state.heard(mark.source));
    }
  }

  open() {
    return Object.values(this.marks).flat().filter((mark) => mark.to === null);
  }

  cut(mark, at) {
    Object.assign(mark, { to: Math.max(at, mark.from), cut: true });
    this.fresh = false;
  }

  level(at, dbfs) {
    const share = Math.min(1, Math.max(0, (dbfs + 60) / 60));
    const last = this.levels.at(-1);
    if (last && at - last[0] < LEVEL_MS) last[1] = Math.max(last[1], share);
    else this.levels.push([at, share]);
  }

  /** Draws where anything is new, or where all has moved by a pixel. */
  refresh(now) {
    const pixels = Math.max(1, this.sheet.width - LABEL) * (this.sheet.scale ?? 1);
    if (!this.fresh || this.sheet.changed || now - this.drawn >= SPAN_MS / pixels) this.draw(now);
  }

  draw(now = performance.now()) {
    const sheet = this.sheet, { pen, width, height } = sheet;
    this.fresh = true;
    this.drawn = now;
    const begin = now - SPAN_MS;
    const x = (at) => LABEL + ((at - begin) / SPAN_MS) * (width - LABEL);
    const unit = (height - 26) / SHARES;
    sheet.begin("", (ground) => this.ground(ground, width, height, unit));
    pen.font = FONT;
    pen.textBaseline = "middle";
    let top = 0;
    let gone = 0;
    while (gone < this.levels.length && this.levels[gone][0] < begin) gone += 1;
    this.levels.splice(0, gone);
    for (const [id, , share] of LANES) {
      const lane = unit * share;
      if (id === "voice") this.loudness(pen, x, top, lane);
      const marks = this.marks[id] = this.marks[id].filter((mark) => (mark.to ?? now) > begin);
      const tall = HANDS.has(id) ? (lane - 4) / 2 : lane - 4;
      const room = [width, width];
      // From the newest back: a name has the room up to what comes after it in its row.
      for (const mark of marks) {
        room[mark.row] = this.mark(
          pen, mark, COLOURS[id], x, top + 2 + mark.row * tall, tall, now, room[mark.row],
        );
      }
      top += lane;
    }
  }

  /** What stays where it is: lanes with their titles, and the seconds. */
  ground(pen, width, height, unit) {
    pen.fillStyle = GROUND;
    pen.fillRect(0, 0, width, height);
    pen.font = FONT;
    pen.textBaseline = "middle";
    for (let back = 50; back >= 0; back -= 10) {
      const at = LABEL + (1 - back * 1000 / SPAN_MS) * (width - LABEL);
      pen.fillStyle = "#33465a";
      pen.fillRect(at, 0, 1, height - 24);
      pen.fillStyle = "#c3ced9";
      pen.fillText(back ? `-${back} s` : "now", at - (back ? 18 : 36), height - 12);
    }
    let top = 0;
    for (const [, title, share] of LANES) {
      const lane = unit * share;
      pen.fillStyle = "#f2f5f8";
      pen.fillText(title, 8, top + lane / 2);
      pen.fillStyle = "#33465a";
      pen.fillRect(0, top + lane - 1, width, 1);
      top += lane;
    }
  }

  loudness(pen, x, top, lane) {
    pen.strokeStyle = "#3f8f57";
    pen.lineWidth = 1.5;
    pen.beginPath();
    let before = -Infinity;
    for (const [at, share] of this.levels) {
      const y = top + lane - 3 - share * (lane - 8);
      if (at - before > 1000) pen.moveTo(x(at), y);
      else pen.lineTo(x(at), y);
      before = at;
    }
    pen.stroke();
  }

  /** Draws one, its name clipped to the bar or, of a short one, to what is free; where it begins. */
  mark(pen, mark, colour, x, top, tall, now, room) {
    const from = Math.max(LABEL, x(mark.from));
    const long = Math.max(4, x(mark.to ?? now) - from);
    pen.strokeStyle = pen.fillStyle = colour;
    pen.globalAlpha = 0.3;
    pen.fillRect(from, top + 1, long, tall - 2);
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    pen.strokeRect(from, top + 1, long, tall - 2);
    const begin = long > 20 ? from : from + long;
    const end = Math.min(room, long > 20 ? from + long - 2 : room);
    if (end - begin > 14) {
      mark.width ??= pen.measureText(mark.name).width;
      const cut = begin + 4 + mark.width > end;
      if (cut) {
        pen.save();
        pen.beginPath();
        pen.rect(begin, top, end - begin, tall);
        pen.clip();
      }
      pen.fillStyle = "#f2f5f8";
      pen.fillText(mark.name, begin + 4, top + tall / 2);
      if (cut) pen.restore();
    }
    return from;
  }
}
