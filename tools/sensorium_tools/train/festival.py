"""Which voices of festival are installed."""

from __future__ import annotations

import functools
import re
import subprocess

from sensorium_tools.samples import synthesisers

_VOICE = re.compile(r"[a-z0-9_]+")


@functools.cache
def voices() -> tuple[str, ...]:
    """Their names; none where festival is not there."""
    try:
        told = subprocess.run(
            ["festival", "--batch", "(print (voice.list))"], capture_output=True, check=True,
            timeout=synthesisers.TIMEOUT_S,
        )
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return ()
    return tuple(_VOICE.findall(told.stdout.decode(errors="replace")))
