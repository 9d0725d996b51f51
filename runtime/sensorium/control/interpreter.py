"""The interpreter that a child process with a link runs."""

from __future__ import annotations

import os
import sys


def interpreter() -> tuple[str, dict[str, str] | None]:
    """The interpreter that a child runs, and its environment.

    In a virtual environment of Windows `sys.executable` only starts the base interpreter, as yet
    another process, which no handle would reach: so that one is started, and told whose it is, as
    multiprocessing does.
    """
    base = getattr(sys, "_base_executable", sys.executable)
    if sys.platform == "win32" and base != sys.executable:
        return base, {**os.environ, "__PYVENV_LAUNCHER__": sys.executable}
    return sys.executable, None
