"""Where a command's words go: a rich console for people, one JSON document for programs."""

from __future__ import annotations

import io
import json
import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sensorium.records.plain import finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.errors import SensoriumError


class Output:
    """The output of one command.

    Attributes:
        as_json: Whether stdout carries one JSON document and nothing else.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._told = False
        for stream in (sys.stdout, sys.stderr):
            # A pipe of Windows or of LANG=C has no character for a bar: show another instead.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")

    @cached_property
    def console(self) -> Console:
        """For people: stdout, or stderr while stdout carries JSON."""
        return Console(stderr=self.as_json, highlight=False, soft_wrap=True)

    @cached_property
    def errors(self) -> Console:
        """For what went wrong: always stderr."""
        return Console(stderr=True, highlight=False, soft_wrap=True)

    def document(self, document: Mapping[str, Any]) -> None:
        """Prints the one JSON document, if this command was asked for it.

        Numbers that JSON does not have (NaN, infinity) become null.
        """
        if self.as_json and not self._told:
            self._told = True
            sys.stdout.write(json.dumps(finite(document), indent=2, allow_nan=False) + "\n")
            sys.stdout.flush()

    def error(self, error: SensoriumError) -> None:
        """Says what went wrong and what can be done about it."""
        self.errors.print("[bold red]error:[/] ", end="")
        self.errors.print(error.message, markup=False)
        if error.remedy:
            self.errors.print("[bold]remedy:[/] ", end="")
            self.errors.print(error.remedy, markup=False)
        self.document(
            {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
        )

    def detach(self) -> None:
        """Stdout's reader is gone: keeps Python from complaining about it at exit."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
