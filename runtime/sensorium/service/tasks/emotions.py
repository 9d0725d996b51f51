"""Where emotions may not be estimated, no task does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from sensorium.config import Service


def check_emotions(settings: Service) -> None:
    """Refuses to estimate an emotion where that is switched off.

    Raises:
        Problem: 403; says by which key.
    """
    if not settings.emotions:
        raise Problem(
            403, "estimating emotions is switched off on this PC",
            "emotions = false in [service] does that, and workplace_or_education = true in "
            "[daemon], where the law forbids it: Regulation (EU) 2024/1689, Art. 5(1)(f)",
        )
