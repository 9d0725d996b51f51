"""`python -m sensorium_tools.plan.child FOLDER`: the builder, where it may crash; not for people.

Reads `request.json` and `model.onnx`, writes `plan`, and prints one JSON object a line: the steps,
then `layers` or `error`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.process.priority import die_with_parent
from sensorium_tools.plan.graph import recurrent_nodes, weighted_nodes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARED_MEMORY = 48 << 10
"""Bytes a kernel may take of a multiprocessor's shared memory: with more, compute capability 8.x
does not run it beside graphics."""
MIB = 1 << 20


class BuildError(Exception):
    """The builder refused the graph; the message says why."""


def main(arguments: Sequence[str]) -> None:
    """Builds what a folder asks for."""
    die_with_parent()
    folder = Path(arguments[0])
    request = json.loads((folder / "request.json").read_text("utf-8"))
    try:
        answer = _build(folder, request)
    except BuildError as error:
        answer = {"error": str(error)}
    say(answer)
    # The library's own teardown is not needed and may fail.
    os._exit(0)


def say(message: Mapping[str, Any]) -> None:
    """Prints one message for the parent."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _build(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    trt = importlib.import_module(request["module"])
    log = _log(trt)
    builder = trt.Builder(log)
    if builder is None:
        raise BuildError(f"the builder does not start: {log.problems()}")
    data = (folder / "model.onnx").read_bytes()
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, log)
    say({"step": "parse"})
    if not parser.parse(data):
        raise BuildError(_parse_errors(parser) or log.problems())
    _check_profiles(network, request["profiles"])
    compute = list(request["compute"])
    say({"step": "build"})
    plan, left_out = None, ""
    while plan is None:
        config = _config(trt, builder, network, request, compute)
        log.dump.clear()
        plan = builder.build_serialized_network(network, config)
        if plan is None and "7.5" in compute and len(compute) > 1:
            # Turing lacks some operators; the other devices need not go without for that.
            left_out = f"7.5: {log.problems()}"
            log.said.clear()
            compute.remove("7.5")
        elif plan is None:
            raise BuildError(log.problems() or "the builder gives no plan and no reason")
    (folder / "plan").write_bytes(plan)
    return {
        "dump": log.dump, "weighted": sorted(weighted_nodes(data)),
        "recurrent": recurrent_nodes(data), "warnings": log.said,
        "compute": compute, "left_out": left_out, "version": trt.__version__,
    }


def _log(trt: Any) -> Any:
    # The module is found when it runs, so its classes have no types here.
    class Log(trt.ILogger):  # type: ignore[misc]
        """Keeps the layer dump, and what is worth a warning."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.dump: list[str] = []
            self.said: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if "LayerType:" in message:
                self.dump += [line for line in message.splitlines() if "LayerType:" in line]
            elif severity <= trt.ILogger.WARNING:
                self.said.append(message.strip())

        def problems(self) -> str:
            return "; ".join(self.said)

    return Log()


def _parse_errors(parser: Any) -> str:
    errors = (parser.get_error(index) for index in range(parser.num_errors))
    return "; ".join(
        f"node {error.node_name() or '(no name)'} ({error.node_operator() or 'no operator'}): "
        f"{error.desc()}"
        for error in errors
    )


def _check_profiles(network: Any, profiles: Mapping[str, Any]) -> None:
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        if -1 in tuple(tensor.shape) and tensor.name not in profiles:
            raise BuildError(
                f"the input {tensor.name} {tuple(tensor.shape)} varies and has no profile: "
                "name its size in the card's shape and describe it in [[axes]]"
            )


def _config(
    trt: Any, builder: Any, network: Any, request: Mapping[str, Any], compute: Sequence[str]
) -> Any:
    config = builder.create_builder_config()
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    config.set_memory_pool_limit(trt.MemoryPoolType.TACTIC_SHARED_MEMORY, SHARED_MEMORY)
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, request["budget_mib"] * MIB)
    config.progress_monitor = _monitor(trt)
    if compute:
        config.num_compute_capabilities = len(compute)
        for index, capability in enumerate(compute):
            name = f"SM{capability.replace('.', '')}"
            config.set_compute_capability(getattr(trt.ComputeCapability, name), index)
    if request["profiles"]:
        profile = builder.create_optimization_profile()
        for name, (least, typical, most) in request["profiles"].items():
            profile.set_shape(name, least, typical, most)
        if config.add_optimization_profile(profile) < 0:
            raise BuildError("the profile is not one of this graph: see the card's [[axes]]")
    if not builder.is_network_supported(network, config):
        raise BuildError("the builder supports the graph on none of these devices")
    return config


def _monitor(trt: Any) -> Any:
    # The module is found when it runs, so its classes have no types here.
    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        """Passes the builder's outermost phase on."""

        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            if not parent_phase:
                self._steps[phase_name] = num_steps

        def phase_finish(self, phase_name: str) -> None:
            self._steps.pop(phase_name, None)

        def step_complete(self, phase_name: str, step: int) -> bool:
            if phase_name in self._steps:
                say({"step": "build", "done": step + 1, "of": self._steps[phase_name]})
            return True

    return Monitor()


if __name__ == "__main__":
    main(sys.argv[1:])
