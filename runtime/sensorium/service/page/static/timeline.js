// The last minute as lanes. What has a length is a bar, what happens at once a mark with its name.
import { byId, fit } from "./dom.js";

export const SPAN_MS = 60000;
// Each with its share of the height; a hand has two rows, one for each sense that looks at it.
const LANES = [["voice", "Voice", 1], ["left", "Left hand", 1.4], ["right", "Right hand", 1.4],
  ["head", "Head", 1], ["intents", "Commands, intents", 1], ["wake", "Wake words", 1]];
const SHARES = LANES.reduce((sum, [, , share]) => sum + share, 0);
const COLOURS = { voice: "#7ee787", left: "#6fe3ff", right: "#7ee787", head: "#c3ced9",
  intents: "#ffd166", wake: "#ffa8a8" };
const HANDS = new Set(["left", "right"]);
const LABEL = 190;

export class Timeline {
  constructor(state) {
    this.state = state;
    this.canvas = byId("timeline");
    this.marks = Object.fromEntries(LANES.map(([lane]) => [lane, []]));
    this.levels = [];
  }

  /** Something that begins; `end` closes it by its key. Times by the page's clock, ms. */
  begin(lane, key, name, from, row = 0) {
    this.marks[lane].push({ key, name, from, to: null, row });
  }

  end(lane, key, to) {
    const open = this.marks[lane].findLast((mark) => mark.key === key && mark.to === null);
    if (open) open.to = Math.max(to, open.from);
    return Boolean(open);
  }

  add(lane, name, from, to = from, row = 0) {
    this.marks[lane].push({ key: "", name, from, to, row });
  }

  /** The writer is gone: what had begun is over as far as anybody knows. */
  close() {
    const now = performance.now();
    for (const marks of Object.values(this.marks)) {
      for (const mark of marks) mark.to ??= now;
    }
  }

  level(at, dbfs) {
    this.levels.push([at, Math.min(1, Math.max(0, (dbfs + 60) / 60))]);
  }

  draw(now = performance.now()) {
    const { pen, width, height } = fit(this.canvas);
    const begin = now - SPAN_MS;
    const x = (at) => LABEL + ((at - begin) / SPAN_MS) * (width - LABEL);
    pen.fillStyle = "#0b0f14";
    pen.fillRect(0, 0, width, height);
    pen.font = "16px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const unit = (height - 26) / SHARES;
    let top = 0;
    this.scale(pen, x, begin, now, height);
    while (this.levels.length && this.levels[0][0] < begin) this.levels.shift();
    for (const [id, title, share] of LANES) {
      const lane = unit * share;
      if (id === "voice") this.loudness(pen, x, top, lane);
      this.marks[id] = this.marks[id].filter((mark) => (mark.to ?? now) > begin);
      const tall = HANDS.has(id) ? (lane - 4) / 2 : lane - 4;
      const room = [width, width];
      // From the newest back: a name has the room up to what comes after it in its row.
      for (const mark of this.marks[id].toSorted((a, b) => b.from - a.from)) {
        room[mark.row] = this.mark(
          pen, mark, COLOURS[id], x, top + 2 + mark.row * tall, tall, now, room[mark.row],
        );
      }
      pen.fillStyle = "#0b0f14";
      pen.fillRect(0, top, LABEL - 4, lane);
      pen.fillStyle = "#f2f5f8";
      pen.fillText(title, 8, top + lane / 2);
      pen.fillStyle = "#33465a";
      pen.fillRect(0, top + lane - 1, width, 1);
      top += lane;
    }
  }

  scale(pen, x, begin, now, height) {
    pen.fillStyle = "#c3ced9";
    for (let back = 50; back >= 0; back -= 10) {
      const at = x(now - back * 1000);
      pen.fillStyle = "#33465a";
      pen.fillRect(at, 0, 1, height - 24);
      pen.fillStyle = "#c3ced9";
      pen.fillText(back ? `-${back} s` : "now", at - (back ? 18 : 36), height - 12);
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
      pen.save();
      pen.beginPath();
      pen.rect(begin, top, end - begin, tall);
      pen.clip();
      pen.fillStyle = "#f2f5f8";
      pen.fillText(mark.name, begin + 4, top + tall / 2);
      pen.restore();
    }
    return from;
  }
}
