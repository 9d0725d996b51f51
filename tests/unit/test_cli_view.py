"""What the live view computes: canvas, bars, words, rates, the story. No daemon."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from rich.console import Console

from sensorium import records
from sensorium.cli.drawing import Canvas, bar, strip
from sensorium.cli.duration import duration
from sensorium.cli.output import Output
from sensorium.cli.picture import View, picture
from sensorium.cli.sight import Look, Sight, quantiles_ms
from sensorium.cli.story import Story
from sensorium.cli.summary import verdicts
from sensorium.cli.table import age_text, channel_table
from sensorium.cli.words import direction_words, words
from sensorium.health import Reason, reason_words
from sensorium.records.plain import finite

SECOND = 1_000_000_000


def plain(record: records.Record, **values: object) -> dict[str, object]:
    """A record as the client's reader gives it: nested dicts and lists."""
    row = record.zeros()
    for name, value in values.items():
        row[name] = value
    return {name: _plain(row[0][name]) for name in row.dtype.names or ()}


def _plain(value: Any) -> Any:
    names = getattr(getattr(value, "dtype", None), "names", None)
    if names and getattr(value, "shape", ()) == ():
        return {name: _plain(value[name]) for name in names}
    if names:
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode()
    return value.tolist() if hasattr(value, "tolist") else value


def look(n: int, record: dict[str, object] | None = None, status: str = "new") -> Look:
    return Look(
        status, age_ns=5_000_000, n=n, capture_ns=n * 1000, publish_ns=n * 1000 + 400,
        decode=lambda: record or {},
    )


def test_a_line_sets_the_dots_between_its_ends() -> None:
    canvas = Canvas(2, 1)
    canvas.line(0, 0, 3, 3)
    assert canvas.lines() == ["⠑⢄"]


def test_what_lies_outside_a_canvas_is_left_out() -> None:
    canvas = Canvas(1, 1)
    canvas.line(-1e9, -5, 1e9, -5)
    canvas.dot(5, 5)
    assert canvas.lines() == ["⠀"]


@pytest.mark.parametrize(("value", "filled"), [(0, 0), (0.5, 5), (1, 10), (7, 10), (-1, 0)])
def test_a_bar_is_always_as_wide_as_asked(value: float, filled: int) -> None:
    full, empty = bar(value, 10)
    assert (len(full), len(full + empty)) == (filled, 10)


def test_a_bar_of_nan_is_empty() -> None:
    assert bar(math.nan, 4) == ("", "────")


def test_a_strip_has_one_character_a_value() -> None:
    assert strip([0, 0.5, 1, 2]) == "▁▅██"


def test_a_document_never_holds_nan() -> None:
    document = finite({"a": math.nan, "b": [math.inf, 1.5, (2, "x")]})
    assert json.dumps(document, allow_nan=False) == '{"a": null, "b": [null, 1.5, [2, "x"]]}'


def test_one_document_is_printed_and_no_second(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True)
    output.document({"first": 1})
    output.document({"second": 2})
    assert json.loads(capsys.readouterr().out) == {"first": 1}


def test_direction_follows_openxr_axes() -> None:
    half = math.sin(math.radians(15))
    whole = math.cos(math.radians(15))
    assert direction_words((0, half, 0, whole)) == "left 30°, down 0°"
    assert direction_words((half, 0, 0, whole)) == "left 0°, up 30°"


def test_words_of_every_record_are_given_for_zeros_too() -> None:
    for record in records.RECORDS:
        assert isinstance(words(record.name, plain(record)).plain, str)


def test_words_say_what_counts() -> None:
    speaking = plain(records.VOICE_ACTIVITY, speaking=1, probability=0.97, loudness=-20)
    assert "SPEAKING" in words("voice_activity", speaking).plain
    victory = plain(records.GESTURE, name=b"Victory", score=0.875, pinch=0.25)
    assert words("gesture", victory).plain.split()[0] == "Victory"
    muted = plain(records.MICROPHONE, state=3, users=5)
    assert words("microphone", muted).plain == "muted, for a sense and a recording"


