"""Refuses a Python that is too old, or moves to a newer one that is installed beside it.

This file and those that import it first keep to what Python 3.6 understands.
"""

import os
import shutil
import sys

OLDEST = (3, 11)


def require_python() -> None:
    """Returns on Python 3.11 or newer; else starts the same command with one, or ends with 2."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(15, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer and os.name == "posix":
            os.execv(newer, [newer, *sys.argv])
    install = "sudo apt-get install python3.11 python3.11-venv"
    if os.name == "nt":
        install = "winget install Python.Python.3.12"
    sys.stderr.write(
        f"Sensorium needs Python 3.11 or newer; {sys.executable} is "
        f"{sys.version_info[0]}.{sys.version_info[1]}.\nInstall one, for example: {install}\n"
    )
    raise SystemExit(2)
