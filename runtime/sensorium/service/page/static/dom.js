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

/** A line of a log, the newest first; of more than `most` the oldest go. */
export function addLine(list, text, most = 40) {
  const clock = new Date().toLocaleTimeString([], { hour12: false });
  list.prepend(make("p", {}, make("time", {}, clock), text));
  while (list.children.length > most) list.lastChild.remove();
}

/** A canvas as large as it is shown, in real pixels; its context draws in those of the document. */
export function fit(canvas) {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext("2d", { alpha: false });
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  return { pen, width, height };
}
