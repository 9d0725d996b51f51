"""One opening of a camera, a video file or a stream: read in a thread of its own until closed.

Opening and reading may block for seconds, where the sensor's thread must answer a mute at once.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors import opencv

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.clock import Clock
    from sensorium.sensors.video_source import Source

LEAST_SIDE = 16
"""Pixels, of what is handed over."""
_USUAL_HZ = 25.0
"""Of a file that says no rate, or none that can be."""
_FASTEST_HZ = 240.0
_SLIP_S = 0.25
"""A file that is decoded later than this goes on from now, instead of hurrying."""


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a source.

    Attributes:
        width: Largest width in pixels; what is larger is made smaller, in its own proportions.
        height: Largest height.
        rate_hz: Most pictures a second.
        loop: Whether a file begins anew at its end.
    """

    width: int
    height: int
    rate_hz: float
    loop: bool


class VideoStream:
    """Reads pictures and hands them over, until it is closed, ends or fails.

    Args:
        source: What to open.
        wanted: Of it.
        take: Takes a picture, [height, width, 3], red, green, blue, and when it was taken; called
            in this stream's thread, and never after `close` has returned.
        clock: The daemon's.

    Attributes:
        opened: The device is open.
        heard_ns: When the newest picture came; before, when the device was opened; before that,
            when the stream was begun.
        pictures: Handed over so far.
        error: Why it has ended; None while it runs.
    """

    def __init__(
        self, source: Source, wanted: Wanted, take: Callable[[NDArray[np.uint8], int], None],
        clock: Clock,
    ) -> None:
        self.opened = False
        self.heard_ns = clock()
        self.pictures = 0
        self.error: SensorError | None = None
        self._source = source
        self._wanted = wanted
        self._take = take
        self._clock = clock
        self._closing = threading.Event()
        self._handing = threading.Lock()
        self._cv2: Any = None
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        """Begins, without waiting for anything."""
        self._thread.start()

    def close(self, within_s: float) -> None:
        """Ends it: nothing is handed over any more, and the device closes as soon as it can.

        Args:
            within_s: How long a driver that does not answer is waited for; see `gone`.
        """
        with self._handing:
            self._closing.set()
        self._thread.join(within_s)

    @property
    def gone(self) -> bool:
        """Whether its thread has ended, and with it the device is closed."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._cv2 = opencv.load()
            self._play()
        except SensorError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - whatever a codec raises is this source's fault
            self.error = SensorError(
                f"{self._source.name} cannot be read: {type(error).__name__}",
                "name another one as sensors.camera.device", Reason.FAILED,
            )

    def _play(self) -> None:
        while not self._closing.is_set():
            video = opencv.opened(
                self._cv2, self._source, self._wanted.width, self._wanted.height
            )
            # In this order: what is open was heard of when it opened.
            self.heard_ns = self._clock()
            self.opened = True
            try:
                count = self._file(video) if self._source.paced else self._device(video)
            finally:
                video.release()
            if self._closing.is_set():
                return
            if not self._source.paced:
                raise SensorError(
                    f"{self._source.name} gives no more pictures", "plug it in again",
                    Reason.DEVICE_MISSING,
                )
            if not count:
                raise SensorError(
                    f"{self._source.name} has no picture that can be read",
                    "name another file as sensors.camera.device", Reason.FAILED,
                )
            if not self._wanted.loop:
                raise SensorError(
                    f"{self._source.name} was played to its end",
                    "loop = true in [sensors.camera] plays it again and again", Reason.CLOSED,
                )

    def _device(self, video: Any) -> int:
        """Reads at the device's own pace, and hands over what is due, until nothing comes."""
        due_ns, count = 0, 0
        period_ns = int(1e9 / self._wanted.rate_hz)
        while not self._closing.is_set() and video.grab():
            now = self._clock()
            # A quarter of grace: a camera of the very rate that is wanted wavers around it.
            if now < due_ns - period_ns // 4:
                continue
            due_ns = max(due_ns + period_ns, now)
            count += self._hand(video, now)
        return count

    def _file(self, video: Any) -> int:
        """Plays a file once, in its own time; gives how many pictures it had."""
        rate = video.get(self._cv2.CAP_PROP_FPS)
        rate = rate if math.isfinite(rate) and 0 < rate <= _FASTEST_HZ else _USUAL_HZ
        begun_ns, due_s, count, place = self._clock(), 0.0, 0, 0
        while not self._closing.is_set() and video.grab():
            at_s, place = place / rate, place + 1
            if at_s < due_s:
                continue
            due_s = max(due_s + 1 / self._wanted.rate_hz, at_s)
            late_s = (self._clock() - begun_ns) / 1e9 - at_s
            if late_s > _SLIP_S:
                begun_ns += int(late_s * 1e9)
            elif late_s < 0 and self._closing.wait(-late_s):
                break
            count += self._hand(video, self._clock())
        # The last picture is seen as long as the others were.
        left_s = place / rate - (self._clock() - begun_ns) / 1e9
        self._closing.wait(min(max(left_s, 1 / _FASTEST_HZ), 1.0))
        return count

    def _hand(self, video: Any, now_ns: int) -> int:
        """Hands the picture in hand over; 0 where it cannot be decoded."""
        found, image = video.retrieve()
        if not found or image is None or not image.size:
            return 0
        picture = self._shown(image)
        with self._handing:
            if not self._closing.is_set():
                self.heard_ns = self._clock()
                self.pictures += 1
                self._take(picture, now_ns)
        return 1

    def _shown(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Blue, green, red (or grey) at any size, as it is published."""
        cv2, wanted = self._cv2, self._wanted
        height, width = image.shape[:2]
        scale = min(1.0, wanted.width / width, wanted.height / height)
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        if image.ndim == 2:
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        else:
            order = cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
            image = cv2.cvtColor(image, order)
        if min(image.shape[:2]) < LEAST_SIDE:
            raise SensorError(
                f"{self._source.name}: pictures of {width} x {height} pixels are not shown",
                f"as they are shown no side may be under {LEAST_SIDE} pixels", Reason.NOT_OFFERED,
            )
        return image
