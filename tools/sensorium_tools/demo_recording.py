"""Makes the demo's recording: two kinematic hands, a moving head and synthesised speech.

`python -m sensorium_tools.demo_recording configs/demo.mcap` writes it anew; with the same versions
of espeak-ng and zstd the bytes are the same. Nothing in it is a person's: the hands are
`sensorium_tools.hands`, the voice is espeak-ng's.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium.channels.reader import Snapshot
from sensorium.errors import RecordingError
from sensorium.health import Reason
from sensorium.recording import Recorder
from sensorium.sensors.audio_blocks import RATE, AudioBlocks
from sensorium.sensors.resampler import Resampler
from sensorium_tools.hand_poses import GESTURES, LEFT, POSES, RIGHT, blend, held
from sensorium_tools.hands import hand, to_record
from sensorium_tools.quaternion import multiply, turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sensorium_tools.hand_poses import HandPose

SECONDS = 12
FRAME_HZ = 90
START_NS = 10_000_000_000
"""The recording's clock begins here; only differences matter."""
WALL_NS = 1_767_225_600_000_000_000
"""Unix time of its begin: 2026-01-01. Fixed, so that the file can be made again."""

SPEECH = (
    (1.0, "Sensorium sees both of your hands."),
    (4.6, "It hears when you speak."),
    (8.3, "And everything stays on this computer."),
)
"""Second at which a sentence begins, and the sentence."""

HANDS: dict[int, tuple[tuple[float, str], ...]] = {
    LEFT: ((1.0, "Open_Palm"), (2.8, "rest"), (4.4, "Closed_Fist"), (6.0, "Open_Palm"),
           (7.4, "rest"), (8.6, "Thumb_Up"), (10.2, "rest"), (11.2, "away"), (11.8, "rest")),
    RIGHT: ((0.8, "rest"), (2.2, "Victory"), (3.8, "rest"), (5.0, "Pointing_Up"), (6.4, "pinch"),
            (7.6, "rest"), (8.6, "Thumb_Up"), (10.0, "ILoveYou"), (11.4, "rest")),
}
"""Second at which a hand begins to move, and into what: a gesture's label, a pose, or `away`."""

_MOVE_S = 0.3
"""How long a hand takes from one pose to the next."""
_RAISED_M, _LOW_M = (0.22, 1.32, -0.42), (0.24, 1.02, -0.32)
"""Where a hand is held to show something, and at rest: to the right, up, backward."""
_HAND_NS, _SOUND_NS = 300_000, 1_700_000
"""Age of a hand and of a block of sound when it is published, as measured on real devices."""
_POSITION_STEP_M = 1 / 4096
_TURN_STEP = 1 / 4096
"""Joints are rounded to 0.24 mm and about 0.02 degrees: a tenth of a tracker's noise, and a
file of a third of the size."""
_NOISE = 1 / 4096
"""Of the room, in full scale: about -75 dBFS."""
_VOICE = ("espeak-ng", "-v", "en-us+f3", "-s", "150", "-a", "120")


@dataclass(frozen=True)
class _Shown:
    """What a hand shows at one moment: between two keys of its script."""

    before: str
    after: str
    share: float

    @property
    def away(self) -> bool:
        return "away" in (self.before, self.after) and self.share > 0.5


def make(path: Path) -> int:
    """Writes the recording.

    Args:
        path: Replaced when it exists.

    Returns:
        Its size in bytes.

    Raises:
        RecordingError: It cannot be written, or espeak-ng is missing.
    """
    samples = sorted(_samples(), key=lambda item: item[1].publish_ns)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / path.name
        with Recorder(
            made, ("public", "motion", "audio"), clock=lambda: START_NS, wall=lambda: WALL_NS
        ) as recorder:
            recorder.write_all(samples)
        data = made.read_bytes()
    path.write_bytes(data)
    return len(data)


def _samples() -> Iterator[tuple[str, Snapshot]]:
    for frame in range(SECONDS * FRAME_HZ):
        time_s = frame / FRAME_HZ
        now = START_NS + frame * 1_000_000_000 // FRAME_HZ
        yield "head", _snapshot(_head(time_s), frame, now, _HAND_NS)
        for name, side in (("hand_left", LEFT), ("hand_right", RIGHT)):
            shown = _shown(side, time_s)
            record = records.HAND.zeros() if shown.away else _hand(side, shown, time_s)
            yield name, _snapshot(record, frame, now, _HAND_NS, away=shown.away)
    yield from _sound()
    for tick in range(SECONDS * 4):
        now = START_NS + tick * 250_000_000
        yield "microphone", _snapshot(_microphone(), tick, now, 0)


def _snapshot(
    record: NDArray[np.void], index: int, capture_ns: int, age_ns: int, *, away: bool = False
) -> Snapshot:
    return Snapshot(
        n=index + 1, record=record.tobytes(), capture_ns=capture_ns,
        publish_ns=capture_ns + age_ns, valid=not away,
        reason=Reason.INACTIVE if away else Reason.NONE, epoch=1,
    )


