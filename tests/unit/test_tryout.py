"""What `sensorium-engines try` makes of its words, and how it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensorium_tools.tryout.canvas import Canvas, colour_of
from sensorium_tools.tryout.shown import table
from sensorium_tools.tryout.trying import target

if TYPE_CHECKING:
    from pathlib import Path

RED = (255, 0, 0)


def test_what_is_meant_is_an_engine_and_its_input_or_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bus.jpg").touch()
    assert target(["bus.jpg"]) == ("yolov3-tiny", ("bus.jpg",))
    assert target(["gone.jpg"]) == ("yolov3-tiny", ("gone.jpg",))
    assert target(["minilm", "a", "b"]) == ("minilm", ("a", "b"))
    assert target(["minilm"]) == ("minilm", ())
    assert target(["nothing", "bus.jpg"]) == ("nothing", ("bus.jpg",))
    assert target(["bus.jpg", "more.jpg"]) == ("yolov3-tiny", ("bus.jpg", "more.jpg"))


@pytest.mark.parametrize(
    "sides",
    [(50, 60, 150, 120), (0, 0, 200, 160), (-9, -9, 20, 20), (180, 150, 400, 300), (70, 3, 90, 9)],
)
@pytest.mark.parametrize("lines", [["cat 0.90"], ["a line", "another", "a third"]])
def test_a_box_is_drawn_with_its_words_within_the_picture(sides, lines) -> None:
    pixels = np.zeros((160, 200, 3), np.uint8)
    canvas = Canvas(pixels)
    left, top, right, bottom = sides
    canvas.box({"left": left, "top": top, "right": right, "bottom": bottom}, RED, lines)
    drawn = np.array(canvas.image)
    assert not pixels.any()
    # The black words on their ground, which lies whole within the picture.
    ground = (drawn == RED).all(2)
    assert ground.sum() > 40 * len(lines) * 8
    rows = np.flatnonzero(ground.any(1))
    assert rows.max() - rows.min() >= 10 * len(lines)
    outline = np.zeros_like(ground)
    outline[max(0, top) : bottom + 1, max(0, left) : right + 1] = True
    outline[max(0, top + 2) : max(0, bottom - 1), max(0, left + 2) : max(0, right - 1)] = False
    assert ground[outline[:160, :200]].mean() > 0.5


def test_words_hide_no_face_where_there_is_room_beside_it() -> None:
    canvas = Canvas(np.zeros((300, 300, 3), np.uint8))
    lines = ["one", "two", "three", "four", "five"]
    canvas.box({"left": 20, "top": 10, "right": 90, "bottom": 80}, RED, lines)
    assert not np.array(canvas.image)[13:77, 23:87].any()


def test_the_smallest_picture_and_the_longest_word_are_drawn() -> None:
    canvas = Canvas(np.zeros((1, 1, 3), np.uint8))
    canvas.box({"left": 0, "top": 0, "right": 1, "bottom": 1}, RED, ["cat" * 1000])
    canvas.points([(0.5, 0.5), (9000.0, -5.0)], RED)
    assert canvas.image.size == (1, 1)


def test_a_label_has_always_the_same_colour_and_others_have_others() -> None:
    assert colour_of("cat") == colour_of("cat")
    assert len({colour_of(str(number)) for number in range(80)}) > 70


def test_columns_are_even() -> None:
    assert table([("a", "bb"), ("ccc", "d")]) == ["a    bb", "ccc  d"]
    assert table([]) == []
