"""`tools/check`: every check of the project, on a machine that may lack what they need."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING

from bootstrap import monado, package_manager, terminal
from bootstrap.environment import ROOT, Environment, SetupError
from bootstrap.run import build_engines
from bootstrap.system_packages import DEBOOTSTRAP, SYSTEM_TESTS, WINE, missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

_STEPS = {
    "pyright": ("pyright",),
    "mypy": ("mypy",),
    "mypy for Windows": ("mypy", "--platform", "win32", "--cache-dir", ".mypy_cache/windows"),
    "ruff": ("ruff", "check", "--quiet"),
    "imports": ("lint-imports", "--no-logo"),
}
"""What is checked without running the project: title to program and arguments; long ones first."""
_STEPS_AT_ONCE = 2


_EXTRAS = ("bridges", "build", "camera", "echo", "text")
"""Of the project, what the tests need."""


def _system(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/system/test_{name}.py" for name in names)


def _contract(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/contract/test_{name}.py" for name in names)


_FAST = ("tests/contract", "tests/unit")
_PATIENT = _contract(
    "convert_whisper", "evaluate_senses", "sample_sets", "families", "tryout", "detectors",
    "hub_folders", "convert_marian", "bundle_plans", "convert_vision", "convert_faces",
    "convert_bert", "convert_speech", "convert_speaker", "convert_bilstm", "noise_suppression",
    "tasks_pictures", "tasks_sound", "tasks_texts", "tasks_hub", "demo_recording",
)
"""Those of tests/contract that compute, and have nobody wait for them."""
_COMPUTING = _system(
    "page", "page_governor", "page_session", "camera", "bridges", "cli_demo", "cli_recording",
    "cli_usage", "clients_daemon", "commands", "example", "open_inference", "service_apps",
    "service_events", "service_tasks",
)
"""System tests that compute most of the time."""
_BUSY = _system("windows", "wheel", "house_run", "cli_control", "replay")
"""Those that compute half of the time, and take long."""
_LISTENING = _system(
    "cli_doctor", "conflicts", "enrol", "intent", "microphone", "voice", "voice_faults",
    "voice_line", "wake_word",
)
"""Those that hear: sound comes in its own time, so one after the other. The rest mostly waits."""
_THEN = _system("windows_service", "windows_layer", "keeper")
"""Of the rest what follows them, so that the two take about as long."""
_ALONE = _system("echo", "pressure")
"""What hears two sounds, whose times must fit to a millisecond; what waits for the PC to rest."""
_MOST_WORKERS = 4
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Of numpy in each of several workers: more only wait for each other."""
_LIMIT_S = 26 * 60
"""The tests are ended after this long; on two cores with VNNI they take 21 minutes."""
_LEAVE_S = 30
"""Then they get so long to end what they started."""


def main(arguments: Sequence[str]) -> int:
    """Brings what is missing and runs the checks.

    Args:
        arguments: What follows the command's name; after `--` those of pytest.

    Returns:
        0 when all passed, 1 when one failed.
    """
    own, passed = _split(arguments)
    options = _parser().parse_args(own)
    # Of what is installed nothing is compiled before it is run: each of the hundreds of Pythons
    # that the tests start would compile all of it, which doubles what the tests take.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    yes = options.yes or os.environ.get("CI") == "true"
    environment = Environment()
    try:
        if options.bare:
            environment.ensure(_EXTRAS, ["dev"], yes=yes)
            package_manager.provide([DEBOOTSTRAP], yes=yes)
            alone = ["tests/system/test_bare_root.py", *passed]
            return 0 if _pytest(environment, alone, bare=True) else 1
        with _Pool(_STEPS_AT_ONCE) as pool, _Pool(1) as beside:
            system = None
            if yes and not options.fast:
                # Who is asked is asked one thing after the other.
                system = beside.submit(_bring_what_the_system_tests_need, yes=yes)
            environment.ensure(_EXTRAS, ["dev"], yes=yes)
            # Beside the rest, since what is brought is mostly waited for.
            passes = {
                title: pool.submit(_passes, environment, title, step)
                for title, step in _STEPS.items()
            }
            compiled = beside.submit(_compile_tests, environment, passed)
            if system is not None:
                system.result()
            elif not options.fast:
                _bring_what_the_system_tests_need(yes=yes)
            if not options.fast:
                _bring_python_for_windows(environment)
            build_engines(environment)
            compiled.result()
            # The steps go on behind the tests, many of which wait.
            tests_passed = _tests_pass(environment, passed, fast=options.fast)
    except SetupError as error:
        terminal.say(str(error))
        return 1
    failed = [title for title, passed_it in passes.items() if not passed_it.result()]
    if not tests_passed:
        failed.append("pytest")
    if failed:
        terminal.say("Failed: " + ", ".join(failed))
    return 1 if failed else 0