def _head(time_s: float) -> NDArray[np.void]:
    """Looks slowly to both sides, with a nod; comes back to where it began."""
    turned = 2 * math.pi * time_s / SECONDS
    yaw, pitch = 22 * math.sin(turned), 7 * math.sin(2 * turned) - 6
    record = records.HEAD.zeros()
    record["space"], record["source"] = 1, 3
    pose = record["pose"]
    pose["position"] = _rounded(
        np.array([0.03 * math.sin(turned), 1.62 + 0.01 * math.cos(turned), 0.02]),
        _POSITION_STEP_M,
    )
    pose["orientation"] = _unit(
        multiply(turn((0.0, 1.0, 0.0), yaw), turn((1.0, 0.0, 0.0), pitch))
    )
    pose["flags"] = 0b1111
    return record


def _shown(side: int, time_s: float) -> _Shown:
    before, after, began = "rest", "rest", -1.0
    for start, name in HANDS[side]:
        if start > time_s:
            break
        before, after, began = after, name, start
    share = min(1.0, (time_s - began) / _MOVE_S)
    return _Shown(before, after, share * share * (3 - 2 * share))


def _hand(side: int, shown: _Shown, time_s: float) -> NDArray[np.void]:
    before, after = ("rest" if name == "away" else name for name in (shown.before, shown.after))
    pose = blend(_pose(before), _pose(after), shown.share)
    turned = multiply(
        turn((0.0, 1.0, 0.0), 3 * math.sin(2 * math.pi * time_s / 3 + side)),
        _between(_held(before, side), _held(after, side), shown.share),
    )
    place = (1 - shown.share) * _place(before, side) + shown.share * _place(after, side)
    place = place + 0.006 * np.array(
        [math.sin(2 * math.pi * time_s / period + side) for period in (4, 2, 3)]
    )
    made = hand(pose, side, (place[0], place[1], place[2]), tuple(turned))
    record = to_record(made, side)
    record["source"] = 3
    joints = record["joints"]
    joints["position"] = _rounded(made.positions, _POSITION_STEP_M)
    joints["orientation"] = _unit(made.orientations)
    return record


def _pose(name: str) -> HandPose:
    return POSES[GESTURES[name][0] if name in GESTURES else name]


def _held(name: str, side: int) -> NDArray[np.float64]:
    return held(name, side) if name in GESTURES else turn((1.0, 0.0, 0.0), 25)


def _place(name: str, side: int) -> NDArray[np.float64]:
    place = np.array(_LOW_M if name == "rest" else _RAISED_M)
    return place * (np.array([-1, 1, 1]) if side == LEFT else 1)


def _between(
    start: NDArray[np.float64], end: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """Normalised linear interpolation of unit quaternions, the shorter way."""
    if float(np.dot(start, end)) < 0:
        end = -end
    mixed = (1 - share) * start + share * end
    return np.asarray(mixed / np.linalg.norm(mixed))


def _rounded(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    return np.round(values / step) * step


def _unit(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded quaternions xyzw, w not negative; of unit length to within the rounding."""
    return _rounded(turns * np.where(turns[..., 3:] < 0, -1.0, 1.0), _TURN_STEP)


def _sound() -> Iterator[tuple[str, Snapshot]]:
    room = np.random.default_rng(1)
    sound = np.round(room.normal(0, 0.6, SECONDS * RATE)) * _NOISE
    for start, sentence in SPEECH:
        spoken = _speak(sentence)
        first = int(start * RATE)
        sound[first : first + len(spoken)] += spoken
    blocks = AudioBlocks(session=1)
    pieces = (np.round(sound / _NOISE) * _NOISE).astype(np.float32)
    end_ns = START_NS + SECONDS * 1_000_000_000
    for index, (record, capture_ns) in enumerate(blocks.add(pieces, end_ns)):
        yield "audio", _snapshot(record, index, capture_ns, _SOUND_NS)


def _speak(sentence: str) -> NDArray[np.float32]:
    """A sentence at 16 kHz, -1..1.

    Raises:
        RecordingError: espeak-ng is missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        try:
            subprocess.run([*_VOICE, "-w", str(path), sentence], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise RecordingError(
                f"espeak-ng does not speak: {error}", "install the system package espeak-ng"
            ) from error
        with wave.open(str(path), "rb") as file:
            rate = file.getframerate()
            data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return Resampler(rate, RATE).process((data / np.float32(32768)).astype(np.float32))


def _microphone() -> NDArray[np.void]:
    record = records.MICROPHONE.zeros()
    record["state"], record["users"], record["openings"] = 1, 1, 1
    record["native_rate"], record["changed_ns"] = 48_000, START_NS
    record["device"] = b"demo recording"
    return record


def main() -> int:
    """Writes the file that the first argument names."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m sensorium_tools.demo_recording FILE\n")
        return 2
    try:
        size = make(Path(sys.argv[1]))
    except RecordingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{sys.argv[1]}: {size / 1e6:.2f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
