"""The camera: what is before it, and whether somebody looks."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.errors import SensorError
from sensorium.health import Device, Reason
from sensorium.records import CAMERA, PICTURE, encode_text
from sensorium.records.vision import PICTURE_BYTES
from sensorium.sensors.device_state import REASONS, RETRY_S, State
from sensorium.sensors.video_source import named
from sensorium.sensors.video_stream import VideoStream, Wanted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.sensors.sensor import Demand, SensorIO

_log = logging.getLogger(__name__)

_TICK_S = 0.25
_SAY_NS = 500_000_000
"""How often a closed camera says so: a quarter of what makes `frame` stale."""
_STALL_NS = 5_000_000_000
"""An open device that gives no picture for so long is dead; cameras take a second to begin."""
_OPEN_NS = 30_000_000_000
"""The same for what does not even open: twice as long as slow ones take."""
_CLOSE_S = 0.25
"""What is usually closed by then: a driver ends its read with the next picture."""
_END_S = 1.0
"""The same when the process ends."""
_RGB, _CAMERA = 1, 1
"""`format` and `source` of the record `picture`."""
_NAME_BYTES = 128


@dataclass(frozen=True)
class CameraOptions:
    """The camera."""

    device: str = field(
        default="0",
        metadata={
            "doc": "The camera's number; the whole path of a device or of a video file; or a URL "
            "of a stream, as rtsp://."
        },
    )
    width: int = field(
        default=640,
        metadata={
            "doc": "Pixels that the camera is asked for; larger pictures are made smaller.",
            "min": 64, "max": 1280,
        },
    )
    height: int = field(
        default=480,
        metadata={
            "doc": "The same; width * height is at most 307,200.", "min": 64, "max": 1280,
        },
    )
    rate_hz: float = field(
        default=10.0,
        metadata={"doc": "Pictures a second, at most.", "min": 1.0, "max": 60.0},
    )
    loop: bool = field(
        default=True,
        metadata={"doc": "Whether a video file begins anew at its end; else the camera closes."},
    )

    def __post_init__(self) -> None:
        named(self.device)
        if self.width * self.height * 3 > PICTURE_BYTES:
            raise ValueError(
                f"width = {self.width} and height = {self.height}: a picture has room for "
                f"{PICTURE_BYTES // 3:,} pixels, as 640 x 480"
            )


class Camera:
    """Writes `frame` and `camera` (its state, four times a second).

    Open only while somebody reads what is seen; closed when muted; back when it is there again.
    It says "muted" and "closed" once the driver has let go of the device, and "closing" until then.
    """

    Options = CameraOptions
    WRITES: tuple[str, ...] = ("frame", "camera")

    def __init__(self, options: CameraOptions, io: SensorIO) -> None:
        self._io = io
        self._source = named(options.device)
        self._wanted = Wanted(options.width, options.height, options.rate_hz, options.loop)
        self._stream: VideoStream | None = None
        self._left: VideoStream | None = None
        self._state: State | None = None
        self._reason = Reason.STARTING
        self._changed_ns = 0
        self._said_ns = 0
        self._openings = 0
        self._failures = 0
        self._retry_ns = 0
        self._ended = False
        self._sequence = 0
        self._told_live = False
        self._publishing = threading.RLock()
        self._size = (0, 0)
        self._record = PICTURE.zeros()

    def run(self) -> None:
        """Loops until the process stops; a missing device is a state."""
        try:
            while True:
                self._tick(self._io.demand())
                if not self._io.wait(_TICK_S):
                    return
        finally:
            self._close(_END_S)

    def _tick(self, demand: Demand) -> None:
        if demand.muted:
            self._shut(State.MUTED)
        elif not demand.users:
            self._shut(State.CLOSED)
        elif self._stream is not None:
            self._watch(self._stream)
        elif self._io.clock() >= self._retry_ns and not self._ended:
            self._open()
        self._tell(demand)

    def _shut(self, state: State) -> None:
        """Closes the device because of the owner's or the users' will."""
        self._close()
        self._failures = self._retry_ns = 0
        self._ended = False
        if self._is_released():
            self._become(state, REASONS[state])
        else:
            self._become(State.CLOSING, Reason.CLOSING, SensorError(
                f"the driver of {self._source.name} holds it still; no picture gets out",
                "unplug it if this lasts",
            ))

    def _open(self) -> None:
        # A driver that hangs holds the device, and one thread of ours that waits for it.
        if not self._is_released():
            waited_ns = self._io.clock() - self._changed_ns
            if self._state is not State.CLOSING or waited_ns >= _OPEN_NS:
                self._miss(SensorError(
                    f"{self._source.name} does not answer", "plug it in again",
                    Reason.DEVICE_MISSING,
                ))
            return
        if not self._failures:
            # Else what is wrong stands, with its remedy, until it is open.
            self._become(State.OPENING, REASONS[State.OPENING])
        self._stream = VideoStream(self._source, self._wanted, self._deliver, self._io.clock)
        self._stream.start()

    def _is_released(self) -> bool:
        """Whether no driver holds a device that was closed here."""
        if self._left is not None and self._left.gone:
            self._left = None
        return self._left is None

    def _watch(self, stream: VideoStream) -> None:
        # Before the time is read, which is another one from the opening on.
        opened = stream.opened
        if stream.error is None:
            silent_ns = self._io.clock() - stream.heard_ns
            if silent_ns < (_STALL_NS if opened else _OPEN_NS):
                self._go_on(stream)
                return
        error = stream.error or SensorError(
            f"{self._source.name} {'gives no pictures' if opened else 'does not open'}",
            "plug it in again, or choose another one", Reason.DEVICE_MISSING,
        )
        self._close()
        if error.reason == Reason.CLOSED:
            self._ended = True
            self._become(State.CLOSED, Reason.CLOSED, error, word="ended")
        else:
            self._miss(error)

    def _go_on(self, stream: VideoStream) -> None:
        if stream.opened:
            self._become(State.OPEN, Reason.NONE)
        if stream.pictures and not self._told_live:
            self._told_live = True
            self._failures = 0
            width, height = self._size
            self._io.report("live", f"{self._source.name}, {width} x {height} pixels")

    def _miss(self, error: SensorError) -> None:
        wait_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1
        self._retry_ns = self._io.clock() + int(wait_s * 1e9)
        state = State.DENIED if error.reason == Reason.DENIED else State.MISSING
        self._become(state, Reason(error.reason) or REASONS[state], error)

    def _close(self, within_s: float = _CLOSE_S) -> None:
        if self._stream is not None:
            self._stream.close(within_s)
            self._left, self._stream = self._stream, None

    def _become(
        self, state: State, reason: Reason, error: SensorError | None = None, word: str = ""
    ) -> None:
        """Says the state in words when it has changed."""
        with self._publishing:
            if (state, reason) == (self._state, self._reason):
                return
            self._state, self._reason, self._changed_ns = state, reason, self._io.clock()
            self._said_ns = 0
            self._told_live = False
            self._openings += state is State.OPEN
        detail, remedy = (error.message, error.remedy) if error else ("", "")
        _log.info("camera %s %s", state.name.lower(), detail)
        if state is not State.OPEN:
            self._io.report(word or state.name.lower(), detail, remedy)

    def _tell(self, demand: Demand) -> None:
        """Publishes the state, and on `frame` why there is no picture."""
        now = self._io.clock()
        if self._state is None:
            return
        record = CAMERA.zeros()
        record["state"] = self._state
        record["users"] = demand.users
        record["openings"] = self._openings
        record["pictures"] = self._sequence
        record["changed_ns"] = self._changed_ns
        if self._state is State.OPEN:
            record["width"], record["height"] = self._size
        if self._state in (State.OPEN, State.OPENING, State.CLOSING):
            record["device"] = encode_text(self._source.name, _NAME_BYTES)[0]
        self._io.publish("camera", record, now, device=Device.NONE)
        with self._publishing:
            if self._state is not State.OPEN and now - self._said_ns > _SAY_NS:
                self._said_ns = now
                self._io.publish(
                    "frame", None, now, valid=False, reason=self._reason, device=Device.NONE
                )

    def _deliver(self, image: NDArray[np.uint8], capture_ns: int) -> None:
        """Publishes a picture; in the stream's thread, which may be the first to know it open."""
        height, width = image.shape[:2]
        with self._publishing:
            self._become(State.OPEN, Reason.NONE)
            self._sequence += 1
            self._size = (width, height)
            row = self._record[0]
            row["sequence"], row["width"], row["height"] = self._sequence, width, height
            row["format"], row["source"] = _RGB, _CAMERA
            row["pixels"][: image.size] = image.reshape(-1)
            self._io.publish("frame", self._record, capture_ns, device=Device.NONE)
