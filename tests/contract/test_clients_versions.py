"""Clients of other versions work, or say VERSION with both numbers; broken regions are refused."""

from __future__ import annotations

import struct
import sys

import pytest
from fixtures import client_versions
from fixtures.clients import Driver
from fixtures.live_regions import LiveRegions, publish

from sensorium.channels.layout import LAYOUT_MAJOR, LAYOUT_MINOR, Entry, Header
from sensorium.records import GESTURE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the drivers are built for Linux")

LANGUAGES = ["c", "csharp", "python"]


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with LiveRegions(tmp_path_factory.mktemp("run"), aging=False) as regions:
        publish(regions, "gesture_right", score=0.5)
        yield regions


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Starts the driver with a client of a version in a runtime folder; each is built once."""
    built: dict[tuple[str, str], list[str]] = {}

    def started(language, name, folder):
        if (language, name) not in built:
            source = getattr(client_versions, name)
            place = tmp_path_factory.mktemp(f"{language}-{name}")
            built[language, name] = client_versions.driver(language, source, place)
        return Driver(built[language, name], {"SENSORIUM_RUNTIME_DIR": str(folder)})

    return started


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["OLDER", "NEWER_LAYOUT"])
def test_client_that_must_work_reads_and_writes(live, start, language, name):
    with start(language, name, live.folder) as driver:
        n = publish(live, "gesture_right", score=0.5)
        assert driver("connect", "game").startswith("OK")
        assert driver("read", "gesture_right") == f"NEW {n} none 0.5"
        driver("bind", "gesture_event")
        m = publish(live, "gesture_event", score=0.25)
        assert driver("next", "gesture_event") == f"NEW {m} none 0.25"
        assert driver("frame", "frame_timing") == "OK"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["NEWER", "OTHER_RECORD"])
def test_record_of_another_version_is_named_with_both_numbers(live, start, language, name):
    source = getattr(client_versions, name)
    own = next(r for r in source.records if r.name == "gesture")
    with start(language, name, live.folder) as driver:
        assert driver("connect", "game").startswith("OK")
        driver("bind", "gesture_right")
        assert driver("read", "gesture_right").startswith("VERSION 0")
        said = driver("explain", "gesture_right")
        assert f"carries record {GESTURE.id} {GESTURE.major}.{GESTURE.minor} of " in said
        assert f" of {GESTURE.size} bytes, this client" in said
        assert f"this client knows record {own.id} {own.major}" in said
        assert f" of {own.size} bytes" in said
        # All other channels of the same region go on.
        assert driver("frame", "frame_timing") == "OK"


@pytest.mark.parametrize("language", LANGUAGES)
def test_layout_of_another_major_is_named_with_both_numbers(live, start, language):
    with start(language, "OTHER_LAYOUT", live.folder) as driver:
        said = driver("connect", "game")
        assert said.startswith(
            f"VERSION the daemon's layout is {LAYOUT_MAJOR}.{LAYOUT_MINOR}, this client's is 2.5"
        )
        driver("bind", "gesture_right")
        assert driver("read", "gesture_right").startswith("VERSION 0")


HEADER_FAULTS = {
    "magic": (Header.MAGIC, "<Q", 7),
    "size": (Header.SIZE, "<Q", 1 << 40),
    "entries": (Header.ENTRIES, "<I", 0xFFFFFFFF),
    "table": (Header.TABLE, "<I", 0xFFFFFFF8),
    "table askew": (Header.TABLE, "<I", 257),
    "stride": (Header.ENTRY_STRIDE, "<I", 8),
}
ENTRY_FAULTS = {
    "offset": (Entry.OFFSET, "<Q", 1 << 40),
    "offset overflow": (Entry.OFFSET, "<Q", 0xFFFFFFFFFFFFFF00),
    "offset askew": (Entry.OFFSET, "<Q", 4097),
    "slots": (Entry.SLOTS, "<I", 0xFFFFFFFF),
    "no slots": (Entry.SLOTS, "<I", 0),
    "stride": (Entry.STRIDE, "<I", 64),
    "stride 0": (Entry.STRIDE, "<I", 0),
    "record size": (Entry.RECORD_SIZE, "<I", 1 << 30),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_broken_region_is_refused_and_nothing_outside_is_read(live, start, tmp_path, language):
    whole = (live.folder / f"public.{live.generation}").read_bytes()
    table = live.region("public")[0].entry("gesture_right").base
    (tmp_path / "current").write_text("9\n")
    faults = [(name, 0, *fault) for name, fault in HEADER_FAULTS.items()]
    faults += [(name, table, *fault) for name, fault in ENTRY_FAULTS.items()]
    for name, base, offset, code, value in faults:
        broken = bytearray(whole)
        struct.pack_into(code, broken, base + offset, value)
        (tmp_path / "public.9").write_bytes(broken)
        with start(language, "CURRENT", tmp_path) as driver:
            driver("connect", "game")
            driver("bind", "gesture_right")
            said = driver("read", "gesture_right")
            assert said.split()[0] in {"BAD", "CLOSED"}, f"{name}: {said}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [0, 1, 255, 4096])
def test_short_file_is_refused(live, start, tmp_path, language, size):
    (tmp_path / "current").write_text("9\n")
    (tmp_path / "public.9").write_bytes(
        (live.folder / f"public.{live.generation}").read_bytes()[:size]
    )
    with start(language, "CURRENT", tmp_path) as driver:
        driver("connect", "game")
        driver("bind", "gesture_right")
        assert driver("read", "gesture_right").split()[0] in {"BAD", "CLOSED"}
