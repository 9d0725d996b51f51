"""Every field of every record comes through each client as it was written, and back again."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest
from fixtures import clients, field_programs
from fixtures.live_regions import LiveRegions

from sensorium.channels.catalogue import CHANNELS, REGIONS
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.health import Device, Precision, Reason

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are built for Linux")

READ = [c.name for c in CHANNELS.values() if c.region != "app"]
WRITTEN = ["scene", "frame_timing", "app_frame"]


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with LiveRegions(tmp_path_factory.mktemp("run"), aging=False) as regions:
        regions.grant("fields", *(name for name in REGIONS if name != "public"))
        for writer in map(regions.writer, READ):
            writer.tag("engine-é", 0xDEADBEEF, Precision.INT8, Device.GPU)
        yield regions


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fields")
    source = folder / "fields.c"
    source.write_text(field_programs.c_source())
    made = {"c": [str(clients.compile_c(folder / "fields", [source], *clients.SANITIZERS))]}
    made["cpp"] = [
        str(clients.compile_c(folder / "pp", [source], compiler="g++", standard="c++17"))
    ]
    return made


@pytest.fixture(scope="module")
def csharp(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fields-cs")
    source = folder / "Fields.cs"
    source.write_text(field_programs.csharp_source())
    return clients.mono(clients.compile_csharp(folder / "fields.exe", [source]))


@pytest.fixture(scope="module")
def sensorium_client():
    return clients.python_client()


def publish(live, name):
    record = CHANNELS[name].record
    writer = live.writer(name)
    return writer.publish(
        field_programs.fill(record), 123456789, confidence=0.625, flags=1, valid=True,
        reason=Reason.NONE,
    )


def expected(name, n):
    record = CHANNELS[name].record
    return [
        *field_programs.lines(record),
        "status=1",
        f"info={n} 123456789 1 0 {Precision.INT8:d} {Device.GPU:d} 1 1 {0xDEADBEEF} {record.size} "
        "engine-é",
        f"confidence={struct.pack('>f', 0.625).hex()}",
    ]


def run(command, *arguments):
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("language", ["c", "cpp"])
@pytest.mark.parametrize("name", READ)
def test_c_reads_every_field(live, programs, language, name):
    n = publish(live, name)
    assert run(programs[language], str(live.folder), name) == expected(name, n)


@pytest.mark.parametrize("name", READ)
def test_csharp_reads_every_field(live, csharp, name):
    n = publish(live, name)
    said = run(csharp, str(live.folder), name, CHANNELS[name].record.name)
    assert said == expected(name, n)


@pytest.mark.parametrize("name", READ)
def test_python_reads_every_field(live, sensorium_client, name):
    n = publish(live, name)
    with sensorium_client.connect("fields", str(live.folder)) as session:
        reading = session.channel(name).read(now_ns())
        assert reading.status == Status.NEW
        assert reading.record.to_dict() == field_programs.values(CHANNELS[name].record)
        sample = reading.sample
        assert (sample.n, sample.capture_ns, sample.valid, sample.flags) == (n, 123456789, True, 1)
        assert (sample.engine, sample.engine_hash) == ("engine-é", 0xDEADBEEF)
        assert (sample.precision, sample.device, sample.confidence) == (
            Precision.INT8, Device.GPU, 0.625,
        )


@pytest.mark.parametrize("language", ["c", "cpp", "csharp", "python"])
@pytest.mark.parametrize("name", WRITTEN)
def test_app_writes_every_field(live, programs, csharp, sensorium_client, language, name):
    record = CHANNELS[name].record
    reader = Reader(live.region("app")[0], name)
    reader.read(now_ns())
    if language == "python":
        with sensorium_client.connect("fields", str(live.folder)) as session:
            values = field_programs.values(record)
            assert session.channel(name).write(values, 77) == sensorium_client.Status.OK
    elif language == "csharp":
        run(csharp, str(live.folder), name, record.name)
    else:
        run(programs[language], str(live.folder), name)
    assert reader.read(now_ns()) is Status.NEW
    assert reader.sample.capture_ns == 77
    assert reader.sample.record == field_programs.fill(record).tobytes()
