"""The enrolled wearer as a running sense knows him: read again when the file changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sensorium.errors import CardError, EnrolmentError
from sensorium.inference import store
from sensorium.perception import enrolment, private_file
from sensorium.perception.voiceprint import ENGINE

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.perception.enrolment import Enrolment

_log = logging.getLogger(__name__)
_NEVER = object()


class Wearer:
    """Follows the file of an enrolment.

    Args:
        path: The file; it need not be there.

    Attributes:
        enrolment: The voice; None while nobody is enrolled, or what is there cannot be used.
        problem: Why there is none, with the remedy; empty where there is one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: object = _NEVER
        self.enrolment: Enrolment | None = None
        self.problem = ""

    def look(self) -> None:
        """Reads the file where it has changed since the last look."""
        stamp = private_file.stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        self.enrolment, self.problem = None, ""
        try:
            found = enrolment.read(self._path)
            check_model(found)
            self.enrolment = found
        except (EnrolmentError, CardError) as error:
            self.problem = str(error)
            if stamp is not None:
                _log.warning("the wearer's enrolment cannot be used: %s", error)


def check_model(found: Enrolment) -> None:
    """Refuses an enrolment whose numbers are another model's.

    Raises:
        EnrolmentError: It is of another model than the card's.
        CardError: The model's card is missing or broken.
    """
    if found.model != store.find_card(ENGINE).identity:
        raise EnrolmentError(
            f"the wearer was enrolled with another model than today's {ENGINE}", enrolment.AGAIN
        )
