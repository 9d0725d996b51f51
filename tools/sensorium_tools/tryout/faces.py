"""Shows faces: their points, what moves most in them, and the expression that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.service.tasks.face import BLENDSHAPES, EMOTION, LANDMARKS
from sensorium_tools.tryout.shown import AsItIs, table

if TYPE_CHECKING:
    from sensorium_tools.tryout.canvas import Canvas

_STRONGEST = 5
"""Blendshapes that are told."""
_BOX, _POINT, _KEYPOINT = (255, 200, 0), (0, 220, 120), (255, 60, 60)


class Faces(AsItIs):
    """See `Shown`."""

    def parameters(self, name: str) -> dict[str, Any]:
        """See `Shown.parameters`: landmarks and blendshapes where both engines are built.

        The expression only where its engine is what is tried: nobody's is estimated unasked.
        """
        points = _is_built(LANDMARKS) and _is_built(BLENDSHAPES)
        if name == BLENDSHAPES:
            # It is fed what the other finds, and says what is to be built.
            store.built(store.find_card(LANDMARKS))
        return {
            "landmarks": points or name == LANDMARKS, "blendshapes": points,
            "emotion": name == EMOTION,
        }

    def lines(
        self, name: str, given: list[str], outputs: list[dict[str, Any]]
    ) -> list[str]:
        """See `Shown.lines`."""
        found = outputs[0]["faces"]
        if not found:
            return ["no face was found; --threshold 0.3 shows what is less sure, too"]
        cells = []
        for number, face in enumerate(found, 1):
            place = ", ".join(f"{side} {edge:.0f}" for side, edge in face["box"].items())
            cells.append((f"face {number}", f"{face['score']:.2f}", place))
            if "landmarks" in face:
                cells.append(("", f"{face['presence']:.2f}", f"{len(face['landmarks'])} landmarks"))
            cells += [("", f"{value:.2f}", what) for what, value in _told(face)]
        return table([("", "score", ""), *cells])

    def draw(self, canvas: Canvas, output: dict[str, Any]) -> None:
        """See `Shown.draw`."""
        for face in reversed(output["faces"]):
            canvas.points(face.get("landmarks", ()), _POINT)
            canvas.points(face["keypoints"].values(), _KEYPOINT)
            lines = [f"face {face['score']:.2f}"]
            lines += [f"{what} {value:.2f}" for what, value in _told(face)]
            canvas.box(face["box"], _BOX, lines)


def _told(face: dict[str, Any]) -> list[tuple[str, float]]:
    """The strongest blendshapes and the expression, each with its figure."""
    strongest = sorted(face.get("blendshapes", {}).items(), key=lambda entry: -entry[1])
    expressions = [(entry["label"], entry["score"]) for entry in face.get("emotion", ())[:1]]
    return expressions + strongest[:_STRONGEST]


def _is_built(name: str) -> bool:
    try:
        store.built(store.find_card(name))
    except EngineError:
        return False
    return True
