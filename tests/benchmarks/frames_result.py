"""What the blocks of one case say: frames, freshness and speech, by arm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from frames_daemon import ARMS, OFF, READ_HZ
from resampling import intervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from frames_recorded import Said
    from numpy.typing import NDArray

RATE_HZ, SOUND_BLOCK = 16_000, 512
NEW, STALE = 1, 3
_ENDED, _SAID, _LOST = 4, 16 + 1, 16 + 3
"""`b` of notes of `utterance` and `transcript`, see freshness.c."""
_QUANTILES = {"p50": 50, "p95": 95, "p99": 99}
AGAINST = ("missed_pp", "p50_ratio", "p95_ratio", "p99_ratio", "interval_p99_ratio")


@dataclass
class Block:
    """One stretch of one arm.

    Attributes:
        arm: Which.
        live_ns: When its daemon, if it has one, was at work.
        begin_ns: From when on frames count.
        end_ns: Until when.
        gone_ns: When its daemon had ended.
        restarts: Of its daemon's processes, from its start to the block's end.
        cores: Process to how much of a core it took meanwhile.
        machine: Shares of the machine's time: idle and steal.
    """

    arm: str
    live_ns: int = 0
    begin_ns: int = 0
    end_ns: int = 0
    gone_ns: int = 0
    restarts: int = 0
    cores: dict[str, float] = field(default_factory=dict)
    machine: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """The notes of the reader.

    Attributes:
        notes: `frames_daemon.NOTE`.
        channels: The names behind their numbers.
    """

    notes: NDArray[np.void]
    channels: tuple[str, ...]

    def of(self, channel: str) -> NDArray[np.void]:
        """The notes of one channel, times as signed numbers; none where it is not read."""
        if channel not in self.channels:
            return self.notes[:0]
        return self.notes[self.notes["channel"] == self.channels.index(channel)]

    def between(self, channel: str, begin_ns: int, end_ns: int) -> NDArray[np.void]:
        """The notes of new records of a channel that were seen in a time."""
        found = self.of(channel)
        found = found[found["status"] == NEW]
        return found[(found["seen_ns"] >= begin_ns) & (found["seen_ns"] < end_ns)]


def within(frames: NDArray[np.void], block: Block) -> NDArray[np.float64]:
    """Shape (n, 5), times in ms.

    Frame time, time since the frame before, refreshes missed, time that was waited for a processor,
    and the refreshes that would not have been missed without that wait; the last two are NaN where
    the wait is not known.
    """
    found = frames[
        (frames["begin_ns"] >= block.begin_ns) & (frames["submit_ns"] < block.end_ns)
    ]
    steps = np.diff(found["begin_ns"]) / 1e6
    found = found[1:]
    took = (found["submit_ns"] - found["begin_ns"]) / 1e6
    missed = found["missed"].astype(float)
    waited = np.where(found["waited_ns"] < 0, np.nan, found["waited_ns"] / 1e6)
    late = (found["submit_ns"] - found["due_ns"]) / 1e6
    for_want = np.where(np.isnan(waited), np.nan, np.where(late <= waited, missed, 0.0))
    return np.stack([took, steps, missed, waited, for_want], axis=1)


def missed_percent(frames: NDArray[np.float64]) -> float:
    """Refreshes that showed no new frame, of all."""
    missed = float(frames[:, 2].sum())
    return 100 * missed / max(1.0, missed + len(frames))


def _for_want_of_a_core(frames: NDArray[np.float64]) -> dict[str, float]:
    """What waiting for a processor did to frames; empty where that is not known."""
    waited, missed = frames[:, 3], frames[:, 4]
    if not len(frames) or np.isnan(waited).any():
        return {}
    refreshes = len(frames) + frames[:, 2].sum()
    return {
        **{f"waited_{name}_ms": value for name, value in _quantiles(waited).items()},
        "missed_percent": 100 * float(missed.sum() / refreshes),
    }


def against(frames: Mapping[str, NDArray[np.float64]], arm: str) -> list[float]:
    """`AGAINST`: an arm's frames beside those of AI off."""
    with_it, without = frames[arm], frames[OFF]
    times = np.percentile(with_it[:, 0], (50, 95, 99)) / np.percentile(without[:, 0], (50, 95, 99))
    steps = np.percentile(with_it[:, 1], 99) / np.percentile(without[:, 1], 99)
    return [missed_percent(with_it) - missed_percent(without), *map(float, times), float(steps)]


def of_frames(
    frames: NDArray[np.void], blocks: Sequence[Block], period_ns: int, draws: int
) -> dict[str, Any]:
    """Figures of each arm, and those beside AI off with their intervals."""
    arms = {
        arm: [within(frames, block) for block in blocks if block.arm == arm] for arm in ARMS
        if any(block.arm == arm for block in blocks)
    }
    found: dict[str, Any] = {}
    for arm, parts in arms.items():
        whole = np.concatenate(parts)
        if not all(map(len, parts)):
            raise SystemExit(f"{arm}: a block has no frames; has the app stopped?")
        found[arm] = {
            "frames": len(whole), "missed_percent": missed_percent(whole),
            "frame_ms": _quantiles(whole[:, 0]), "interval_ms": _quantiles(whole[:, 1]),
            "frame_share_of_period": float(np.median(whole[:, 0])) * 1e6 / max(1, period_ns),
            "for_want_of_a_core": _for_want_of_a_core(whole),
            "ecdf_ms": np.percentile(whole[:, 0], _ECDF).round(4).tolist(),
        }
        if arm != OFF and OFF in arms:
            pair = {OFF: arms[OFF], arm: parts}
            known = intervals(pair, lambda drawn, arm=arm: against(drawn, arm), count=draws)
            found[arm]["against_off"] = {
                name: {"value": one.value, "low": one.low, "high": one.high}
                for name, one in zip(AGAINST, known, strict=True)
            }
    return found


