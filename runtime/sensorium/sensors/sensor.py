"""What a sensor is: a loop that turns a device into channels.

A sensor's class has two attributes, `Options` (a frozen dataclass that the configuration fills)
and `WRITES` (the channels it owns), and is made with its options and a `SensorIO`. One with
`YIELDS_TO` may run beside the sensors of these names, which write the same channels: then
`process.choice` chooses by the first of its channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sensorium.health import Device, Reason

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.clock import Clock

SENSORS: dict[str, str] = {
    "openxr": "sensorium.sensors.openxr:OpenXR",
    "openxr_layer": "sensorium.sensors.openxr_layer:OpenXRLayer",
    "microphone": "sensorium.sensors.microphone:Microphone",
    "output_sound": "sensorium.sensors.output_sound:OutputSound",
    "camera": "sensorium.sensors.camera:Camera",
    "replay": "sensorium.sensors.replay:Replay",
}
"""Name in the configuration to `module:Class`."""

HEADSETS = ("openxr", "openxr_layer")
"""Those that read a headset, which a GPU drives."""


@dataclass(frozen=True)
class Demand:
    """Who needs a device now.

    Attributes:
        users: Bits: 1 a sense, 2 an app, 4 a recording. 0: close the device.
        muted: The owner muted it: close the device.
    """

    users: int = 0
    muted: bool = False


class SensorIO(Protocol):
    """What a sensor may use of the process that it runs in. Each sensor has a thread of its own."""

    clock: Clock

    def publish(
        self,
        channel: str,
        record: NDArray[np.void] | None,
        capture_ns: int,
        *,
        valid: bool = True,
        reason: Reason = Reason.NONE,
        confidence: float = float("nan"),
        device: Device = Device.RUNTIME,
    ) -> None:
        """Publishes `record`, shape (1,), copied at once. May be called from any one thread.

        None, with `valid` False, stands for one of zeros: there is nothing to give.
        """
        ...

    def demand(self) -> Demand:
        """Who needs this sensor's device now."""
        ...

    def raised(self) -> AbstractContextManager[None]:
        """Gives the calling thread the priority of a sensor's meanwhile, where that is permitted.

        For the work of threads that a library makes: they are ordinary ones.
        """
        ...

    def silent(self) -> bool:
        """Whether voice activity hears nobody, clearly, and no utterance goes on.

        False where it does not run. May be called from any one thread.
        """
        ...

    def tell_apps(self, apps: list[dict[str, Any]]) -> None:
        """Says what the frames of other apps are like, for `status`.

        Args:
            apps: Of each `app`, `pid`, `source` and what `FrameHistory.figures` gives; replaces
                what was told before.
        """
        ...

    def wait(self, seconds: float) -> bool:
        """Sleeps until `seconds` passed, the demand changed or the process stops.

        Returns:
            True while the sensor should go on, False when it must return from `run`.
        """
        ...

    def report(self, state: str, detail: str = "", remedy: str = "") -> None:
        """Says in a few words what the sensor's state is, for `sensorium doctor` and `status`.

        Args:
            state: One word: starting, live, waiting, missing, opening, closing, closed, muted,
                failed.
            detail: What is there, or what is missing. Never sound, words or poses.
            remedy: What the user can do.
        """
        ...


class Sensor(Protocol):
    """A device, runtime or file that writes channels."""

    Options: ClassVar[type[Any]]
    WRITES: ClassVar[tuple[str, ...]]

    def __init__(self, options: Any, io: SensorIO) -> None: ...

    def run(self) -> None:
        """Loops until `io.wait` says False. A missing device is a state, never an exception."""
        ...
