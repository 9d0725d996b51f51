"""The frame rate of an unmodified app on a real runtime with the API layer and without it.

    python tests/benchmarks/openxr_layer_rate.py [--json FILE]

hello_xr runs on Monado, whose software renderer competes for these cores; the ways to run it take
turns. Its frames are counted from outside, by the display times that it gives to xrEndFrame, as the
API dump layer of OpenXR's SDK writes them down below ours (Debian: openxr-layer-apidump).
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for _room in ("runtime", "tools", "tests", "tests/benchmarks"):
    sys.path.insert(0, str(ROOT / _room))

from figures import Figures  # noqa: E402 - after the path is set
from fixtures import layer  # noqa: E402 - the path is set above
from fixtures.hello_xr import NAME, HelloXr  # noqa: E402 - the path is set above
from fixtures.layer import LayerHome  # noqa: E402 - the path is set above
from fixtures.monado import MonadoService  # noqa: E402 - the path is set above

ROUNDS, SECONDS = 4, 20.0
DUMP = "XR_APILAYER_LUNARG_api_dump"
MANIFESTS = Path("/usr/share/openxr/1/api_layers/explicit.d")
MODES = ("none", "timing", "thread")


def main() -> None:
    """Measures and prints."""
    if not list(MANIFESTS.glob("*api_dump*")):
        raise SystemExit("API dump is not here: apt install openxr-layer-apidump")
    rates: dict[str, list[float]] = {mode: [] for mode in MODES}
    with tempfile.TemporaryDirectory() as temporary, LayerHome() as home:
        folder = Path(temporary)
        home.command("install", "--library", str(layer.build(folder / "layer")))
        service = MonadoService(folder / "m")
        service.start()
        try:
            with service.connect() as remote:
                remote.send()
                for turn in range(ROUNDS):
                    for mode in MODES[turn % 3 :] + MODES[: turn % 3]:
                        rates[mode].append(_rate(service, home, folder, mode))
        finally:
            service.stop()
    figures = Figures(
        f"Frames of hello_xr on Monado, {ROUNDS} turns of {SECONDS:g} s each",
        ("layer", "frames/s mean", "least", "most", "ratio"),
    )
    without = statistics.mean(rates["none"])
    for mode in MODES:
        mean = statistics.mean(rates[mode])
        ratio = mean / without
        figures.row(mode, mean, min(rates[mode]), max(rates[mode]), ratio)
        if mode != "none":
            figures.goal(f"{mode}: frame rate with / without", ratio, 0.99, at_most=False)
    figures.show()


def _rate(service: MonadoService, home: LayerHome, folder: Path, mode: str) -> float:
    """Frames a second of one run, by its display times."""
    own = Path(tempfile.mkdtemp(dir=folder))
    dump = own / "dump.txt"
    watched = {
        "XR_ENABLE_API_LAYERS": DUMP, "XR_API_DUMP_EXPORT_TYPE": "text",
        "XR_API_DUMP_FILE_NAME": str(dump),
    }
    if mode != "none":
        home.allow(mode, NAME)
        watched |= home.environment
    with HelloXr(service, own, watched) as app:
        app.reaches("FOCUSED")
        time.sleep(SECONDS)
        app.quit()
    found = re.findall(r"frameEndInfo->displayTime = (\d+)", dump.read_text(errors="replace"))
    times = [int(each) for each in found]
    if len(times) < 2:
        raise SystemExit(f"{DUMP} wrote down no frames")
    # The first second is start-up.
    kept = [each for each in times if each > times[0] + 1_000_000_000]
    return (len(kept) - 1) * 1e9 / (kept[-1] - kept[0])


if __name__ == "__main__":
    main()
