"""A plan beside its engine: found by the daemon, replaced whole, refused when it was changed."""

from __future__ import annotations

import importlib.util

import pytest
from fixtures import counting_engine

from sensorium.inference import manifest as manifests
from sensorium.inference import plans, store
from sensorium_tools.plan.build import Plan
from sensorium_tools.plan.install import install_plan

NAME = counting_engine.NAME


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path))
    counting_engine.write(tmp_path)
    folder = store.built_folder(NAME)
    found = manifests.read(folder / manifests.FILE_NAME, "")
    install_plan(found, None, "fp32")
    return found


def plan(data: bytes) -> Plan:
    return Plan(data, (), ("8.6",), "", (), "1.7")


def names():
    return sorted(path.name for path in store.built_folder(NAME).iterdir())


def test_it_is_installed_replaced_and_taken_away(engine):
    before = names()
    first = install_plan(engine, plan(b"first"), "int8")
    folder = store.built_folder(NAME)
    (folder / f"{first.file}.8.6.jit").write_bytes(b"compiled on a device")
    assert manifests.read(folder / "engine-rtx.json", "") == first
    assert (first.backend, first.precision) == ("tensorrt-rtx", "int8")
    assert (first.inputs, first.identity) == (engine.inputs, engine.identity)
    second = install_plan(engine, plan(b"second"), "fp32")
    assert names() == sorted([*before, "engine-rtx.json", second.file])
    assert install_plan(engine, None, "fp32") is None
    assert names() == before


def test_what_is_installed_on_the_cpu_stays_as_it_is(engine):
    install_plan(engine, plan(b"first"), "int8")
    assert store.load(NAME).file_hash == int(engine.sha256[:8], 16)


@pytest.mark.skipif(
    importlib.util.find_spec("tensorrt_rtx") is None, reason="tensorrt_rtx is not installed"
)
def test_the_daemon_finds_it_and_sees_a_change(engine):
    assert plans.find(NAME) is None
    made = install_plan(engine, plan(b"first"), "int8")
    found = plans.find(NAME)
    assert found.manifest == made
    assert found.file.read_bytes() == b"first"
    assert not found.damage
    found.file.write_bytes(b"changed")
    assert "it was changed (sensorium-engines build" in plans.find(NAME).damage
    found.described.write_text("{")
    assert plans.find(NAME) is None