_ECDF = (*range(0, 90, 2), *np.linspace(90, 99, 19), *np.linspace(99.1, 99.9, 9), 100)
"""Percentiles at which a distribution is kept for the picture: denser where it matters."""
ECDF_PERCENT = tuple(float(each) for each in _ECDF)


def _quantiles(values: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(np.percentile(values, each)) for name, each in _QUANTILES.items()}


def freshness(seen: Seen, blocks: Sequence[Block]) -> dict[str, dict[str, float]]:
    """State channel to the age of its newest record, ms, as somebody sees it who looks at 50 Hz.

    `there` is the share of looks at which there was one: a hand may be out of sight.
    """
    found = {}
    for name in seen.channels:
        if name in ("audio", "governor", "governor_step", "utterance", "transcript"):
            continue
        notes = seen.of(name)
        ages, looks = [], 0
        for block in blocks:
            grid = np.arange(block.begin_ns, block.end_ns, 1_000_000_000 // READ_HZ)
            looks += len(grid)
            place = np.searchsorted(notes["seen_ns"].astype(np.int64), grid, "right") - 1
            grid, place = grid[place >= 0], place[place >= 0]
            newest = notes[place]
            known = np.isin(newest["status"], (NEW, STALE)) & (newest["capture_ns"] > 0)
            ages.append(grid[known] - newest["capture_ns"][known].astype(np.int64))
        all_ages = np.concatenate(ages) / 1e6
        if len(all_ages):
            found[name] = {**_quantiles(all_ages), "there": len(all_ages) / max(1, looks)}
    return found


def speech(seen: Seen, blocks: Sequence[Block], said: Sequence[Said]) -> dict[str, Any]:
    """Sentences that were spoken in these blocks, and what became of them.

    A sentence counts that began after its daemon was at work and ended before the block did. It was
    heard when a final text's utterance overlaps it. Nothing is said of it where no text is read.
    """
    if "transcript" not in seen.channels:
        return {}
    spoken, heard, lost, unanswered, late_ms = 0, 0, 0, 0, []
    for block in blocks:
        texts = seen.between("transcript", block.live_ns, block.gone_ns)
        lost += int((texts["b"] == _LOST).sum())
        ends = seen.between("utterance", block.live_ns, block.end_ns)
        finals = {int(each["a"]): each for each in texts if each["b"] >= 16}
        for end in ends[ends["b"] == _ENDED]:
            final = finals.get(int(end["a"]))
            unanswered += final is None
            if final is not None:
                late_ms.append((int(final["seen_ns"]) - int(end["d"])) / 1e6)
        texts = texts[texts["b"] == _SAID]
        for begin_ns, end_ns in _sentences(seen, block, said):
            spoken += 1
            over = (texts["c"] < end_ns) & (texts["d"] > begin_ns)
            heard += bool(over.any())
    found: dict[str, Any] = {
        "spoken": spoken, "heard": heard, "lost": max(spoken - heard, lost),
        "utterances_without_text": unanswered,
    }
    if late_ms:
        found["end_to_text_ms"] = _quantiles(np.array(late_ms))
    return found


def _sentences(
    seen: Seen, block: Block, said: Sequence[Said]
) -> list[tuple[int, int]]:
    """Capture times of the begin and end of each sentence that was played in a block."""
    sound = seen.between("audio", block.live_ns, block.gone_ns)
    found = []
    for session in np.unique(sound["b"]):
        ends = {
            int(each["a"]) // SOUND_BLOCK: int(each["capture_ns"])
            for each in sound[sound["b"] == session]
        }
        for one in said:
            first, last = one.first // SOUND_BLOCK, one.last // SOUND_BLOCK
            if first not in ends or last not in ends:
                continue
            begin_ns = ends[first] - SOUND_BLOCK * 1_000_000_000 // RATE_HZ
            if begin_ns > block.live_ns and ends[last] < block.end_ns:
                found.append((begin_ns, ends[last]))
    return found


def costs(blocks: Sequence[Block]) -> dict[str, dict[str, float]]:
    """Arm to its processes' shares of a core and the machine's idle and stolen time, as means."""
    found: dict[str, dict[str, float]] = {}
    for arm in ARMS:
        mine = [{**block.cores, **block.machine} for block in blocks if block.arm == arm]
        names = dict.fromkeys(name for each in mine for name in each)
        if mine:
            found[arm] = {
                name: float(np.mean([each[name] for each in mine if name in each]))
                for name in names
            }
    return found
