"""Which GPU drives the headset, asked of a real runtime: Monado, whose Vulkan is a software one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from fixtures.daemon import ROOT
from fixtures.monado import MARKS, MonadoService

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = MARKS


def ask(python: Path | str, **environment: str) -> dict[str, str]:
    done = subprocess.run(
        [python, "-m", "sensorium.sensors.openxr.adapter"],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True, text=True, check=True, timeout=180,
    )
    return json.loads(done.stdout)


def test_the_runtime_names_its_device(tmp_path: Path) -> None:
    service = MonadoService(tmp_path / "m")
    service.start()
    try:
        found = ask(service.python, **service.vulkan())
    finally:
        service.stop()
    assert "why" not in found, found
    assert "llvmpipe" in found["name"]
    assert len(bytes.fromhex(found["uuid"])) == 16
    assert any(bytes.fromhex(found["uuid"]))
    assert found["luid"] == ""


def test_without_a_runtime_it_says_so(tmp_path: Path) -> None:
    found = ask(
        sys.executable, XR_RUNTIME_JSON=str(tmp_path / "none.json"),
        XDG_CONFIG_HOME=str(tmp_path), XDG_CONFIG_DIRS=str(tmp_path),
    )
    assert "no OpenXR runtime with a headset answers" in found["why"]
