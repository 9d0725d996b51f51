"""Answers `why`: one intent of one app, with its evidence, as JSON values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sensorium import records
from sensorium.channels.cursor import Cursor
from sensorium.clock import now_ns
from sensorium.control.replies import UNAVAILABLE, Refused
from sensorium.control.standing import began_ns
from sensorium.perception.intent import IDS_A_SESSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from sensorium.supervisor.clients import AppRegion

KINDS = ("", "word", "fixation", "pointing", "grab", "wearer", "before")
_UNKNOWN = "unknown"


def explain(apps: Iterable[AppRegion], intent: int, since_ns: int = 0) -> dict[str, Any]:
    """Everything that `sensorium why` shows.

    An app can write its own region: what it shows there is what is shown here.

    Args:
        apps: Those that are connected.
        intent: Its id; 0: the newest of any app.
        since_ns: From when on who asks may know of what was said; see `GrantDesk.since_ns`.

    Raises:
        Refused: UNAVAILABLE: there is no such intent, or not any more.
    """
    found: tuple[int, AppRegion, np.void] | None = None
    for app in apps:
        ring = Cursor(app.region, "intent", records.INTENT, live=False)
        latest = ring.latest()
        number = intent % IDS_A_SESSION if intent else latest
        if intent and app.session != intent // IDS_A_SESSION:
            continue
        if max(0, latest - ring.entry.slots) < number <= latest:
            ring.seek(number)
            ring.next(now_ns())
            sample = ring.sample
            if sample.n == number and sample.valid and len(sample.record) >= records.INTENT.size:
                row = sample.view(records.INTENT)[0]
                newer = found is None or sample.publish_ns > found[0]
                begun_ns = began_ns(int(row["start_ns"]), sample.capture_ns, sample.publish_ns)
                if newer and begun_ns >= since_ns:
                    found = sample.publish_ns, app, row
    if found is None:
        what = f"there is no intent {intent}" if intent else "nobody was told an intent yet"
        raise Refused(
            UNAVAILABLE, what, "an app's newest 255 are kept, for as long as it is connected"
        )
    return _document(found[1], found[2])


def _document(app: AppRegion, row: np.void) -> dict[str, Any]:
    names = _names(app)
    begin = int(row["start_ns"])

    def at(time_ns: int) -> float:
        """Seconds from the utterance's begin."""
        return round((time_ns - begin) / 1e9, 3)

    def thing(target: int) -> dict[str, Any]:
        return {"id": target, "name": names.get(target, "")}

    counts = {name: min(int(row[f"{one}_count"]), len(row[name])) for one, name in (
        ("object", "objects"), ("evidence", "evidence"), ("alternative", "alternatives"),
    )}
    return {
        "intent": int(row["intent"]),
        "app": app.name,
        "verb": _text(row["verb"]),
        "score": _number(row["score"]),
        "quantity": _number(row["quantity"]),
        "objects": [thing(int(one)) for one in row["objects"][: counts["objects"]]],
        "place": _place(row["place"]) if row["has_place"] else None,
        "place_on": thing(int(row["place_target"])) if row["place_target"] else None,
        "unresolved": int(row["unresolved"]),
        "seconds": at(int(row["end_ns"])),
        "evidence": [
            {
                "kind": KINDS[kind] if (kind := int(one["kind"])) < len(KINDS) else _UNKNOWN,
                "word": int(one["word"]),
                "text": _text(word["text"]),
                "target": thing(int(one["target"])) if one["target"] else None,
                "from_s": at(int(one["start_ns"])),
                "to_s": at(int(one["end_ns"])),
                "weight": _number(one["weight"]),
            }
            for one, word in zip(
                row["evidence"][: counts["evidence"]], row["words"], strict=False
            )
        ],
        "alternatives": [
            {
                "object": thing(int(one["object"])) if one["object"] else None,
                "place": _place(one["place"]),
                "score": _number(one["score"]),
            }
            for one in row["alternatives"][: counts["alternatives"]]
        ],
    }


def _names(app: AppRegion) -> dict[int, str]:
    scene = app.intake.scene
    if scene is None:
        return {}
    return {
        int(one["id"]): _text(one["name"]) for one in scene["targets"][0, : int(scene["count"][0])]
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _place(values: Iterable[float]) -> list[float] | None:
    """None: it is none."""
    found = [_number(value) for value in values]
    numbers = [value for value in found if value is not None]
    return numbers if len(numbers) == len(found) else None


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return round(float(value), 3) if math.isfinite(float(value)) else None
