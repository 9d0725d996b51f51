"""What AI beside an app costs its frames: off, on, and on with the governor, in turns.

    python tests/benchmarks/frames.py [--load synthetic hello_xr example] [--hz 72 90] [--share 0.7]
        [--minutes 10] [--quick] [--json FILE] [--svg FILE]
    python tests/benchmarks/frames.py --app "PROGRAM ARGUMENTS"
    python tests/benchmarks/frames.py --attach

What it does, what each figure means and how to run it on another PC stands in frames.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
for _room in ("runtime", "tools", "tests", "tests/benchmarks"):
    sys.path.insert(0, str(ROOT / _room))

import frames_daemon as daemons  # noqa: E402 - after the path is set
import frames_governor as governor  # noqa: E402 - the path is set above
import frames_loads as loads  # noqa: E402 - the path is set above
import frames_openxr as openxr  # noqa: E402 - the path is set above
import frames_picture as picture  # noqa: E402 - the path is set above
import frames_reaction as reaction  # noqa: E402 - the path is set above
import frames_recorded as recorded  # noqa: E402 - the path is set above
import frames_report as report  # noqa: E402 - the path is set above
import frames_result as result  # noqa: E402 - the path is set above
import frames_senses as senses_of  # noqa: E402 - the path is set above
import pytest  # noqa: E402 - the path is set above
from rich.console import Console  # noqa: E402 - the path is set above

from sensorium.clock import now_ns  # noqa: E402 - the path is set above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOADS = ("synthetic", "hello_xr", "example")
HELLO_HZ = 30.0
"""Of Monado's display with hello_xr: software draws no more."""
HELLO_SHARE = 0.6
"""Of all cores' time that hello_xr and Monado take with AI off."""
MOST_THREADS = 4
TURNS = 3
DROPPED_S = 2.0
"""At the begin of each block."""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--load", nargs="+", choices=LOADS, default=["synthetic"])
    parser.add_argument("--app", help="an OpenXR program to start, with its arguments")
    parser.add_argument("--app-name", default="",
                        help="as it calls itself to OpenXR, where another program starts it")
    parser.add_argument("--attach", action="store_true", help="the OpenXR game that runs already")
    parser.add_argument("--hz", nargs="+", type=float, default=[90.0],
                        help="of the synthetic renderer and the example (90)")
    parser.add_argument("--share", type=float, default=0.7,
                        help="of a frame's time that the synthetic renderer needs (0.7)")
    parser.add_argument("--threads", type=int, default=min(MOST_THREADS, os.cpu_count() or 1),
                        help="of the synthetic renderer (all cores, at most 4)")
    parser.add_argument("--scale", type=int, default=0,
                        help="percent of the image size that Monado recommends to hello_xr (what "
                        "makes it take 60 %% of all cores' time)")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each load (10)")
    parser.add_argument("--block", type=float, default=8.0, help="seconds that count of one (8)")
    parser.add_argument("--arms", nargs="+", choices=daemons.ARMS, default=list(daemons.ARMS))
    parser.add_argument("--few", action="store_true", help="only senses of the default engines")
    parser.add_argument("--nice", type=int, default=10,
                        help="how far below the app the senses run (10, as is the default)")
    parser.add_argument("--no-reaction", action="store_true", help="without load on and off")
    parser.add_argument("--quick", action="store_true", help="a look: one round of short blocks")
    parser.add_argument("--seed", type=int, default=1, help="of the blocks' order")
    parser.add_argument("--json", type=Path, help="write the document to this file")
    parser.add_argument("--svg", type=Path, help="write the picture to this file")
    found = parser.parse_args()
    if found.quick:
        found.minutes, found.block = 0.0, min(found.block, 2.0)
    return found


def main() -> None:
    """Measures and prints."""
    chosen = options()
    console = Console(stderr=True)
    # An end by the system is one by the user: all that was started ends, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.ExitStack() as leaving:
        folder = Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="sns-frames-")))
        told = _told(leaving, console)
        told("making what the senses are given")
        said = recorded.write(folder / "recording.mcap")
        video = folder / "video.avi"
        has_video = not chosen.few and recorded.write_video(video)
        senses, left_out = senses_of.choose(chosen.few, has_video)
        if left_out:
            console.print(f"left out, for want of engines or pictures: {', '.join(left_out)}; "
                          "`sensorium-engines build` makes engines")
        cases = []
        for number, (name, make) in enumerate(_loads(chosen)):
            own = folder / str(number)
            own.mkdir()
            ai = daemons.Ai(own, senses, folder / "recording.mcap", video if has_video else None,
                            nice=chosen.nice, attached=chosen.attach)  # fmt: skip
            cases.append(_case(chosen, name, make(own, ai), ai, said, told))
            shutil.rmtree(own)
        told("drawing blocks again and again")
    figures = report.figures(cases, senses, left_out)
    if chosen.svg:
        chosen.svg.write_text(picture.draw(report.title(), cases, result.ECDF_PERCENT))
    figures.show()
    for doubt in report.doubts(cases):
        console.print(doubt, style="yellow", highlight=False)


