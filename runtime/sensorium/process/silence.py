"""Whether nobody speaks, as voice activity tells it, for what may be done at leisure meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.perception.utterances import Event
from sensorium.records import UTTERANCE, VOICE_ACTIVITY

if TYPE_CHECKING:
    from sensorium.process.outputs import Outputs

_HUSHED = 0.1
"""Probability of speech that is clearly silence: a third of what begins it, half of what ends it,
by default."""


class Silence:
    """Reads voice activity's newest state, and whether an utterance goes on.

    Args:
        outputs: The process's regions.
    """

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._readers: tuple[Reader, Reader] | None = None
        self._going_on = False

    def __call__(self) -> bool:
        """See `SensorIO.silent`."""
        if self._readers is None:
            mapped = self._outputs.regions.get(CHANNELS["voice_activity"].region)
            if mapped is None:
                return False
            self._readers = Reader(mapped[0], "voice_activity"), Reader(mapped[0], "utterance")
        activity, utterance = self._readers
        now = self._outputs.clock()
        if activity.read(now) not in (Status.NEW, Status.SAME):
            return False
        state = activity.sample.view(VOICE_ACTIVITY)[0]
        if state["speaking"] or not state["probability"] < _HUSHED:
            return False
        if utterance.read(now) is Status.NEW:
            self._going_on = utterance.sample.view(UTTERANCE)["event"][0] != Event.END
        return not self._going_on
