"""What an app sees: channels through the client file that apps copy, not through our own reader."""

from __future__ import annotations

import importlib.util
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.cli.sight import Look, Sight
from sensorium.cli.story import Story
from sensorium.errors import ChannelError, ControlError
from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

EASY_S = 0.05
"""Often enough for a person to look at, and no burden for the daemon."""

_WAIT_S = 0.1
_PAUSE_S = 0.002
_RETRY_S = 0.5
_SWITCH_S = 0.0005


@cache
def client() -> Any:
    """The module `sensorium_client`, loaded from the room of the clients."""
    path = folders.data_room("clients") / "python" / "sensorium_client.py"
    spec = importlib.util.spec_from_file_location("sensorium_client", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ChannelError(f"{path} is missing", "install Sensorium again")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Eyes:
    """Looks at channels from a thread of its own, as an app would.

    Args:
        app: The name under which private classes are asked for.
        directory: The daemon's runtime folder; None: the user's own.
        classes: Grant classes to open, besides `public`.
        every_s: How often to look; None: whenever a record was published, as soon as it was,
            which costs its writer a wake-up each.

    Attributes:
        sights: Channel to what was seen of it; also the channels of classes that are not open.
        story: What the event channels told since the start.
        generation: Of the daemon's public region; 0 while none runs.

    Raises:
        ControlError: No daemon is running, or it refuses a class.
    """

    def __init__(
        self,
        app: str,
        directory: Path | None = None,
        classes: Collection[str] = (),
        every_s: float | None = EASY_S,
    ) -> None:
        module = client()
        self._session = module.connect(app, str(directory) if directory else None)
        if self._session.status is not module.Status.OK:
            raise ControlError(self._session.message, self._session.remedy)
        self.sights = {
            name: Sight(name, record, region)
            for name, (region, record, _) in module.CHANNELS.items()
            if region != "app"
        }
        self.story = Story()
        self._every_s = every_s
        self._channels: dict[str, Any] = {}
        for name, sight in self.sights.items():
            if sight.region == "public" or sight.region in classes:
                self._channels[name] = self._session.channel(name)
            else:
                sight.look = Look("denied")
        self._followed = {
            name
            for name in self._channels
            if module.CHANNELS[name][2] and self.sights[name].record_name != "audio"
        }
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def generation(self) -> int:
        """Of the public region; 0 while no daemon runs."""
        return int(self._session.generation)

    def __enter__(self) -> Eyes:
        # The thread that draws must not keep the one that looks from the interpreter.
        sys.setswitchinterval(_SWITCH_S)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._session.close()

    def _run(self) -> None:
        module = client()
        while not self._ended.is_set():
            if self._session.ended(module.now_ns()):
                self._look()
                self._ended.wait(_RETRY_S)
                self._reconnect()
                continue
            if self._every_s is not None:
                self._ended.wait(self._every_s)
                self._look()
                continue
            # A channel that is out of reach would end every wait at once.
            reached = [c for c in self._channels.values() if c.status is module.Status.OK]
            if not module.wait(reached, _WAIT_S):
                self._ended.wait(_PAUSE_S)
            self._look()

    def _reconnect(self) -> None:
        before = self.generation
        self._session.reconnect()
        if self.generation != before:
            for sight in self.sights.values():
                sight.restart()

    def _look(self) -> None:
        module = client()
        for name, channel in self._channels.items():
            sight = self.sights[name]
            now = module.now_ns()
            if name not in self._followed:
                sight.take(_look(channel.read(now)), now, prompt=self._every_s is None)
                continue
            while True:
                look = _event(_look(channel.next(now)))
                sight.take(look, now, prompt=self._every_s is None)
                if look.status != "new":
                    break
                self.story.add(sight.record_name, look.capture_ns, look.record)


def _look(reading: Any) -> Look:
    sample = reading.sample
    status = reading.status.name.lower()
    if sample is None:
        return Look(status, reason=reading.reason)
    return Look(
        status, reading.reason, reading.age_ns, sample.n, sample.capture_ns, sample.publish_ns,
        sample.confidence, sample.engine, lambda: sample.record.to_dict(),
    )


def _event(look: Look) -> Look:
    """An event channel in which nothing has happened yet is as it should be."""
    return Look("same") if look.n == 0 and look.reason == Reason.STARTING else look
