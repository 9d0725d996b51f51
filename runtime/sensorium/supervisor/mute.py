"""The one hard mute of microphone and camera, which is kept over restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = "muted"


class Mute:
    """Whether it is on.

    Args:
        spread: Tells everybody at once, whoever shows what was said, too.

    Attributes:
        on: Whether it is.
    """

    def __init__(self, spread: Callable[[], None]) -> None:
        self._spread = spread
        self.on = (folders.config_dir() / _NAME).exists()

    def set(self, on: bool) -> None:
        """Mutes or unmutes.

        Raises:
            ControlError: It is muted, but for this daemon's life only; or it stays muted, since
                the next daemon would be.
        """
        mark = folders.config_dir() / _NAME
        if on:
            self.on = True
            self._spread()
        try:
            if on:
                mark.parent.mkdir(parents=True, exist_ok=True)
                mark.touch(mode=0o600)
            else:
                mark.unlink(missing_ok=True)
        except OSError as error:
            until = "muted until the daemon ends" if on else "still muted"
            raise ControlError(
                f"{until}: {mark} cannot be {'written' if on else 'removed'}: {error.strerror}",
                "make the folder writable",
            ) from error
        self.on = on
        self._spread()
