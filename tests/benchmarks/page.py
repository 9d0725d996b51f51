"""What the page costs: its first view, its frames, and the daemon's processor time for it.

    python tests/benchmarks/page.py [--turns N] [--seconds S] [--pictures FOLDER] [--json FILE]

A daemon that replays `configs/demo.mcap` (hands, head, voice) and Chromium without a window, drawn
in software, on the same cores. All that the page may ask for is granted.

- First view: from the request to the first contentful paint, and to "Live", of a page that loads
  anew with an empty cache.
- Frames: what the browser's `requestAnimationFrame` gives in a window of S seconds while both
  pictures are drawn in each; a display without a window gives 60 at most. Beside it the time that
  one call takes to draw each, measured on its own in the running page, 300 calls each.
- The daemon: percent of one core of all its processes, with the page in front and with its tab in
  the background, in turn. Meanwhile an app tells frames at 90 Hz, each of them late, so that the
  governor has something to show.

`--pictures` writes the README's pictures to a folder, and measures nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures import Figures
from fixtures.browser import Page, browser
from fixtures.daemon import Daemon
from fixtures.frames_app import FramesApp
from fixtures.page_visit import configuration
from PIL import Image
from processes import usage

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = configuration("voice_activity", "gesture", "hand_gesture", "head", "gaze")
TURNS, WINDOW_S, LOADS, CALLS = 3, 8.0, 5, 300
PICTURES = {
    "page.png": ("1400,1420", "header"), "page_governor.png": ("1400,1180", ".governor"),
    "page_below.png": ("1400,1130", ".happenings"),
}
"""Each with the window's size and what is at its top."""
EVENTS = 38
_FRAMES = """
const [seconds, done] = arguments;
let count = 0, begin = performance.now(), last = begin, longest = 0;
requestAnimationFrame(function frame(now) {
  count += 1; longest = Math.max(longest, now - last); last = now;
  if (performance.now() - begin < seconds * 1000) requestAnimationFrame(frame);
  else done([count / ((performance.now() - begin) / 1000), longest]);
});
"""
_PAINTED = """
const paint = performance.getEntriesByName('first-contentful-paint')[0];
return paint ? paint.startTime : 0;
"""
_DRAW = """
const [calls, done] = arguments;
Promise.all([import('/page/state.js'), import('/page/timeline.js')]).then(([s, t]) => {
  const state = new s.State();
  state.setConnected(true);
  const line = new t.Timeline(state);
  const now = performance.now();
  for (let i = 0; i < 40; i++) {
    line.add(['voice', 'left', 'right', 'intents'][i % 4], 'thumb up', now - i * 1500,
      now - i * 1500 + 900);
  }
  for (let i = 1800; i > 0; i--) line.level(now - i * 33, -60 + (i % 50));
  const begin = performance.now();
  for (let i = 0; i < calls; i++) line.draw();
  const pen = document.getElementById('timeline').getContext('2d');
  pen.getImageData(0, 0, 1, 1);
  done((performance.now() - begin) / calls);
});
"""


def main() -> None:
    """Measures and prints, or makes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--seconds", type=float, default=WINDOW_S)
    parser.add_argument("--pictures", type=Path)
    options, _ = parser.parse_known_args()
    if options.pictures:
        for name, (size, top) in PICTURES.items():
            with _opened(size) as (page, _, app):
                _picture(page, app, top, options.pictures / name)
        return
    figures = Figures("The page", ("what", "median", "worst"))
    with _opened("1600,1700") as (page, daemon, app):
        app("late")
        _first_view(figures, page)
        _frames(figures, page, options)
        _cost(figures, page, daemon, options)
    figures.show()


@contextlib.contextmanager
def _opened(size: str) -> Iterator[tuple[Page, Daemon, FramesApp]]:
    """The page on a daemon, all granted, live, and an app that tells frames in time."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Daemon(Path(folder), CONFIG) as daemon,
        FramesApp(Path(folder), daemon, "game") as app,
        browser(size) as running,
    ):
        app("steady")
        with daemon.client("bench") as client:
            client.request(
                "grant", action="allow", app="sensorium-page", classes="motion,gaze,transcript"
            )
        told = json.loads(daemon.command("page", "--json").stdout)
        page = Page(running)
        running.get(told["url"])
        _wait_live(page)
        yield page, daemon, app


