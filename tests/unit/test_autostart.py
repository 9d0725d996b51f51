"""What starts the daemon on Windows: the task's XML, the log that is kept, processes by name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fixtures.waiting import eventually

from sensorium.cli.autostart import keeper, log_file, processes, task
from sensorium.cli.autostart.wish import Wish, take
from sensorium.errors import ControlError

SID = "S-1-5-21-1004336348-1177238915-682003330-512"
TRUTH, DURATION = r"true|false", r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?"
CHOICES = {
    # Task Scheduler Schema, learn.microsoft.com: the types that a task like ours uses.
    # Each may come once, in any order (xs:all).
    "Task": {"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"},
    "RegistrationInfo": {"URI", "SecurityDescriptor", "Source", "Date", "Author", "Version",
                         "Description", "Documentation"},
    "Principal": {"UserId", "LogonType", "GroupId", "DisplayName", "RunLevel",
                  "ProcessTokenSidType", "RequiredPrivileges"},
    "Settings": {"AllowStartOnDemand", "RestartOnFailure", "MultipleInstancesPolicy",
                 "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "AllowHardTerminate",
                 "StartWhenAvailable", "NetworkProfileName", "RunOnlyIfNetworkAvailable",
                 "WakeToRun", "Enabled", "Hidden", "DeleteExpiredTaskAfter", "IdleSettings",
                 "NetworkSettings", "ExecutionTimeLimit", "Priority", "RunOnlyIfIdle"},
    "RestartOnFailure": {"Interval", "Count"},
    "Exec": {"Command", "Arguments", "WorkingDirectory"},
}
SEQUENCES = {
    # These in their order (xs:sequence).
    "LogonTrigger": ["Enabled", "StartBoundary", "EndBoundary", "Repetition",
                     "ExecutionTimeLimit", "UserId", "Delay"],
    "Triggers": ["LogonTrigger"],
    "Principals": ["Principal"],
    "Actions": ["Exec"],
}
VALUES = {
    "Enabled": TRUTH, "Hidden": TRUTH, "AllowHardTerminate": TRUTH, "AllowStartOnDemand": TRUTH,
    "DisallowStartIfOnBatteries": TRUTH, "StopIfGoingOnBatteries": TRUTH, "RunOnlyIfIdle": TRUTH,
    "MultipleInstancesPolicy": r"Parallel|Queue|IgnoreNew|StopExisting",
    "ExecutionTimeLimit": DURATION, "Interval": DURATION, "Count": r"[1-9]\d{0,2}",
    "Priority": r"\d|10", "UserId": r"\S.*", "RunLevel": r"LeastPrivilege|HighestAvailable",
    "LogonType": r"S4U|Password|InteractiveToken|InteractiveTokenOrPassword",
    "Command": r".{1,260}", "Arguments": r".*", "Description": r".*",
}


def keeps_the_schema(element: ElementTree.Element) -> None:
    name, names = element.tag, [child.tag for child in element]
    if name in SEQUENCES:
        places = [SEQUENCES[name].index(child) for child in names]
        assert places == sorted(set(places)), name
    elif name in CHOICES:
        assert set(names) <= CHOICES[name], name
        assert len(set(names)) == len(names), name
    else:
        assert names == []
        assert re.fullmatch(VALUES[name], element.text or ""), (name, element.text)
    for child in element:
        keeps_the_schema(child)


def read(wish: Wish) -> ElementTree.Element:
    """The task, without its name space, which each element has."""
    data = task.document(wish, SID)
    assert data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16")
    assert 'encoding="UTF-16"' in text.splitlines()[0]
    root = ElementTree.fromstring(text)
    for element in root.iter():
        space, _, element.tag = element.tag.rpartition("}")
        assert space == "{" + task.SPACE
    return root


@pytest.mark.parametrize(
    "wish", [Wish(), Wish(config=r"C:\a b & <c>\own.toml"), Wish(with_steamvr=True)]
)
def test_the_task_keeps_the_published_schema(wish: Wish) -> None:
    root = read(wish)

    assert root.tag == "Task"
    assert root.attrib == {"version": "1.2"}
    keeps_the_schema(root)
    principal = root.find("Principals/Principal")
    assert principal is not None
    assert root.find("Actions").attrib["Context"] == principal.attrib["id"]


def test_the_task_starts_at_this_users_logon_and_stays(monkeypatch) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", r"D:\data of mine")
    root = read(Wish(config=r"C:\a b & <c>\own.toml"))

    assert root.findtext("Triggers/LogonTrigger/UserId") == SID
    assert root.findtext("Principals/Principal/UserId") == SID
    assert root.findtext("Principals/Principal/RunLevel") == "LeastPrivilege"
    assert root.findtext("Settings/ExecutionTimeLimit") == "PT0S"
    assert root.findtext("Settings/StopIfGoingOnBatteries") == "false"
    assert root.findtext("Settings/DisallowStartIfOnBatteries") == "false"
    said = root.findtext("Actions/Exec/Arguments")
    assert said is not None
    assert said.startswith("-P -m sensorium.cli.autostart.keeper ")
    assert r'"--environment=SENSORIUM_DATA_DIR=D:\data of mine"' in said
    assert said.endswith(r'-- run --config "C:\a b & <c>\own.toml"')
    assert read(Wish(with_steamvr=True)).find("Triggers/LogonTrigger") is None


def test_the_scheduler_finds_no_variable_in_a_path(monkeypatch) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", r"D:\%TEMP%\data")
    wish = Wish(config=r"C:\100%\%USERNAME%.toml")

    assert "%" not in (read(wish).findtext("Actions/Exec/Arguments") or "")
    given = task.plain(task.command(wish))
    assert given[given.index("--") + 1:] == wish.arguments
    monkeypatch.delenv("SENSORIUM_DATA_DIR")
    take([word.removeprefix("--environment=") for word in given if "_DATA_DIR=" in word])
    assert os.environ["SENSORIUM_DATA_DIR"] == r"D:\%TEMP%\data"
    monkeypatch.setattr(sys, "executable", "/of/%USERNAME%/python")
    with pytest.raises(ControlError, match="without `%`"):
        read(Wish())


def test_a_log_that_cannot_be_put_aside_is_bounded_too(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(log_file, "MAX_BYTES", 1000)
    log = tmp_path / "service.log"
    (tmp_path / "service.log.1").mkdir()
    for number in range(300):
        log_file.append(log, f"line {number:04}".encode())

    assert 1000 < log.stat().st_size < 2100
    (tmp_path / "service.log.1").rmdir()
    log_file.append(log, b"dropped")
    log_file.append(log, b"newest")
    assert log_file.newest(log, 1) == [b"newest"]


def test_who_follows_the_log_misses_nothing_when_it_is_put_aside(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(log_file, "MAX_BYTES", 100)
    monkeypatch.setattr(log_file, "_LOOK_S", 0.0)
    log = tmp_path / "service.log"
    log_file.append(log, b"before")
    coming = log_file.coming(log)
    found = []
    for number in range(0, 20, 2):
        log_file.append(log, b"line %020d" % number)
        log_file.append(log, b"line %020d" % (number + 1))
        found += [next(coming), next(coming)]

    assert found == [b"line %020d" % number for number in range(20)]
    assert (tmp_path / "service.log.1").exists()


def test_the_log_is_bounded_and_read_by_its_end(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(log_file, "MAX_BYTES", 1000)
    log = tmp_path / "made" / "service.log"
    for number in range(300):
        log_file.append(log, f"line {number:04}\r\n".encode())

    assert log_file.newest(log, 2) == [b"line 0298", b"line 0299"]
    kept = log_file.newest(log, 1000)
    assert kept == [b"line %04d" % number for number in range(300 - len(kept), 300)]
    assert sum(path.stat().st_size for path in log.parent.iterdir()) < 2100
    assert log_file.newest(tmp_path / "none.log", 5) == []


@pytest.mark.skipif(sys.platform == "win32", reason="wine takes seconds for each start")
def test_what_does_not_stay_is_given_up_and_the_log_says_why(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(keeper, "_RESTART_S", 0.0)
    log, state = tmp_path / "service.log", tmp_path / "service.json"

    assert keeper.Keeper(["--no-such-option"], log, state).run() == 2

    assert json.loads(state.read_bytes()) == {"pid": 0, "restarts": 4, "failed": True}
    said = [line.decode() for line in log_file.newest(log, 100)]
    assert sum(line.startswith("usage: sensorium") for line in said) == 5
    assert said[-1].endswith("keeper: the daemon ended with 2, 5 times: it is given up")


@pytest.mark.skipif(sys.platform == "win32", reason="wine takes seconds for each start")
def test_a_log_that_cannot_be_written_ends_nothing(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(keeper, "_STARTS", 1)
    (tmp_path / "file").touch()

    kept = keeper.Keeper(["--no-such-option"], tmp_path / "file" / "log", tmp_path / "service.json")

    assert kept.run() == 2
    assert json.loads((tmp_path / "service.json").read_bytes())["failed"]


def test_a_process_is_found_by_name_and_its_end_waited_for(tmp_path: Path) -> None:
    program, name = Path(sys.executable), Path(sys.executable).stem
    if sys.platform == "linux":
        name = f"sns-{os.getpid()}"
        program = tmp_path / name
        program.symlink_to(sys.executable)
    assert processes.find("no-such-program") is None
    with subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE) as process:
        # Popen comes back before the kernel has given the process its program's name.
        found = eventually(lambda: processes.find(name), "a process of that name", 30)
        assert found == process.pid or sys.platform == "win32"
        waiting = threading.Thread(target=processes.wait, args=(process.pid,))
        waiting.start()
        assert waiting.is_alive()
        process.communicate(b"\n")
        waiting.join(30)
        assert not waiting.is_alive()
    processes.wait(process.pid)
