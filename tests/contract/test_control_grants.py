"""The grants' file: what is in force, what is written, what a bad file does."""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sensorium.channels.catalogue import REGIONS
from sensorium.control.audit import MAX_BYTES, Audit
from sensorium.control.grants import MAX_WISHES, Grants, Verdict
from sensorium.control.grants_file import CLASSES
from sensorium.control.limits import MAX_GRANTS, MAX_GRANTS_OF_APP
from sensorium.errors import ConfigError, ControlError

if TYPE_CHECKING:
    from pathlib import Path

GAME, OTHER = "/usr/games/beat", "/usr/bin/other"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "grants.toml"


def rewrite(path: Path, text: str) -> None:
    """Replaces the file as an editor does."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, path)


def test_public_and_an_apps_own_region_need_no_grant(path: Path) -> None:
    grants = Grants(path)
    assert grants.check("beat", GAME, "public") is Verdict.ALLOWED
    assert grants.check("beat", GAME, "app") is Verdict.ALLOWED
    assert {grants.check("beat", GAME, name) for name in CLASSES} == {Verdict.UNKNOWN}
    assert set(CLASSES) == set(REGIONS) - {"public"}
    assert not path.exists()


def test_a_grant_is_in_force_at_once_and_after_a_restart(path: Path) -> None:
    grants = Grants(path)
    grants.allow("beat", ["motion", "gaze"])
    for one in (grants, Grants(path)):
        assert one.check("beat", GAME, "motion") is Verdict.ALLOWED
        assert one.check("beat", GAME, "audio") is Verdict.UNKNOWN
        assert one.check("beat 2", GAME, "motion") is Verdict.UNKNOWN
    grants.deny("beat", ["gaze"])
    for one in (grants, Grants(path)):
        assert one.check("beat", GAME, "motion") is Verdict.ALLOWED
        assert one.check("beat", GAME, "gaze") is Verdict.DENIED
    assert grants.revoke("beat", CLASSES)
    assert not grants.revoke("beat", CLASSES)
    assert Grants(path).check("beat", GAME, "motion") is Verdict.UNKNOWN


def test_the_file_is_this_users_alone_and_says_when(path: Path) -> None:
    Grants(path).allow("beat", ["motion"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    (table,) = tomllib.loads(path.read_text())["grant"]
    assert table["classes"] == ["motion"]
    assert abs(table["since"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(path.parent.iterdir()) == [path]


def test_a_grant_may_be_bound_to_a_program(path: Path) -> None:
    grants = Grants(path)
    grants.allow("beat", ["motion"], GAME)
    assert grants.check("beat", GAME, "motion") is Verdict.ALLOWED
    assert grants.check("beat", OTHER, "motion") is Verdict.UNKNOWN
    grants.deny("beat", ["motion"])
    assert grants.check("beat", GAME, "motion") is Verdict.DENIED
    grants.allow("beat", ["motion"], GAME)
    assert grants.check("beat", GAME, "motion") is Verdict.ALLOWED
    assert grants.check("beat", OTHER, "motion") is Verdict.UNKNOWN
    grants.allow("beat", ["motion"], "")
    grants.deny("beat", ["motion"], OTHER)
    assert grants.check("beat", GAME, "motion") is Verdict.ALLOWED
    assert grants.check("beat", OTHER, "motion") is Verdict.DENIED


def test_what_asked_is_what_is_allowed(path: Path) -> None:
    grants = Grants(path)
    assert grants.wish("beat", GAME, "motion")
    assert not grants.wish("beat", GAME, "motion")
    assert grants.allow("beat", ["motion"]).executable == GAME
    assert not grants.wishes
    grants.wish("beat", GAME, "gaze")
    grants.wish("beat", OTHER, "gaze")
    assert grants.allow("beat", ["gaze"]).executable == ""


def test_wishes_are_bounded(path: Path) -> None:
    grants = Grants(path)
    for number in range(MAX_WISHES + 10):
        grants.wish(f"app-{number}", GAME, "motion")
    assert len(grants.wishes) == MAX_WISHES
    assert grants.wishes[0].app == "app-10"


def test_decisions_are_bounded_for_an_app_and_in_all(path: Path) -> None:
    grants = Grants(path)
    for number in range(MAX_GRANTS_OF_APP):
        grants.deny("beat", ["motion"], f"/{number}")
    with pytest.raises(ControlError, match="which is the most") as caught:
        grants.deny("beat", ["motion"], "/one/more")
    assert caught.value.remedy == "sensorium grants revoke beat"
    grants.deny("beat", ["motion"], "/1")
    grants.deny("beat", ["motion"])
    assert len(grants.listed) == 1
    one = _HEAD.replace('"a"', '"app-{}"') + "since = 2026-01-01T00:00:00Z\n"
    text = "".join(one.format(number) for number in range(MAX_GRANTS))
    rewrite(path, text)
    with pytest.raises(ControlError, match="which is the most"):
        grants.allow("beat", ["motion"], "")
    grants.revoke("app-1", ["motion"])
    grants.allow("beat", ["motion"], "")


def test_a_program_of_endless_name_is_refused(path: Path) -> None:
    with pytest.raises(ControlError, match="at most 4096 bytes"):
        Grants(path).allow("beat", ["motion"], "/" + "é" * 2048)
    path.parent.mkdir()
    path.write_text(
        _HEAD + "since = 2026-01-01T00:00:00Z\nexecutable = '/" + "x" * 4096 + "'\n"
    )
    with pytest.raises(ConfigError, match="line 6: grant.*at most 4096 bytes"):
        Grants(path)


def test_a_grant_ends(path: Path) -> None:
    grants = Grants(path)
    now = datetime.now(UTC)
    grants.allow("beat", ["motion"], "", now + timedelta(hours=1))
    assert Grants(path).check("beat", GAME, "motion") is Verdict.ALLOWED
    grants.allow("beat", ["motion"], "", now - timedelta(seconds=1))
    assert Grants(path).check("beat", GAME, "motion") is Verdict.UNKNOWN


@pytest.mark.parametrize("executable", ['/odd "name"/\\n', "/tab\there", "/\x7f\x01", "/日本/é"])
def test_any_programs_path_survives_the_file(path: Path, executable: str) -> None:
    Grants(path).allow('the "best" \\ app', ["motion"], executable)
    grants = Grants(path)
    assert grants.check('the "best" \\ app', executable, "motion") is Verdict.ALLOWED


def test_a_change_by_another_hand_is_seen(path: Path) -> None:
    grants = Grants(path)
    grants.allow("beat", ["motion"])
    rewrite(path, path.read_text().replace("allowed = true", "allowed = false"))
    assert grants.check("beat", GAME, "motion") is Verdict.DENIED
    path.unlink()
    assert grants.check("beat", GAME, "motion") is Verdict.UNKNOWN


_HEAD = '[[grant]]\napp = "a"\nclasses = ["motion"]\nallowed = true\n'
BAD = [
    ("[[grant]]\napp = 1\n", 2, "text in quotes"),
    ('[[grant]]\napp = "a"\nclases = []\n', 3, "did you mean classes?"),
    ('[[grant]]\napp = "a"\nclasses = ["moton"]\n', 3, '"motion"'),
    ('[[grant]]\napp = "a"\nclasses = ["motion"]\n', 1, "true or false"),
    ('[[grant]]\napp = "a"\nclasses = ["motion"]\nallowed = "yes"\n', 4, "true or false"),
    (
        _HEAD + "since = 2026-01-01T00:00:00\n",
        5,
        "a time with its zone",
    ),
    (
        _HEAD.replace('"a"', '" a"') + "since = 2026-01-01T00:00:00Z\n",
        2,
        "printable",
    ),
    ("\n[grants]\n", 2, "[[grant]]"),
    ("grant = 3\n", 1, "[[grant]]"),
    ("[[grant]]\nапп = 1\n", 2, "not TOML"),
]


@pytest.mark.parametrize(("text", "line", "says"), BAD)
def test_a_bad_file_is_named_with_its_line(path: Path, text: str, line: int, says: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Grants(path)
    assert caught.value.message.startswith(f"{path}, line {line}")
    assert says in str(caught.value)


def test_a_file_that_others_may_write_is_refused(path: Path) -> None:
    Grants(path).allow("beat", ["motion"])
    path.chmod(0o660)
    with pytest.raises(ConfigError, match="other users"):
        Grants(path)


def test_a_file_made_bad_keeps_the_last_good_grants_and_is_not_overwritten(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    grants = Grants(path)
    grants.allow("beat", ["motion"])
    rewrite(path, "[[grant]]\napp = 1\n")
    assert grants.check("beat", GAME, "motion") is Verdict.ALLOWED
    assert grants.check("beat", GAME, "motion") is Verdict.ALLOWED
    assert grants.problem is not None
    assert caplog.text.count("the last good grants stay") == 1
    with pytest.raises(ConfigError):
        grants.allow("other", ["motion"])
    assert path.read_text() == "[[grant]]\napp = 1\n"
    rewrite(path, "")
    assert grants.check("beat", GAME, "motion") is Verdict.UNKNOWN
    assert grants.problem is None


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(path: Path) -> None:
    grants = Grants(path)
    path.parent.write_text("a file is in the way")
    with pytest.raises((ControlError, ConfigError)):
        grants.allow("beat", ["motion"])
    assert grants.check("beat", GAME, "motion") is Verdict.UNKNOWN


@pytest.mark.parametrize("classes", [[], ["public"], ["moton"]])
def test_only_private_classes_can_be_granted(path: Path, classes: list[str]) -> None:
    with pytest.raises(ControlError):
        Grants(path).allow("beat", classes)


def test_the_log_of_grants_is_bounded_and_each_event_is_one_line(tmp_path: Path) -> None:
    log = tmp_path / "data" / "grants.log"
    audit = Audit(log)
    audit.note("allow", "beat", "motion", "process 1 /odd\nname\tx")
    assert log.stat().st_mode & 0o777 == 0o600
    when, *fields = log.read_text().rstrip("\n").split("\t")
    assert datetime.fromisoformat(when).tzinfo is not None
    assert fields == ["allow", "beat", "motion", "process 1 /odd?name?x"]
    for number in range(4000):
        audit.note("opened", f"app-{number}", "motion", "process 1 " + "x" * 60)
    assert log.stat().st_size <= MAX_BYTES
    lines = log.read_text().splitlines()
    assert lines[-1].split("\t")[2] == "app-3999"
    assert all(line.count("\t") == 4 for line in lines)
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_foreign_log_without_lines_is_cut_and_the_event_kept(tmp_path: Path) -> None:
    log = tmp_path / "grants.log"
    log.write_bytes(b"x" * (MAX_BYTES + 1))
    Audit(log).note("allow", "beat", "motion", "process 1")
    assert log.read_bytes().endswith(b"\tallow\tbeat\tmotion\tprocess 1\n")
    assert log.stat().st_size < 200


def test_a_log_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").write_text("a file is in the way")
    audit = Audit(tmp_path / "data" / "grants.log")
    for _ in range(3):
        audit.note("allow", "beat", "motion", "process 1")
    assert caplog.text.count("cannot be written") == 1