class _Pool(ThreadPoolExecutor):
    """Threads for the steps; when what runs beside them fails, no further step begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown(cancel_futures=kind is not None)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    own = list(arguments)
    at = own.index("--") if "--" in own else len(own)
    return own[:at], own[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/check",
        usage="tools/check [--yes] [--fast | --bare] [-- PYTEST-ARGS]",
        description="Runs ruff, mypy, pyright, import-linter and the tests.",
    )
    parser.add_argument(
        "--yes", action="store_true", help="install missing system packages without asking"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--fast", action="store_true", help="no system tests, and no system packages for them"
    )
    which.add_argument(
        "--bare",
        action="store_true",
        help="only: try both commands in bare Debian roots (root, debootstrap, 20 minutes)",
    )
    return parser


def _bring_what_the_system_tests_need(*, yes: bool) -> None:
    """Installs it; says which tests will skip for want of what is still missing."""
    monado.ensure(yes)
    still = package_manager.provide(
        SYSTEM_TESTS, yes=yes, otherwise="Or run tools/check --fast, which needs none of them."
    )
    if still:
        terminal.say("Tests will skip without: " + ", ".join(need.name for need in still))


def _bring_python_for_windows(environment: Environment) -> None:
    if not missing([WINE]):
        # It says itself what it fetches and what went wrong; tests without it skip.
        subprocess.run(
            [str(environment.program("python")), "-m", "fixtures.windows_python"],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "tests")}, check=False,
        )


def _passes(environment: Environment, title: str, step: Sequence[str]) -> bool:
    """Runs one step; shows what it printed only when it failed."""
    begin = time.monotonic()
    command: list[str | Path] = [environment.program(step[0]), *step[1:]]
    status, printed = terminal.run_quietly(
        command, note=lambda line: None, folder=ROOT, started=_step_back
    )
    terminal.say(f"{title}: {'passed' if status == 0 else 'FAILED'} "
                 f"({time.monotonic() - begin:.0f} s)")
    if status != 0:
        terminal.say(printed.rstrip())
    return status == 0


def _compile_tests(environment: Environment, passed: Sequence[str]) -> None:
    """Has pytest write what it makes of each test's file, which else each of its workers makes."""
    if not passed:
        # What is wrong with a file is said when its tests run.
        subprocess.run(
            [str(environment.program("python")), "-m", "pytest", "--collect-only", "--quiet"],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )


def _tests_pass(environment: Environment, passed: Sequence[str], *, fast: bool) -> bool:
    """Runs what the arguments name; without any all tests, several at once."""
    if passed:
        return _pytest(environment, [*(_FAST if fast else ()), *passed])
    if fast:
        return _pytest(environment, [*_at_once(_MOST_WORKERS), *_FAST])
    system = sorted(ROOT.glob("tests/system/test_*.py"))
    files = [path.relative_to(ROOT).as_posix() for path in system]
    named = _COMPUTING + _BUSY + _LISTENING + _THEN + _ALONE
    rest = [file for file in files if file not in named]
    first = [*_BUSY, *_COMPUTING, "tests/contract", *(f"--ignore={file}" for file in _PATIENT)]
    end = time.monotonic() + _LIMIT_S
    good = [
        _pytest(environment, *runs, behind=behind, limit_s=end - time.monotonic())
        for runs, behind in (
            # Long ones first; one more than cores, as one of them waits most of the time.
            (([*_at_once(_MOST_WORKERS, more=1), *first],), ()),
            # What waits leaves half of the cores to what does not.
            ((_LISTENING + _THEN, rest), [*_at_once(_MOST_WORKERS), *_PATIENT, "tests/unit"]),
            ((_ALONE,), ()),
        )
    ]
    return all(good)


def _at_once(workers: int, more: int = 0) -> list[str]:
    """Options for so many files at once, where there are as many cores, and `more`."""
    workers = min((os.cpu_count() or 1) + more, workers)
    if workers == 1:
        return []
    # In the order given: by itself xdist leaves a file of one test for the end, however long.
    return ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]


def _pytest(
    environment: Environment, *runs: Sequence[str], behind: Sequence[str] = (),
    bare: bool = False, limit_s: float = _LIMIT_S,
) -> bool:
    """Runs pytest with each list of arguments, beside each other; the first one is seen at work.

    Args:
        environment: Whose Python runs it.
        runs: Arguments of each.
        behind: Arguments of one more, which gets what the others leave of the processor.
        bare: Whether the tests in bare Debian roots are wanted.
        limit_s: Longest time.
    """
    program = str(environment.program("python"))
    extra = {"SENSORIUM_TEST_BARE_ROOTS": "1"} if bare else {}
    sys.stdout.flush()
    with contextlib.ExitStack() as stack:
        running: list[tuple[subprocess.Popen[bytes], IO[str] | None]] = []
        for arguments in (*runs, *([behind] if behind else ())):
            threads = dict.fromkeys(_THREADS, "1") if "-n" in arguments else {}
            said = stack.enter_context(tempfile.TemporaryFile("w+")) if running else None
            process = subprocess.Popen(
                [program, "-m", "pytest", *arguments], cwd=ROOT, stdout=said,
                env={**os.environ, **extra, **threads},
            )
            if arguments is behind:
                _step_back(process.pid)
            stack.callback(_end, process)
            running.append((process, said))
        statuses = _await([process for process, _ in running], None if bare else limit_s)
        for _, printed in running:
            if printed is not None:
                printed.seek(0)
                sys.stdout.write(printed.read())
    return not any(statuses)


def _step_back(pid: int) -> None:
    """Has a process that was just started, and what it starts, let every other one go first."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        elif sys.platform != "win32":
            os.setpriority(os.PRIO_PROCESS, pid, 19)


def _await(processes: Sequence[subprocess.Popen[bytes]], limit_s: float | None) -> list[int]:
    """Their exit statuses; those that take too long are ended as Ctrl-C ends them."""
    end = time.monotonic() + (limit_s or 0.0)
    try:
        return [
            process.wait(None if limit_s is None else max(end - time.monotonic(), 0.0))
            for process in processes
        ]
    except subprocess.TimeoutExpired:
        terminal.say(f"pytest is ended: the tests took more than {_LIMIT_S // 60} minutes")
        for process in processes:
            process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LEAVE_S)
        return [1]


def _end(process: subprocess.Popen[bytes]) -> None:
    """What was interrupted gets time to end what it started."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LEAVE_S)
    process.kill()
    process.wait()