def test_reasons_are_words_also_of_a_newer_daemon() -> None:
    assert reason_words(Reason.ENGINE_MISSING) == "engine missing"
    assert reason_words(999) == "reason 999"


def test_a_rate_is_made_from_record_numbers_and_not_from_reads() -> None:
    sight = Sight("head", "head", "motion")
    for step in range(21):
        sight.take(look(100 + step * 9), step * SECOND // 10)
    assert sight.rate_hz == pytest.approx(90)
    assert sight.valid == 21


def test_a_rate_forgets_what_was_before_a_restart() -> None:
    sight = Sight("head", "head", "motion")
    sight.take(look(5000), SECOND)
    sight.restart()
    sight.take(look(1), 2 * SECOND)
    sight.take(look(91), 3 * SECOND)
    assert sight.rate_hz == pytest.approx(90)


def test_only_new_records_count_for_latencies() -> None:
    sight = Sight("head", "head", "motion")
    sight.take(look(1), SECOND)
    sight.take(look(1, status="same"), 2 * SECOND)
    assert sight.summary()["capture_to_publish_ms"] == {"p50": 0.0004, "p99": 0.0004}
    assert sight.summary()["publish_to_seen_ms"] == {"p50": 5.0, "p99": 5.0}
    assert quantiles_ms([]) is None


def test_a_story_counts_begins_only() -> None:
    story = Story()
    begin = plain(records.GESTURE, side=2, event=1, name=b"Victory", score=0.9, begin_ns=SECOND)
    end = {**begin, "event": 2, "end_ns": 3 * SECOND}
    for record in (begin, end, begin):
        story.add("gesture", 0, record)
    story.add("voice_activity", 0, plain(records.VOICE_ACTIVITY, event=1))
    story.add("wake_word", 0, {})
    assert story.document() == {"utterances": 1, "gestures": {"right": {"Victory": 2}}}
    assert "after 2.0 s" in story.lines[1][1].plain


def test_what_was_never_live_is_named_with_its_parts_remedy() -> None:
    sights = {
        "gesture_left": Sight("gesture_left", "gesture", "public"),
        "head": Sight("head", "head", "motion"),
    }
    sights["head"].take(look(1), 1)
    parts = {"gesture": {"state": "missing", "detail": "not built", "remedy": "build it"}}
    assert verdicts(sights, tuple(sights), parts) == {
        "gesture_left": {"detail": "not built", "remedy": "build it"}
    }


def test_a_view_turns_with_the_head() -> None:
    half = math.sqrt(0.5)
    head = plain(records.HEAD)
    head["pose"] = {"position": [0, 1.6, 0], "orientation": [0, half, 0, half]}
    seen = View(head).see((-1, 1.6, 0))
    assert seen == pytest.approx((0, 0, -1), abs=1e-6)


def test_a_picture_fits_its_columns_and_rows() -> None:
    hand = plain(records.HAND)
    sights = {}
    for name, record in (("head", plain(records.HEAD)), ("hand_left", hand), ("hand_right", hand)):
        sights[name] = Sight(name, name, "motion")
        sights[name].take(look(1, record), 1)
    console = Console(width=80, height=24, force_terminal=True)
    lines = console.render_lines(picture(sights, 76, 9), pad=False)
    assert len(lines) == 9
    assert all(sum(segment.cell_length for segment in line) <= 80 for line in lines)


def test_the_table_says_why_a_channel_has_nothing() -> None:
    sight = Sight("gaze", "gaze", "gaze")
    sight.take(Look("invalid", reason=Reason.NOT_OFFERED), 1)
    console = Console(width=80)
    with console.capture() as captured:
        console.print(channel_table([sight], regions=True))
    assert "not offered" in captured.get()
    assert age_text(sight.look).plain == "-"


@pytest.mark.parametrize(
    ("seconds", "said"), [(3.2, "3 s"), (240, "4 min"), (12_000, "3 h 20 min")]
)
def test_durations_are_said_shortly(seconds: float, said: str) -> None:
    assert duration(seconds) == said
