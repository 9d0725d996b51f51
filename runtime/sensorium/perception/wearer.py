"""The enrolled wearer as a running sense knows him: read again when the file changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.errors import CardError, EnrolmentError
from sensorium.inference import store
from sensorium.perception import enrolment
from sensorium.perception.followed_file import FollowedFile
from sensorium.perception.voiceprint import ENGINE

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.perception.enrolment import Enrolment


class Wearer:
    """Follows the file of an enrolment.

    Args:
        path: The file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._file: FollowedFile[Enrolment] = FollowedFile(path, _usable, "the wearer's enrolment")

    @property
    def enrolment(self) -> Enrolment | None:
        """The voice; None while nobody is enrolled, or what is there cannot be used."""
        return self._file.kept

    @property
    def problem(self) -> str:
        """Why there is none, with the remedy; empty where there is one."""
        return self._file.problem

    def look(self) -> None:
        """See `FollowedFile.look`."""
        self._file.look()


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


def _usable(path: Path) -> Enrolment:
    found = enrolment.read(path)
    try:
        check_model(found)
    except CardError as error:
        raise EnrolmentError(error.message, error.remedy) from error
    return found