def _told(leaving: contextlib.ExitStack, console: Console) -> Callable[[str], None]:
    """Says what is done now: in one line of a terminal, else line by line."""
    if not console.is_terminal:
        return lambda words: console.print(words, highlight=False)
    status = leaving.enter_context(console.status(""))
    return status.update


def _loads(
    chosen: argparse.Namespace,
) -> Iterator[tuple[str, Callable[[Path, daemons.Ai], loads.Load]]]:
    """Kind of each load, and what makes it of a private folder and the daemon beside it."""
    if chosen.attach:
        yield "attached", lambda folder, ai: openxr.Attached()
        return
    if chosen.app:
        yield "app", lambda folder, ai: openxr.App(
            ai.daemon, chosen.app, chosen.app_name)
        return
    for kind in chosen.load:
        if kind == "hello_xr":
            yield kind, lambda folder, ai: openxr.Hello(
                folder, ai.daemon, HELLO_HZ, chosen.scale or openxr.fitting_scale(
                    folder / "tried", ai.daemon, HELLO_HZ, HELLO_SHARE))  # fmt: skip
            continue
        for hz in chosen.hz:
            if kind == "example":
                yield kind, lambda folder, ai, hz=hz: loads.Example(
                    folder, ai.daemon.environment, hz)  # fmt: skip
            else:
                yield kind, lambda folder, ai, hz=hz: loads.Renderer(
                    folder, ai.daemon.environment, hz, chosen.share, chosen.threads)  # fmt: skip


def _case(
    chosen: argparse.Namespace, kind: str, load: loads.Load, ai: daemons.Ai,
    said: tuple[recorded.Said, ...], told: Callable[[str], None],
) -> dict[str, Any]:
    """All rounds of one load, and what they say."""
    order = random.Random(chosen.seed)
    blocks: list[result.Block] = []
    begun: list[int] = []
    end = time.monotonic() + 60 * chosen.minutes
    with ai, load:
        loads.settle(load)
        while not blocks or time.monotonic() < end:
            arms = [arm for arm in daemons.ARMS if arm in chosen.arms]
            order.shuffle(arms)
            for arm in arms:
                told(f"{load.name}: round {len(blocks) // len(arms) + 1}, {picture.NAMES[arm]}, "
                     f"{max(0.0, end - time.monotonic()):.0f} s left")  # fmt: skip
                blocks.append(_block(chosen, arm, load, ai))
        if (isinstance(load, loads.Renderer) and daemons.GOVERNED in chosen.arms
                and not chosen.no_reaction):  # fmt: skip
            load.ease(eased=True)
            ai.start(daemons.GOVERNED)
            turns = 1 if chosen.quick else TURNS
            begun = reaction.play(load, turns, chosen.share, told, ai.holds)
            ai.stop(daemons.GOVERNED)
        period_ns = load.period_ns
    told(f"{load.name}: drawing blocks again and again")
    seen = result.Seen(ai.notes, ai.channels)
    frames = load.frames()
    by_arm = {arm: [block for block in blocks if block.arm == arm] for arm in chosen.arms}
    return {
        "kind": kind, "load": load.name, "period_ns": period_ns, "block_s": chosen.block,
        "rounds": len(blocks) // len(chosen.arms), "seed": chosen.seed,
        "arms": result.of_frames(frames, blocks, period_ns, 100 if chosen.quick else 2000),
        "freshness": {
            arm: result.freshness(seen, mine) for arm, mine in by_arm.items()
            if arm != daemons.OFF
        },
        "speech": {
            arm: result.speech(seen, mine, said) for arm, mine in by_arm.items()
            if arm != daemons.OFF
        },
        "governor": governor.told(seen, blocks),
        "reaction": reaction.judge(frames, seen, begun),
        "restarts": {
            arm: sum(block.restarts for block in mine) for arm, mine in by_arm.items()
            if arm != daemons.OFF
        },
        "cores": result.costs(blocks), "texts": ai.texts,
    }


def _block(
    chosen: argparse.Namespace, arm: str, load: loads.Load, ai: daemons.Ai
) -> result.Block:
    """One stretch of one arm."""
    # Beside a PC's load from its first moment on, a daemon of nice 10 may take minutes to start.
    load.ease(eased=True)
    ai.start(arm)
    load.ease(eased=False)
    block = result.Block(arm, live_ns=now_ns())
    try:
        # What the change of arms does is none of this arm's doing.
        time.sleep(DROPPED_S)
        pids = {**ai.pids(), **{f"app {i}": pid for i, pid in enumerate(load.pids)}}
        before, machine = daemons.used(pids), daemons.machine_s()
        block.begin_ns = now_ns()
        time.sleep(chosen.block)
        block.end_ns = now_ns()
        took = (block.end_ns - block.begin_ns) / 1e9
        after = daemons.used(pids)
        block.cores = {
            name: (after[name] - before[name]) / took for name in after if name in before
        }
        if arm == daemons.GOVERNED and (share := ai.governor_share()) is not None:
            block.cores["governor's thread"] = share
        block.restarts = ai.restarts()
        block.machine = daemons.machine_shares(machine, daemons.machine_s())
    finally:
        load.ease(eased=True)
        ai.stop(arm)
        block.gone_ns = now_ns()
    return block


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; all that was started has ended")
    except pytest.skip.Exception as missing:
        sys.exit(str(missing))
