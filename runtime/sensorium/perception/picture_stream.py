"""What all senses that look at pictures share: whose pictures, how often, and where results go.

The camera's pictures come by the channel `frame`. What an app sends is the app's own: it lies in
the app's region, and so does what is seen in it, which nobody else is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sensorium.clock import now_ns
from sensorium.errors import OutputError
from sensorium.health import Reason
from sensorium.perception import pictures
from sensorium.perception.finite import Complaint
from sensorium.perception.sense import input_reason

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import App, Publish, Rings, Sample

FRAME, APP_FRAME = "frame", "app_frame"
_MOST_RECORDS = 1 << 48


def interval(default_ms: int) -> Any:
    """The option `interval_ms`."""
    return field(
        default=default_ms,
        metadata={
            "doc": "A picture is looked at when the one before was looked at so long ago, in ms.",
            "min": 0, "max": 1000,
        },
    )


def due(time_ns: int, before_ns: int | None, interval_ms: int) -> bool:
    """Whether an interval is over, but for an eighth: pictures do not come at even times.

    Args:
        time_ns: Of the picture in hand; time may go back.
        before_ns: Of the one that was looked at; None: of none.
        interval_ms: See `interval`.
    """
    return before_ns is None or abs(time_ns - before_ns) >= interval_ms * 875_000


@dataclass(frozen=True)
class PictureOptions:
    """Whose pictures are looked at, and how often."""

    interval_ms: int = interval(500)
    app_frames: bool = field(
        default=False,
        metadata={"doc": "Whether pictures that apps send are looked at, too, for each alone."},
    )


class Picture(NamedTuple):
    """One picture.

    Attributes:
        image: [height, width, 3], red, green, blue.
        sequence: As its source counts.
        key: A number that no other picture of the stream has; grows.
        time_ns: When it was taken by the camera, or found in the app's region.
    """

    image: NDArray[np.uint8]
    sequence: int
    key: int
    time_ns: int


class Seen(NamedTuple):
    """What was seen in a picture.

    Attributes:
        record: Shape (1,); the looker may use it again.
        confidence: 0..1, NaN where there is none.
        engine: What saw it.
        flags: 1 when something did not fit.
    """

    record: NDArray[np.void]
    confidence: float
    engine: Engine
    flags: int = 0


class Look(Protocol):
    """Looks at the pictures of one stream, with what is remembered of those before."""

    def __call__(self, picture: Picture) -> Seen:
        """What is seen.

        Raises:
            OutputError: What an engine gave of this picture cannot be used.
        """
        ...


@dataclass
class _AppState:
    look: Look
    taken: int = 0
    looked_ns: int | None = None


def outputs(channel: str, options: PictureOptions) -> tuple[str, ...]:
    """The channels that a sense writes, of which `channel` is the camera's."""
    return (channel, f"app_{channel}") if options.app_frames else (channel,)


class PictureStream:
    """The stream of a sense; see `perception.sense.Stream`.

    Args:
        channel: That the camera's results go to; those of an app go to its `app_` twin.
        blank: A record that says nothing, shape (1,).
        make: Makes the look of one stream.
        options: See there.
        rings: Of the process.
    """

    trigger = FRAME

    def __init__(
        self, channel: str, blank: NDArray[np.void], make: Callable[[], Look],
        options: PictureOptions, rings: Rings,
    ) -> None:
        self.outputs = outputs(channel, options)
        self._blank = blank
        self._make = make
        self._rings = rings
        self._look: Look | None = None
        self._interval_ms = options.interval_ms
        self._looked_ns: int | None = None
        self._apps: dict[int, _AppState] = {}
        self._turn = 0
        self._complains = Complaint(channel)

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one record of `frame`: see `Stream.process`."""
        if not sample.valid:
            self._look = self._looked_ns = None
            self._nothing(publish, sample, input_reason(sample.reason))
            return
        if not due(sample.capture_ns, self._looked_ns, self._interval_ms):
            return
        self._looked_ns = sample.capture_ns
        image = pictures.read(sample.record)
        if image is None:
            self._nothing(publish, sample, Reason.FAILED)
            return
        self._look = self._look or self._make()
        key = (sample.generation & 0xFFFFFF) << 32 | sample.n & 0xFFFFFFFF
        sequence = int(sample.record["sequence"][0])
        try:
            seen = self._look(Picture(image, sequence, key, sample.capture_ns))
        except OutputError as error:
            self._complains.of(error)
            self._nothing(publish, sample, Reason.ENGINE_FAILED)
            return
        self._complains.no_more()
        publish(
            self.outputs[0], seen.record, sample.capture_ns, confidence=seen.confidence,
            engine=seen.engine, flags=seen.flags,
        )

    def lost(self, records: int) -> None:
        """See `Stream.lost`: only the newest picture counts."""

    def idle(self, publish: Publish) -> None:
        """Looks at the newest picture of one app, at most; apps take turns."""
        if len(self.outputs) < 2:
            return
        connected = self._rings.apps.connected()
        for session in self._apps.keys() - {app.session for app in connected}:
            del self._apps[session]
        for step in range(len(connected)):
            app = connected[(self._turn + step) % len(connected)]
            if self._look_for(app, publish):
                self._turn += step + 1
                return

    def _look_for(self, app: App, publish: Publish) -> bool:
        """Whether there was a new picture, good or bad."""
        apps = self._rings.apps
        latest = apps.latest(app.session, APP_FRAME)
        state = self._apps.get(app.session)
        if latest == 0 or (state is not None and latest == state.taken):
            return False
        now = now_ns()
        if state is None:
            state = self._apps[app.session] = _AppState(self._make())
        elif not due(now, state.looked_ns, self._interval_ms):
            return False
        state.taken = latest
        sample = apps.newest(app.session, APP_FRAME)
        image = pictures.read(sample.record) if sample is not None and sample.valid else None
        if sample is None or image is None:
            return True
        state.looked_ns = now
        sequence = int(sample.record["sequence"][0])
        try:
            seen = state.look(Picture(image, sequence, sample.n % _MOST_RECORDS, now))
        except OutputError as error:
            self._complains.of(error)
            publish(
                self.outputs[1], self._blank, sample.capture_ns, valid=False,
                reason=Reason.ENGINE_FAILED, app=app.session,
            )
            return True
        publish(
            self.outputs[1], seen.record, sample.capture_ns, confidence=seen.confidence,
            engine=seen.engine, flags=seen.flags, app=app.session,
        )
        return True

    def _nothing(self, publish: Publish, sample: Sample, reason: Reason) -> None:
        publish(self.outputs[0], self._blank, sample.capture_ns, valid=False, reason=reason)
