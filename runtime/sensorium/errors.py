"""Every error that Sensorium raises on purpose.

::

    SensoriumError
    ├── ConfigError          a key, type or value in a configuration file
    ├── ChannelError         a region or channel that cannot be made, mapped or written
    │   └── VersionError     a record or layout of another major version
    ├── ControlError         the control socket: refused, malformed, gone
    │   └── DeniedError      asked for something without a grant
    ├── RecordingError       a recording that cannot be written or read
    ├── SensorError          a device or runtime that is missing or vanished
    │   └── SensorSilent     it does not answer
    ├── EnrolmentError       a voice or gesture that cannot be enrolled, or what is kept is broken
    └── EngineError          a card, weight or engine
        ├── CardError        a card that breaks the schema
        ├── HashError        a file whose sha256 is not the pinned one
        ├── EngineMissing    an engine that was not built or installed yet
        ├── OutputError      numbers of an engine that cannot be what its card says
        └── GpuError         a GPU that cannot run an engine; a CPU still can
            ├── GpuMissing   no driver, no binding of it, or no device
            ├── GpuMemory    its memory does not suffice
            ├── GpuBudget    engines may take no more of its memory
            ├── GpuLost      it failed in a way that only a new process mends
            ├── GpuSilent    it does not answer
            └── GpuBusy      it does something else just now

Each message names what is wrong and where; `remedy` says what the user can do about it.
"""

from __future__ import annotations


class SensoriumError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: What is wrong and where, in one sentence.
        remedy: What the user can do about it, usually a command; may be empty.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class ConfigError(SensoriumError):
    """A configuration file has a bad key, type or value."""


class ChannelError(SensoriumError):
    """A region or channel cannot be made, mapped or written."""


class VersionError(ChannelError):
    """A record or layout of another major version, or of a smaller size."""


class ControlError(SensoriumError):
    """The control socket refused, or the daemon is not there."""


class DeniedError(ControlError):
    """A private region was asked for without a grant."""


class RecordingError(SensoriumError):
    """A recording cannot be written or read."""


class SensorError(SensoriumError):
    """A device or runtime is missing, refused or vanished.

    Args:
        message: What is wrong and where.
        remedy: What the user can do about it.
        reason: The `health.Reason` that its channels show meanwhile.
    """

    def __init__(self, message: str, remedy: str = "", reason: int = 0) -> None:
        super().__init__(message, remedy)
        self.reason = reason


class SensorSilent(SensorError):
    """A device's server or driver does not answer."""


class EnrolmentError(SensoriumError):
    """A voice or gesture cannot be enrolled, or what is kept of it cannot be used."""


class EngineError(SensoriumError):
    """A card, weight or engine is unusable."""


class CardError(EngineError):
    """A card breaks the published schema."""


class HashError(EngineError):
    """A file's sha256 is not the pinned one."""


class EngineMissing(EngineError):
    """The engine was not built or installed yet."""


class OutputError(EngineError):
    """What an engine gave of one input cannot be used; of the next one it may be."""


class GpuError(EngineError):
    """A GPU cannot run an engine."""


class GpuMissing(GpuError):
    """There is no driver, no Python binding of it, or no device."""


class GpuMemory(GpuError):
    """The GPU's memory does not suffice."""


class GpuBudget(GpuError):
    """Engines may take no more of the GPU's memory; those that are there stay."""


class GpuLost(GpuError):
    """The GPU failed in a way that only a new process mends."""


class GpuSilent(GpuError):
    """The GPU does not answer."""


class GpuBusy(GpuError):
    """The GPU's process does something else just now; nothing is wrong."""
