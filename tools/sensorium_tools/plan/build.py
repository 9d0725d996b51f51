"""Builds a plan in a child process: a native crash, a hang or Ctrl-C ends the child alone."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sensorium
import sensorium_tools
from sensorium.errors import EngineError
from sensorium_tools.plan.layers import Layer, layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensorium.inference.card import Card

MODULES = {"rtx": "tensorrt_rtx", "tensorrt": "tensorrt"}
"""Kind of a [[targets]] to the module that builds for it."""
COMPUTE = ("8.0", "8.6", "8.9", "12.0")
"""Compute capabilities of a target that names none: all that every graph builds for."""
TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Plan:
    """A built plan.

    Attributes:
        data: What a runtime deserialises.
        layers: As the builder lists them.
        compute: The compute capabilities that it runs on; empty: those of this PC.
        left_out: A capability that was asked for and the graph does not build for, with why.
        warnings: What the builder warned of.
        version: Of the builder; a runtime of another version refuses the plan.
    """

    data: bytes
    layers: tuple[Layer, ...]
    compute: tuple[str, ...]
    left_out: str
    warnings: tuple[str, ...]
    version: str


def missing(kind: str = "rtx") -> str:
    """Why plans of a kind cannot be built here; empty when they can."""
    module = MODULES[kind]
    return "" if importlib.util.find_spec(module) else f"the package {module} is not installed"


def build_plan(
    onnx: bytes,
    card: Card,
    told: Callable[[str, int, int], None],
    *,
    kind: str = "rtx",
    timeout_s: float = TIMEOUT_S,
) -> Plan:
    """Builds a card's graph.

    For RTX that needs no GPU; with `kind` tensorrt it is built for, and on, the GPU of this PC.

    Args:
        onnx: The graph: fp32, or INT8 with symmetric Q/DQ nodes.
        card: Gives profiles, compute capabilities and the memory budget.
        told: Called with each step: its name, how much of it is done, of how much.
        kind: A key of `MODULES`.
        timeout_s: The child is killed after so long.

    Raises:
        EngineError: When the package is missing, the graph is refused (with its node and
            operator), or the builder crashed or hangs.
        OSError: When the disk is full.
    """
    reason = missing(kind)
    if reason:
        raise EngineError(
            f"{card.name}: cannot be built for {kind}: {reason}", f"pip install sensorium[{kind}]"
        )
    with tempfile.TemporaryDirectory(prefix="sensorium-plan-") as name:
        folder = Path(name)
        (folder / "model.onnx").write_bytes(onnx)
        (folder / "request.json").write_text(json.dumps(_request(card, kind)), "utf-8")
        answer = _ask(folder, card.name, told, timeout_s)
        if "error" in answer:
            raise EngineError(f"{card.name}: TensorRT refuses the graph: {answer['error']}")
        return Plan(
            (folder / "plan").read_bytes(),
            layers(answer["dump"], answer["weighted"], answer["recurrent"]),
            tuple(answer["compute"]), answer["left_out"], tuple(answer["warnings"]),
            answer["version"],
        )


def _request(card: Card, kind: str) -> dict[str, Any]:
    target = card.target(kind)
    compute = target.compute if target is not None else ()
    return {
        "module": MODULES[kind],
        "compute": (compute or COMPUTE) if kind == "rtx" else (),
        "budget_mib": card.memory.peak_mib,
        "profiles": {
            port.name: [card.sizes(port, which) for which in ("min", "typical", "max")]
            for port in card.inputs
            if any(isinstance(size, str) for size in port.shape)
        },
    }


def _ask(
    folder: Path, name: str, told: Callable[[str, int, int], None], timeout_s: float
) -> dict[str, Any]:
    """Runs the child and returns its last message."""
    end = time.monotonic() + timeout_s
    with (folder / "said").open("w+b") as said, _child(folder, said) as child:
        messages: queue.SimpleQueue[str] = queue.SimpleQueue()
        # It ends with the pipe, which ends with the child.
        threading.Thread(target=_listen, args=(child.stdout, messages), daemon=True).start()
        while True:
            try:
                line = messages.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise EngineError(
                    f"{name}: TensorRT's builder gave no answer within {timeout_s:.0f} s"
                ) from None
            if not line:
                raise EngineError(f"{name}: TensorRT's builder {_death(child, said)}")
            message: dict[str, Any] = json.loads(line)
            if "step" not in message:
                return message
            told(message["step"], message.get("done", 0), message.get("of", 0))


@contextlib.contextmanager
def _child(folder: Path, said: Any) -> Iterator[subprocess.Popen[str]]:
    roots = [
        str(Path(package.__file__ or "").parents[1]) for package in (sensorium_tools, sensorium)
    ]
    paths = [*roots, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    child = subprocess.Popen(
        [sys.executable, "-m", "sensorium_tools.plan.child", str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True, encoding="utf-8",
        # A group of its own: the terminal's Ctrl-C reaches this process, which ends the child.
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, paths)))},
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def _listen(stdout: Any, messages: queue.SimpleQueue[str]) -> None:
    with stdout:
        for line in stdout:
            messages.put(line)
    messages.put("")


def _death(child: subprocess.Popen[str], said: Any) -> str:
    code = child.wait()
    if code < 0:
        return f"crashed ({signal.Signals(-code).name})"
    said.seek(0)
    words = said.read().decode(errors="replace").strip().splitlines()
    return f"failed: {words[-1] if words else f'it ended with {code}'}"
