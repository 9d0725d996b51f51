"""The game of a Windows PC is subtracted, whose output gives nothing between two sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import soxr
from fixtures import echoes
from fixtures.packets import RATE, PacketOutput, opened
from fixtures.senses import BLOCK_NS, Desk

from sensorium.channels.catalogue import CHANNELS
from sensorium.perception.clean_audio import CleanAudio, CleanAudioOptions
from sensorium.records.sensors import AUDIO_BLOCK
from sensorium.sensors.conversion import Conversion
from sensorium.sensors.resampler import Resampler
from sensorium.sensors.sound_care import SoundCare

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

HEARD_HZ = 16_000
SECONDS = 20.0
SPANS = ((500, 8_000), (10_003.7, 12_500), (12_530, 12_700), (15_000, 19_500))
"""ms, from when to when the game speaks."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyaec")
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))


def played(
    rig: Desk, delay_ms: float, drift: float = 0.0, **output: float
) -> np.ndarray:
    """Plays the game; gives what the microphone hears of it."""
    sound = Resampler(HEARD_HZ, RATE).process(echoes.game(SECONDS))
    start_ns = rig.clock()
    packets = PacketOutput(sound, SPANS, start_ns=start_ns, drift=drift, **output)
    far: list[tuple[np.ndarray, int]] = []
    conversion = Conversion(
        RATE, SoundCare(1, RATE), 1, 0, lambda block, ns: far.append((block.copy(), ns))
    )
    todo: list[tuple[int, str, np.ndarray, int]] = []
    for now_ns, piece in packets.seen(opened(start_ns)):
        end_ns = min(piece.end_ns, now_ns)
        conversion.take(piece.sound, end_ns, end_ns, dropped=piece.lost)
        todo += [(now_ns, "output_audio", block, ns) for block, ns in far]
        far.clear()
    # By the microphone's clock.
    loud = soxr.resample(packets.heard, RATE * (1 + drift), HEARD_HZ, quality="VHQ")
    echo = echoes.heard(loud, delay_ms)
    echo = echo[: len(echo) // AUDIO_BLOCK * AUDIO_BLOCK]
    for n, at in enumerate(range(0, len(echo), AUDIO_BLOCK)):
        record = CHANNELS["audio"].record.zeros()
        record["first_sample"], record["session"] = at, 1
        record["samples"][0] = echo[at : at + AUDIO_BLOCK]
        end_ns = start_ns + (n + 1) * BLOCK_NS
        todo.append((end_ns + 10_000_000, "audio", record, end_ns))
    for now_ns, channel, record, capture_ns in sorted(todo, key=lambda one: one[0]):
        rig.clock.set(now_ns)
        rig.publish(channel, record, capture_ns)
        rig.drain()
    return echo


def fallen_db(echo: np.ndarray, left: np.ndarray, first_s: float, last_s: float) -> float:
    part = slice(int(first_s * HEARD_HZ), int(last_s * HEARD_HZ))
    return echoes.fallen_db(echo[part], left[part])


@pytest.mark.parametrize(
    ("delay_ms", "drift", "first_db", "second_db"),
    # Until a drift is known, after 8 s, the filter runs behind it.
    [(20, 0.0, 12.0, 12.0), (300, 0.0, 12.0, 12.0), (20, 1e-4, 4.0, 10.0), (300, -1e-4, 4.0, 10.0)],
)
def test_what_was_learnt_holds_after_a_pause(
    delay_ms: int, drift: float, first_db: float, second_db: float
) -> None:
    rig = Desk({CleanAudio: CleanAudioOptions()})
    echo = played(rig, delay_ms, drift)
    left = echoes.sound_of(echoes.cleaned(rig))
    late = delay_ms / 1000
    # From the first half second of each sound on.
    for first_s, least_db in ((10.05, first_db), (15.05, second_db)):
        assert fallen_db(echo, left, first_s + late, first_s + late + 0.5) > least_db
    assert fallen_db(echo, left, 16.0, 19.0) > 10.0
    rig.perceiver.slots[0].refresh()
    note = next(detail for name, _, detail, _ in reversed(rig.reports) if name == "CleanAudio")
    assert note.startswith("what the PC plays is subtracted, ")
