"""What our code calls is in the real bindings of TensorRT for RTX and of TensorRT 11.

The engine runs on the stand-in, which therefore has every name that the engine uses; here the
stand-in is held against the real bindings, name by name and parameter by parameter.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures import tensorrt_bindings
from fixtures.stand_in import HERE

import sensorium_tools.plan.child as plan_child

PROGRAM = Path(__file__).parent / "programs" / "tensorrt_names.py"
STAND_IN = ast.parse((HERE / "stand_in_modules" / "stand_in_tensorrt.py").read_text())
ONLY_RTX = {
    "CudaGraphStrategy", "IRuntimeCache", "IRuntimeConfig.cuda_graph_strategy",
    "IRuntimeConfig.create_runtime_cache", "IRuntimeConfig.set_runtime_cache",
    "Runtime.get_engine_validity",
}
"""What the engine asks for by `hasattr` first."""
BUILDER = {
    "Builder": ("create_network", "create_builder_config", "build_serialized_network",
                "create_optimization_profile", "is_network_supported"),
    "OnnxParser": ("parse", "num_errors", "get_error"),
    "ParserError": ("node_name", "node_operator", "desc"),
    "INetworkDefinition": ("num_inputs", "get_input"),
    "ITensor": ("name", "shape"),
    "IBuilderConfig": ("profiling_verbosity", "set_memory_pool_limit", "progress_monitor",
                       "add_optimization_profile"),
    "IOptimizationProfile": ("set_shape",),
    "IProgressMonitor": ("phase_start", "phase_finish", "step_complete"),
    "MemoryPoolType": ("TACTIC_SHARED_MEMORY", "WORKSPACE"),
    "ProfilingVerbosity": ("DETAILED",),
    "ILogger": ("WARNING", "ERROR", "log"),
}
"""What the builder's child uses of both."""


@functools.cache
def names(module: str) -> dict[str, dict[str, str]]:
    if module == "tensorrt_bindings":
        environment = tensorrt_bindings.environment()
    elif importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    else:
        environment = {**os.environ}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), module], env=environment, capture_output=True, text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["names"]


@pytest.fixture(params=["tensorrt_rtx", "tensorrt_bindings"])
def module(request):
    return request.param


def used():
    """Dotted name to parameters of all that is public in the stand-in; None for a value."""
    found = {}
    for node in STAND_IN.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = None
        if not isinstance(node, ast.ClassDef):
            continue
        name = "IRuntimeConfig" if node.name == "_PlainConfig" else node.name
        found[name] = None
        for inner in node.body:
            if isinstance(inner, ast.Assign):
                found |= {f"{name}.{target.id}": None for target in inner.targets}
            elif isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                value = any(getattr(each, "id", "") == "property" for each in inner.decorator_list)
                parameters = None if value else [each.arg for each in inner.args.args[1:]]
                found[f"{name}.{inner.name}"] = parameters
    del found["IRuntimeConfig.strategy"]
    return found


@pytest.mark.parametrize("name", sorted(used()))
def test_the_stand_in_is_a_part_of_the_real_one(name, module):
    owner, _, member = name.partition(".")
    if module != "tensorrt_rtx" and ({name, owner} & ONLY_RTX):
        assert owner not in names(module) or member not in names(module)[owner], "not only RTX's"
        return
    real = names(module)[owner]
    if not member:
        return
    parameters = used()[name]
    if parameters is None:
        assert member in real
        return
    # One line an overload: `1. name(self: Type, first: type, second: type = default) -> type`.
    overloads = [
        re.findall(r"[(,] ?(\w+): ", line)
        for line in real[member].splitlines()
        if re.match(rf"(\d+\. )?{member}\(", line)
    ]
    assert ["self", *parameters] in overloads, f"{name}: {overloads}"


@pytest.mark.parametrize("name", sorted(BUILDER))
def test_the_builder_uses_what_both_have(name, module):
    assert set(BUILDER[name]) <= set(names(module)[name])


def test_the_builders_list_is_whole():
    listed = {member for members in BUILDER.values() for member in members}
    tree = ast.parse(Path(plan_child.__file__).read_text())
    called = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("builder", "parser", "network", "config", "profile", "error")
    }
    assert called - listed == {"set_compute_capability"}
