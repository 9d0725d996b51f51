// Small pieces of the document. Texts are set as texts: what an app is called is no markup.
export const byId = (id) => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") element.className = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Sets a text only where it changes, so that nothing is laid out or read out in vain. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A list of terms with what holds of each; rows stay, so that a reader's place stays. */
export class Facts {
  constructor(list) {
    this.list = list;
    this.rows = new Map();
  }

  set(term, text, fresh = true) {
    let row = this.rows.get(term);
    if (!row) {
      row = make("dd");
      this.list.append(make("dt", {}, term), row);
      this.rows.set(term, row);
    }
    say(row, text);
    const word = fresh ? "yes" : "no";
    if (row.dataset.fresh !== word) row.dataset.fresh = word;
  }
}

/** Rows of a table, each with a key and texts, the first of which is its head; what stays the same is
 * left alone, so that a reader's place stays. */
export class Rows {
  constructor(body) {
    this.body = body;
    this.rows = new Map();
    this.numbers = [...body.parentElement.querySelectorAll("thead th")]
      .map((one) => one.className === "number");
  }

  show(rows) {
    const shown = new Map(rows.map(([key, texts]) => [key, this.rows.get(key) ?? this.row(texts)]));
    for (const [key, texts] of rows) {
      const { cells } = shown.get(key);
      texts.forEach((text, at) => say(cells[at], text));
    }
    const order = [...shown.values()];
    const same = order.length === this.rows.size && order.every((row, at) => row === this.body.rows[at]);
    this.rows = shown;
    if (!same) this.body.replaceChildren(...order);
  }

  row(texts) {
    return make("tr", {}, ...texts.map((_, at) => {
      const cell = make(at ? "td" : "th", this.numbers[at] ? { class: "number" } : { dir: "auto" });
      if (!at) cell.scope = "row";
      return cell;
    }));
  }
}

/** A switch: a button that says whether it is on, in words, too. */
export function turn(button, on, word = on ? "on" : "off") {
  const checked = String(on);
  if (button.getAttribute("aria-checked") !== checked) button.setAttribute("aria-checked", checked);
  say(button.querySelector(".word"), word);
}

export function makeSwitch(label, on, word) {
  const button = make(
    "button", { type: "button", role: "switch" },
    make("span", { class: "knob", "aria-hidden": "true" }), make("span", {}, label),
    make("span", { class: "word", "aria-hidden": "true" }),
  );
  turn(button, on, word);
  return button;
}

/** A line of a log with the time at which it was so, by the page's clock, ms; the newest first, of
 * more than `most` the oldest go. What was missed comes later than what came after it. */
export function addLine(list, text, at, most = 40) {
  const clock = new Date(Date.now() - (performance.now() - at));
  const time = make("time", { datetime: clock.toISOString() },
    clock.toLocaleTimeString([], { hour12: false }));
  const line = make("p", { "data-at": at }, time, text);
  const before = [...list.children].find((one) => Number(one.dataset.at) <= at) ?? null;
  list.insertBefore(line, before);
  while (list.children.length > most) list.lastChild.remove();
}

/** A canvas as large as it is shown, in real pixels; its pen draws in those of the document. Below
 * what changes lies a picture of what does not, which is drawn anew only when it has to be. */
export class Sheet {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d", { alpha: false });
    this.ground = document.createElement("canvas");
    this.look();
    // To ask for the size in each frame would lay out the document in each.
    new ResizeObserver(() => this.look()).observe(canvas);
  }

  look() {
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.changed = true;
  }

  /** Begins a picture: its ground, which `paint(pen)` draws where `key` is another than before. */
  begin(key, paint) {
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const size = `${this.width} ${this.height} ${scale}`;
    if (size !== this.size) {
      this.size = size;
      this.scale = scale;
      for (const one of [this.canvas, this.ground]) {
        one.width = Math.round(this.width * scale);
        one.height = Math.round(this.height * scale);
      }
      this.key = null;
    }
    if (key !== this.key) {
      this.key = key;
      const pen = this.ground.getContext("2d", { alpha: false });
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      paint(pen);
    }
    this.pen.setTransform(1, 0, 0, 1, 0, 0);
    if (this.ground.width && this.ground.height) this.pen.drawImage(this.ground, 0, 0);
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.changed = false;
  }
}
