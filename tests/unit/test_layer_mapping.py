"""What a game's layer writes, read as hostile: a read ends, and gives checked values."""

import contextlib
import os
import threading

import numpy as np
import pytest
from fixtures.layer_file import NOW_NS, Game, good_frame

from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import folder, layout
from sensorium.sensors.openxr_layer.checking import mend_input
from sensorium.sensors.openxr_layer.frames import JUMP_NS, NEW_RATE_NS, FrameCounts
from sensorium.sensors.openxr_layer.mapping import LayerMapping

MS = 1_000_000


@pytest.fixture
def game(tmp_path):
    return Game(tmp_path / "1-1")


def test_what_a_game_wrote_is_read(game):
    for number in range(1, 301):
        game.add_frame(number * 10)
    game.add_input(frames=300)
    mapping = game.open()
    frames, last = mapping.frames_after(0, NOW_NS)
    assert last == 300
    assert frames["number"].tolist() == list(range(300 - layout.FRAME_SLOTS + 2, 301))
    assert mapping.frames_after(last, NOW_NS)[0].size == 0
    assert mapping.newest_input(NOW_NS)["frames"].tolist() == [300]
    assert mapping.newest_input(NOW_NS, after=1) is None
    assert (mapping.refused, mapping.torn) == (0, 0)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("magic", 5, "not (yet) a layer's file"), ("version", 2, "version 2, the daemon knows 1"),
        ("frame_slots", 1 << 31, "frame_slots"), ("input_size", 0, "input_size"),
        ("total_size", 1 << 40, "total_size"), ("mode", 3, "mode is 3"),
    ],
)  # fmt: skip
def test_a_header_that_is_not_of_this_version_is_refused(game, key, value, says):
    game.header[key] = value
    with pytest.raises(SensorError) as refused:
        game.open()
    assert says in str(refused.value)


@pytest.mark.skipif(os.name != "posix", reason="links, pipes and modes of Linux")
@pytest.mark.parametrize("harm", ["short", "long", "link", "pipe", "folder", "readable", "gone"])
def test_a_file_that_is_not_the_games_own_is_refused(game, tmp_path, harm):
    game.save()
    if harm in ("short", "long"):
        os.truncate(game.path, layout.TOTAL_SIZE + (1 if harm == "long" else -1))
    elif harm == "readable":
        game.path.chmod(0o644)
    else:
        game.path.rename(tmp_path / "other")
        if harm == "link":
            game.path.symlink_to(tmp_path / "other")
        elif harm == "pipe":
            os.mkfifo(game.path)
        elif harm == "folder":
            game.path.mkdir()
    with pytest.raises(SensorError):
        LayerMapping(game.path)


@pytest.mark.skipif(os.name != "posix", reason="what is mapped cannot be cut short on Windows")
def test_a_file_that_is_cut_short_reads_as_nothing(game):
    game.add_frame(10)
    game.add_input()
    mapping = game.open()
    os.truncate(game.path, 100)
    assert mapping.newest_input(NOW_NS) is None
    assert mapping.frames_after(0, NOW_NS)[0].size == 0
    assert mapping.clock_offset_ns() is None


def test_noise_is_refused_or_mended(game):
    random = np.random.default_rng(3)
    for _ in range(60):
        noise = random.integers(0, 256, layout.TOTAL_SIZE - layout.FRAMES_AT, np.uint8)
        game.bytes[layout.FRAMES_AT :] = noise
        game.header["frames"], game.header["inputs"] = random.integers(1, 1 << 63, 2)
        # Whole and about now, or nothing more would be looked at.
        for ring, slots, name in ((game.frames, layout.FRAME_SLOTS, "frames"),
                                  (game.inputs, layout.INPUT_SLOTS, "inputs")):
            for back in range(slots):
                number = int(game.header[name][0]) - back
                if number > 0:
                    ring["seq"][(number - 1) % slots] = np.uint64(2 * number % (1 << 64))
                    ring["number"][(number - 1) % slots] = number
        game.inputs["capture_ns"], game.inputs["space"] = NOW_NS, 1
        game.inputs["session_state"] = 5
        mapping = game.open()
        assert mapping.frames_after(0, NOW_NS)[0].size == 0
        assert_sound(mapping.newest_input(NOW_NS))
        mapping.close()


def assert_sound(found):
    """Every number is one that a headset gives."""
    assert found is not None
    hands = found["hands"]
    for poses in (found["head"], found["gaze"], hands["grip"], hands["aim"], hands["joints"]):
        for name in ("position", "orientation", "linear_velocity", "angular_velocity"):
            assert np.isfinite(poses[name]).all()
        assert (np.abs(poses["position"])[poses["flags"] & 2 > 0] <= 1000).all()
        assert (poses["flags"] <= 63).all()
    for name in ("trigger", "squeeze"):
        assert ((hands[name] >= 0) & (hands[name] <= 1)).all()
    for name in ("stick", "trackpad"):
        assert (np.abs(hands[name]) <= 1).all()
    assert (hands["pressed"] <= 255).all()
    assert set(np.unique(hands["hand_active"])) <= {0, 1}
    assert all(bytes(text).decode().isprintable() for text in hands["profile"].ravel())


