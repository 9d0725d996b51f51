// Who this browser is: a one-time code behind the address's # becomes a session, of which half is
// a cookie that no script sees and half stands here, where only pages of this origin can read it.
const KEY = "sensorium-page";

export class Ended extends Error {}

/** Begins a session with the address's code, if it has one, and takes the code out of it. */
export async function begin() {
  const code = location.hash.slice(1);
  if (code.length < 20) return;
  history.replaceState(null, "", location.pathname);
  const answer = await fetch("/page/session", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code }),
  });
  if (answer.status !== 201) {
    // A used code in the history, in a browser that has its session.
    if (known()) return;
    throw new Ended((await answer.json()).detail);
  }
  localStorage.setItem(KEY, (await answer.json()).key);
}

/** Whether there is a session to try. */
export const known = () => localStorage.getItem(KEY) !== null;

/** A request in the name of this session; throws Ended where there is none (any more). */
export async function ask(path, options = {}) {
  const headers = { ...options.headers, "Sensorium-Page": localStorage.getItem(KEY) ?? "" };
  const answer = await fetch(path, { ...options, headers, cache: "no-store" });
  if (answer.status === 401) throw new Ended("the session has ended");
  return answer;
}

/** The JSON that a path answers with; throws with the reason and the remedy of a problem. */
export async function json(path, method = "GET", body = undefined) {
  const options = body === undefined ? { method } : {
    method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
  };
  const answer = await ask(path, options);
  const content = await answer.json();
  if (!answer.ok) throw new Error(`${content.detail}: ${content.remedy}`);
  return content;
}

/** Ends the session. */
export async function end() {
  try {
    await ask("/page/session", { method: "DELETE" });
  } finally {
    localStorage.removeItem(KEY);
  }
}