def _wait_live(page: Page) -> None:
    page.until(lambda: "above the floor" in page.fact("#scene-words", "Head"), "the page is live")


def _first_view(figures: Figures, page: Page) -> None:
    painted, live = [], []
    for _ in range(LOADS):
        page.browser.execute_cdp_cmd("Network.clearBrowserCache", {})
        begun = time.perf_counter()
        page.browser.refresh()
        page.until(lambda: page.text("#connection") == "Live", "live")
        live.append(time.perf_counter() - begun)
        painted.append(page.until(lambda: page.browser.execute_script(_PAINTED), "paint") / 1e3)
    figures.row("first contentful paint, s", statistics.median(painted), max(painted))
    figures.row("until live, s", statistics.median(live), max(live))
    figures.goal("first view on loopback, s", statistics.median(painted), 1.0)
    _wait_live(page)


def _frames(figures: Figures, page: Page, options: argparse.Namespace) -> None:
    found = [
        page.browser.execute_async_script(_FRAMES, options.seconds) for _ in range(options.turns)
    ]
    rates, longest = zip(*found, strict=True)
    figures.row("frames a second, both pictures", statistics.median(rates), min(rates))
    figures.row("longest between two frames, ms", statistics.median(longest), max(longest))
    drawn = page.browser.execute_async_script(_DRAW, CALLS)
    figures.row("drawing a full timeline, ms", drawn, drawn)
    figures.row("frames a second of the timeline alone, as it draws", 1e3 / drawn, 1e3 / drawn)
    figures.goal(
        "frames a second of the page", round(statistics.median(rates), 1), 59.5, at_most=False
    )


def _cost(
    figures: Figures, page: Page, daemon: Daemon, options: argparse.Namespace
) -> None:
    assert daemon.process is not None
    pids: dict[str, int] = {**daemon.children(), "supervisor": daemon.process.pid}
    shares: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    ours = page.browser.current_window_handle
    for _ in range(options.turns):
        page.browser.switch_to.new_window("tab")
        time.sleep(1)
        shares[False].append(_percent(pids, options.seconds))
        page.browser.close()
        page.browser.switch_to.window(ours)
        _wait_live(page)
        time.sleep(1)
        shares[True].append(_percent(pids, options.seconds))
    more: dict[str, Any] = {
        name: [with_[name] - without[name]
               for with_, without in zip(shares[True], shares[False], strict=True)]
        for name in (*pids, "all")
    }
    more["service and supervisor"] = [
        sum(both) for both in zip(more["service"], more["supervisor"], strict=True)
    ]
    for name, values in more.items():
        figures.row(f"{name}, more with the page, % of a core", statistics.median(values),
                    max(values))
    alone = [one["all"] for one in shares[False]]
    figures.row("all, without the page, % of a core", statistics.median(alone), max(alone))
    # The others do the same with and without: what they differ by is the machine's.
    figures.goal(
        "service and supervisor for the page, % of a core",
        statistics.median(more["service and supervisor"]), 10,
    )


def _percent(pids: dict[str, int], seconds: float) -> dict[str, float]:
    found = {name: percent for name, (percent, _) in usage(pids, seconds).items()}
    return {**found, "all": sum(found.values())}


def _picture(page: Page, app: FramesApp, top: str, path: Path) -> None:
    """A picture of few colours, which dark surfaces with text need no more of."""
    page.until(lambda: "room" in page.text("#governor-now"), "its frames are known")
    app("late")
    page.until(lambda: page.find("#slowed").is_displayed(), "a sense gives way")
    app("steady")
    # Each has three: two in its time.
    page.until(lambda: page.text("#happenings").count(":") > 3 * EVENTS, "much has happened", 90)
    page.until(lambda: "at full" in page.text("#governor-now"), "all is given back")
    app("late")
    page.until(lambda: page.text("#fill-word").startswith("17.8"), "it is late again")
    page.until(lambda: "pinch" in page.fact("#gesture-words", "Left hand"), "a hand")
    page.until(lambda: "speaks" in page.fact("#voice-words", "Voice"), "a voice")
    page.browser.execute_script("document.querySelector(arguments[0]).scrollIntoView()", top)
    time.sleep(0.5)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.browser.get_screenshot_as_file(str(path))
    with Image.open(path) as shot:
        small = shot.convert("RGB").resize((shot.width * 4 // 5, shot.height * 4 // 5))
        few = small.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


if __name__ == "__main__":
    main()