@pytest.mark.parametrize(
    ("name", "value"), [("capture_ns", 0), ("space", 2), ("session_state", 9)]
)
def test_an_input_of_no_time_or_space_is_refused(game, name, value):
    game.add_input(**{name: value})
    mapping = game.open()
    assert mapping.newest_input(NOW_NS) is None
    assert mapping.refused == 1


def test_one_bad_pose_costs_only_itself():
    record = np.zeros(1, layout.INPUT)
    record["capture_ns"], record["space"] = NOW_NS, 1
    for pose in (record["head"], record["hands"]["grip"], record["hands"]["joints"]):
        pose["orientation"][..., 3] = 1
        pose["flags"] = 15
    record["hands"]["hand_active"] = 1
    record["hands"]["grip"]["position"][0, 0, 1] = np.nan
    record["hands"]["joints"]["radius"][0, 1, 7] = -1
    assert mend_input(record, NOW_NS)
    assert record["head"]["flags"].tolist() == [15]
    assert record["hands"]["grip"]["flags"].tolist() == [[0, 15]]
    assert record["hands"]["hand_active"].tolist() == [[1, 0]]
    assert not record["hands"]["joints"]["flags"][0, 1].any()


def test_one_bad_number_anywhere_is_found():
    good = Game.an_input()
    good["session_state"] = 5
    hands = good["hands"]
    for poses in (good["head"], good["gaze"], hands["grip"], hands["aim"], hands["joints"]):
        poses["orientation"][..., 3] = 1
        poses["position"] = 1.5
        poses["flags"] = 63
    hands["hand_active"] = hands["controller_active"] = 1
    same = good.copy()
    assert mend_input(same, NOW_NS)
    assert same.tobytes() == good.tobytes()
    random = np.random.default_rng(4)
    values = np.array([np.nan, np.inf, -np.inf, 1e30, -5000, 1.5, -1, 3], np.float32)
    first = layout.INPUT.fields["head"][1] // 4
    changed = 0
    for place in range(first, layout.INPUT.itemsize // 4):
        spoilt = good.copy()
        spoilt.view("<f4")[place] = random.choice(values)
        assert mend_input(spoilt, NOW_NS)
        assert_sound(spoilt)
        changed += spoilt.tobytes() != good.tobytes()
    assert changed > 700


@pytest.mark.parametrize(
    "bad",
    [
        {"end_ns": NOW_NS - 4}, {"wait_ns": 0}, {"end_ns": NOW_NS + 11_000_000_000},
        {"period": -1}, {"period": 1}, {"period": 2_000_000_000}, {"display_time": 0},
        {"layer_ns": -1}, {"in_flight": 4}, {"flags": 4}, {"wait_ns": 1},
    ],
)  # fmt: skip
def test_a_frame_that_breaks_a_rule_is_refused(game, bad):
    game.add_frame(**{"display_time": 10, **bad})
    game.add_frame(20)
    mapping = game.open()
    frames, last = mapping.frames_after(0, NOW_NS)
    assert (frames["display_time"].tolist(), last, mapping.refused) == ([20], 2, 1)


def test_a_frame_in_plain_numbers_is_the_same_frame():
    sizes = [kind.itemsize for kind, _ in layout.FRAME.fields.values()]
    assert layout.FRAME_ROW.size == layout.FRAME.itemsize == sum(sizes)
    frame = good_frame(7, 5, number=3, in_flight=2, end_result=-4)
    row = layout.LayerFrame._make(layout.FRAME_ROW.unpack(frame.tobytes()))
    for name in layout.FRAME.names:
        value = frame[name][0]
        told = [row[row._fields.index(name)]]
        if value.shape:
            told.append(row[row._fields.index(name.replace("_ns", "_done_ns"))])
        assert told == value.reshape(-1).tolist(), name


def test_texts_of_a_game_cannot_steer_a_terminal(game):
    game.header["app"] = b"\x1b[2Jgame\n\xff"
    assert game.open().about.app == "\ufffd[2Jgame\ufffd\ufffd"


def test_a_slot_that_is_being_written_is_left_out(game):
    game.add_frame(10)
    game.add_frame(20)
    game.frames["seq"][1] -= 1
    mapping = game.open()
    frames, last = mapping.frames_after(0, NOW_NS)
    assert (frames["display_time"].tolist(), last, mapping.torn) == ([10], 2, 1)


def test_a_slot_with_another_number_is_refused(game):
    game.add_frame(10)
    game.add_frame(20)
    game.frames["number"][1] = 1 << 60
    mapping = game.open()
    frames, last = mapping.frames_after(0, NOW_NS)
    assert (frames["number"].tolist(), last, mapping.refused) == ([1], 2, 1)


def test_numbers_that_go_back_begin_anew(game):
    game.add_frame(10)
    mapping = game.open()
    assert mapping.frames_after(5, NOW_NS) == (pytest.approx(np.zeros(0, layout.FRAME)), 0)


@contextlib.contextmanager
def coming_and_going(path):
    """A game that begins and ends all the time."""
    over = threading.Event()

    def begin_and_end():
        while not over.is_set():
            path.touch()
            path.unlink()

    worker = threading.Thread(target=begin_and_end)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def test_the_folder_is_this_users_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("SENSORIUM_RUNTIME_DIR", str(tmp_path / "run"))
    made = folder.prepare()
    game = Game(made / "12-1")
    game.save()
    (made / "not-a-session").touch()
    assert [path.name for path in folder.sessions()] == ["12-1"]
    folder.prepare()
    # Nobody holds it, as its lock says.
    assert folder.sessions() == []
    assert (made / "not-a-session").exists()
    if os.name == "posix":
        game.save()
        with coming_and_going(made / "13-1"):
            assert all(game.path in folder.sessions() for _ in range(3000))
        made.chmod(0o750)
        with pytest.raises(SensorError):
            folder.prepare()


def counted(times, periods=None):
    counts = FrameCounts()
    for number, time in enumerate(times):
        period = 10 * MS if periods is None else periods[number]
        counts.add(good_frame(time, period, number=number + 1))
    return counts


def test_missed_frames_are_counted_by_display_times():
    counts = counted([10 * MS * each for each in (1, 2, 3, 4, 5, 8, 9, 11)])
    assert (counts.frames, counts.missed, counts.jumps) == (8, 3, 0)
    assert counts.period_ns == 10 * MS


def test_a_runtime_that_tells_longer_periods_hides_no_frame():
    shown = [10 * MS * each for each in (1, 2, 3, 4, 6, 8, 10, 13)]
    counts = counted(shown, [10 * MS] * 4 + [20 * MS] * 3 + [30 * MS])
    assert (counts.missed, counts.period_ns) == (1 + 1 + 1 + 2, 10 * MS)


def test_one_short_period_is_not_the_displays():
    periods = [10 * MS] * 4 + [2 * MS] + [10 * MS] * 3
    counts = counted([10 * MS * each for each in range(1, 9)], periods)
    assert (counts.missed, counts.period_ns) == (0, 10 * MS)


def test_a_period_that_drifts_is_followed():
    periods = [10 * MS - each * 1000 for each in range(100)]
    counts = counted(np.cumsum(periods), periods)
    assert counts.missed == 0
    assert counts.period_ns == periods[-1]


def test_a_rate_that_holds_for_a_minute_is_the_displays_own():
    slow = int(NEW_RATE_NS / (20 * MS)) + 10
    shown = np.cumsum([10 * MS] * 5 + [20 * MS] * (slow + 50))
    counts = counted(shown, [10 * MS] * 5 + [20 * MS] * (slow + 50))
    assert counts.period_ns == 20 * MS
    assert slow - 15 <= counts.missed <= slow


def test_times_that_go_back_or_jump_are_no_missed_frames():
    shown = [10 * MS * each for each in (1, 2, 3, 4)]
    counts = counted([*shown, 5 * MS, 15 * MS, JUMP_NS + 20 * MS, JUMP_NS + 30 * MS])
    assert (counts.jumps, counts.missed) == (2, 0)


def test_frames_that_were_not_read_are_not_missed_by_the_app(game):
    for number in range(1, 5):
        game.add_frame(number * 10 * MS)
    mapping, counts = game.open(), FrameCounts()
    frames, last = mapping.frames_after(0, NOW_NS)
    counts.add(frames)
    for number in range(5, 301):
        game.add_frame(number * 10 * MS, 0 if number != 200 else -1)
    # One that the app did miss.
    game.add_frame(302 * 10 * MS)
    with game.path.open("r+b") as file:
        file.write(game.bytes.tobytes())
    counts.add(mapping.frames_after(last, NOW_NS)[0])
    assert (mapping.refused, mapping.torn) == (1, 0)
    assert (counts.missed, counts.jumps) == (1, 0)
    assert counts.frames + counts.unseen == 301
    assert counts.unseen == 301 - 4 - layout.FRAME_SLOTS + 1 + 1


def test_late_frames_need_the_clock():
    counts = FrameCounts()
    frame = good_frame(NOW_NS - 5)
    counts.add(frame)
    counts.add(good_frame(NOW_NS - 4), clock_offset_ns=0)
    counts.add(good_frame(NOW_NS - 3), clock_offset_ns=1000)
    # Its display time is of another frame.
    counts.add(good_frame(NOW_NS - 2, flags=layout.UNMATCHED), clock_offset_ns=0)
    assert counts.late == 1
