"""What a sense is: an engine that is shared and a stream state of its own, and nothing of threads.

A sense's class has `Options` (a frozen dataclass that the configuration fills), `ENGINES` (the
engines it needs, by the name of their card; `engines(options)` where its options name them, and
`ENGINE_KEYS`, which options do, where another one of the same task can take its place;
`may_use(options, loaded)` names those that it uses where they are built, and can do without),
`READS` and `WRITES` (its channels; `writes(options)` where not all are written), `TEMPO` (how it
may be slowed while an app's frames are at risk; `inference.governor.tempo`), and is made with
options, engines and the rings of its process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.expected import Expected

SENSES: dict[str, str] = {
    "clean_audio": "sensorium.perception.clean_audio:CleanAudio",
    "voice_activity": "sensorium.perception.voice_activity:VoiceActivity",
    "gesture": "sensorium.perception.gesture:Gesture",
    "hand_gesture": "sensorium.perception.hand_gesture:HandGesture",
    "head": "sensorium.perception.head:Head",
    "target": "sensorium.perception.target:Target",
    "gaze": "sensorium.perception.eye_movement:EyeMovement",
    "attention_trace": "sensorium.perception.attention_trace:AttentionTrace",
    "push_to_talk": "sensorium.perception.push_to_talk:PushToTalk",
    "wake_word": "sensorium.perception.wake_word:WakeWord",
    "speech": "sensorium.perception.speech:Speech",
    "command": "sensorium.perception.command:Command",
    "intent": "sensorium.perception.intent:Intent",
    "speaker": "sensorium.perception.speaker:Speaker",
    "voice_measures": "sensorium.perception.voice_measures:VoiceMeasures",
    "voice_emotion": "sensorium.perception.voice_emotion:VoiceEmotion",
    "viseme": "sensorium.perception.viseme:Viseme",
    "objects": "sensorium.perception.objects:Objects",
    "image_class": "sensorium.perception.image_class:ImageClass",
    "face": "sensorium.perception.face:Face",
    "face_emotion": "sensorium.perception.face_emotion:FaceEmotion",
}
"""Name in the configuration to `module:Class`. The senses of a process take turns in this order:
commands wait for the wake word."""


class Sample(NamedTuple):
    """One record of an input channel.

    Attributes:
        record: The record, shape (1,), of the record's own dtype; meaningless when not `valid`.
        capture_ns: When the world was so.
        valid: False when the source says that it has nothing to give; see `reason`.
        reason: Why it is not valid.
        n: The record's number in its channel, from 1.
        generation: Of the region that holds it; 0: of none.
    """

    record: NDArray[np.void]
    capture_ns: int
    valid: bool
    reason: Reason
    n: int
    generation: int = 0


def input_reason(reason: Reason) -> Reason:
    """Why a sense gives nothing when its input gives nothing.

    What the owner decided or the device lacks is passed on; that the input's process died or is
    starting is the input's matter: the sense itself is there and has lost its input.
    """
    unknown = (Reason.NONE, Reason.STARTING, Reason.OWNER_LOST, Reason.STOPPED, Reason.FAILED)
    return Reason.INPUT_LOST if reason in unknown else reason


class App(NamedTuple):
    """An app that has a region of its own.

    Attributes:
        session: Number of its connection, from 1, never used again.
        name: As it said hello.
        since_ns: When it got its region.
    """

    session: int
    name: str
    since_ns: int


class Apps(Protocol):
    """The apps that are connected, and what was written to each."""

    def connected(self) -> tuple[App, ...]:
        """Those that have a region of their own now."""
        ...

    def latest(self, session: int, channel: str) -> int:
        """The number of the newest record of a channel of an app's region; 0: there is none.

        The app can write there: a change is all that it says.
        """
        ...

    def newest(self, session: int, channel: str) -> Sample | None:
        """The newest record of a channel of an app's region; None: there is none.

        The app can write there: what it says is to be checked.
        """
        ...

    def at(self, session: int, channel: str, n: int) -> Sample | None:
        """Record number `n` of a channel of an app's region; None: it is not there (any more).

        The app can write there: what it says is to be checked.
        """
        ...


class Rings(Protocol):
    """Any channel's records by number, as far back as its ring reaches; the own outputs included.

    So a stream that starts again finds what it has missed and what it has already said.
    """

    @property
    def apps(self) -> Apps:
        """The regions of single apps."""
        ...

    @property
    def expected(self) -> Expected:
        """What senses of this process wait to be said."""
        ...

    @property
    def live(self) -> bool:
        """False in a stepped replay, where nothing may depend on what was kept before it."""
        ...

    def latest(self, channel: str) -> int:
        """The number of the newest record; 0: there is none."""
        ...

    def generation(self, channel: str) -> int:
        """The generation of the channel's region; 0: it is not mapped."""
        ...

    def at(self, channel: str, n: int, generation: int | None = None) -> Sample | None:
        """Record number `n`.

        Args:
            channel: Of the catalogue.
            n: From 1.
            generation: Of the region that is meant, the newest or the one before; None: the newest.

        Returns:
            None when it was overwritten, or is not written yet.
        """
        ...


class Publish(Protocol):
    """Writes one record of an output channel."""

    def __call__(
        self,
        channel: str,
        record: NDArray[np.void],
        capture_ns: int,
        *,
        valid: bool = True,
        reason: Reason = Reason.NONE,
        confidence: float = float("nan"),
        engine: Engine | None = None,
        flags: int = 0,
        app: int = 0,
        place: tuple[int, int] | None = None,
    ) -> None:
        """Publishes `record`, shape (1,), to `channel`.

        Args:
            channel: One of the stream's `outputs`.
            record: Copied at once; the caller may reuse it.
            capture_ns: Of the input that it was made from.
            valid: False publishes "nothing to give" with `reason`.
            reason: Why it is not valid.
            confidence: 0..1, or NaN where there is none.
            engine: What computed it; None for geometry on the CPU.
            flags: 1 when something did not fit; the record's own counts say what.
            app: Session of the app whose region holds the channel; 0: it is in none.
            place: Generation of the region, the newest or the one before, and the number that the
                record gets there; numbers that are left out are not there. None: the next.
        """
        ...


class Stream(Protocol):
    """The state of one input stream of a sense: one hand, one microphone.

    A stream may also have `resume(rings) -> int | None`: asked once, before its first record,
    which number of the trigger to begin with, so that it goes on where it was before a restart;
    None: with what comes next.

    And it may have `idle(publish)`: called several times a second while nothing waits, for work
    that can be done bit by bit; it must return within about 50 ms.
    """

    trigger: str
    """The channel whose records it is made from."""
    outputs: tuple[str, ...]
    """The channels that it publishes."""

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one record of the trigger and publishes what follows from it."""
        ...

    def lost(self, records: int) -> None:
        """Told when `records` records of the trigger were missed: resets what spans them."""
        ...


class Sense(Protocol):
    """A sense with its engines and streams.

    It may also have `note`, a text that `status` shows: what else it runs on, what is wrong there.

    And it may have `settle(publish)`: called when its streams have taken all that is new, for what
    is done once for several inputs.
    """

    Options: ClassVar[type[Any]]
    ENGINES: ClassVar[tuple[str, ...]]
    READS: ClassVar[tuple[str, ...]]
    WRITES: ClassVar[tuple[str, ...]]

    def __init__(self, options: Any, engines: Mapping[str, Engine], rings: Rings) -> None: ...

    def streams(self) -> tuple[Stream, ...]:
        """The streams, each with its own state."""
        ...
