"""Records of the governor: what it does now, and each of its steps."""

from __future__ import annotations

from sensorium.records.fields import Record, Struct, array, scalar, text

GOVERNED = 32
NAME_SIZE = 64
"""Bytes of an app's name, with the NUL that closes it."""

GOVERNED_SENSE = Struct(
    "governed_sense",
    (
        text("name", 24, "of the sense, as in the configuration"),
        scalar("step", "u32", "0 full, 1 reduced, 2 smaller engine, 3 other device, 4 paused"),
        scalar("interval_ms", "u32", "from one result to the next, or how long its input waits; "
               "0: nothing waits"),
        scalar("longest_ms", "u32", "what the interval is kept within where no policy pauses it"),
        scalar("flags", "u32", "bits: 1 it is beyond longest_ms"),
    ),
    "How much one sense may take.",
)

GOVERNOR = Record(
    "governor",
    (
        text("app", NAME_SIZE, "whose frames are held; empty: nobody's"),
        scalar("policy", "u32", "0 none, 1 quality, 2 frames, 3 pause"),
        scalar("risk", "u32", "0 no frames are known, 1 frames have room, 2 close, 3 late"),
        scalar("level", "u32", "0: every sense is at full; higher takes more from them"),
        scalar("background", "u32", "1: engines run only on processors that nobody else wants"),
        scalar("period_ns", "u64", "of the display; 0 unknown"),
        scalar("changed_ns", "u64", "monotonic, of the newest change of a step; 0: none yet"),
        scalar("changes", "u64", "changes of steps since start"),
        scalar("count", "u32", "valid entries in `senses`"),
        scalar("gpu_spared", "u32", "1: what the local API and bridges run has left the GPU"),
        array("senses", GOVERNED_SENSE, GOVERNED, "in the daemon's order"),
    ),
    "How much of the PC the senses may take now, so that an app misses no frame.",
    id=40,
)

FRAME_PHASE = Record(
    "frame_phase",
    (
        scalar("submitted_ns", "u64", "monotonic, when the newest frame was submitted"),
        scalar("period_ns", "u64", "from one frame to the next as the app makes them; 0 unknown"),
        scalar("due_ns", "u64", "monotonic, by when the next frame must be submitted, predicted"),
        scalar("busy_ns", "u64", "that the app works on a frame before it submits it, predicted"),
        scalar("risk", "u32", "as in `governor`"),
        scalar("reserved", "u32", "0"),
    ),
    "Where in its frame an app is that must not be disturbed; written while that matters.",
    id=41,
)

GOVERNOR_STEP = Record(
    "governor_step",
    (
        text("app", NAME_SIZE, "whose frames were the reason; empty: nobody's"),
        text("sense", 24, "whose step changed; empty: `background` of all senses"),
        text("engine", 48, "the largest of the sense; empty: none"),
        scalar("from_step", "u32", "as in `governed_sense`"),
        scalar("to_step", "u32", "as in `governed_sense`"),
        scalar("from_interval_ms", "u32", "as in `governed_sense`"),
        scalar("to_interval_ms", "u32", "as in `governed_sense`"),
        scalar("cause", "u32", "1 late, 2 missed, 3 close, 4 pressure, 5 relief, 6 policy, 7 gone, "
               "8 memory, 9 gpu"),
        scalar("level", "u32", "of the governor, after it"),
        scalar("frame", "u64", "the app's number of the frame that was judged last"),
        scalar("frame_ns", "u64", "its time from begin to submission"),
        scalar("late_ns", "u64", "by how much it was late; 0: it was not, or that is not known"),
        scalar("period_ns", "u64", "of the display; 0 unknown"),
        scalar("busy_ns", "u64", "p95 of the newest frames, from begin to submission"),
        scalar("cost_ns", "u64", "of the sense's engines, each second, before it; 0 unknown"),
        scalar("pressure", "f32", "share of time that others waited for, 0..1; NaN: not asked"),
        scalar("change", "u32", "counts up; steps of one change have the same"),
    ),
    "One step of the governor, with its evidence.",
    id=42,
)
