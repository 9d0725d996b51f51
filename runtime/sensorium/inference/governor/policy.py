"""What the owner wants kept first while an app runs."""

from __future__ import annotations

from enum import IntEnum


class Policy(IntEnum):
    """As in `records.GOVERNOR`; the names are those of the configuration."""

    NONE = 0
    """The app's frames change nothing."""
    QUALITY = 1
    """Senses are slowed once frames are missed, and not paused."""
    FRAMES = 2
    """Senses are slowed before a frame is missed."""
    PAUSE = 3
    """Senses are paused while the app tells frames."""

    @classmethod
    def named(cls, name: str) -> Policy:
        """The policy of a name in the configuration.

        Raises:
            KeyError: There is none of that name.
        """
        return cls[name.upper()]
