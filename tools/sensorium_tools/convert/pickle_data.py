"""Reads a pickle as data: its opcodes are followed by a table of our own, and nothing is called.

Python's own unpickler calls what the file names. Here a name stays a name: what it is applied to is
handed to `build`, which knows the few that a file of weights needs and refuses every other.
"""

from __future__ import annotations

import pickletools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BytesIO

_MAX_OPCODES = 4_000_000
_NO_OPCODES = ("PROTO", "FRAME")
_VALUES = (
    "BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PUTS = ("BINPUT", "LONG_BINPUT", "MEMOIZE")
_GETS = ("BINGET", "LONG_BINGET")
_SETS = ("SETITEM", "SETITEMS", "APPEND", "APPENDS")


class _Mark:
    pass


_MARK = _Mark()


@dataclass(frozen=True)
class Name:
    """A module and a class or function in it, which is never looked up."""

    text: str


def read(
    file: BytesIO,
    where: str,
    build: Callable[[Name, tuple[Any, ...]], Any],
    stored: Callable[[Any], Any],
) -> Any:
    """Reads one pickle from where the file stands, and leaves it behind its end.

    Args:
        file: Holds it.
        where: What errors call the file.
        build: Makes a value of a name and the arguments that it is called with in the file.
        stored: Makes a value of a persistent id.

    Returns:
        None, truths, numbers, texts, tuples, lists, dicts, and what `build` and `stored` made.

    Raises:
        EngineError: When it is damaged, or wants something that a file of weights does not need.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        with warnings.catch_warnings():
            # Of escapes in texts that are damaged.
            warnings.simplefilter("ignore")
            for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
                if opcode.name == "STOP":
                    return stack.pop()
                if count == _MAX_OPCODES:
                    raise EngineError(f"{where}: more than {_MAX_OPCODES} opcodes")
                _follow(opcode.name, argument, stack, memo, where, build, stored)
    except (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise EngineError(
            f"{where}: a damaged pickle: {str(error)[:200]}", "fetch the file again"
        ) from error
    raise EngineError(f"{where}: a pickle without an end", "fetch the file again")


def refused(where: str, what: str) -> EngineError:
    """The error for what a file of weights has no need of."""
    return EngineError(
        f"{where}: the file wants to run {what}, which no file of weights needs",
        "do not use this file: it may be made to attack whoever opens it",
    )


def _follow(
    kind: str,
    argument: Any,
    stack: list[Any],
    memo: dict[int, Any],
    where: str,
    build: Callable[[Name, tuple[Any, ...]], Any],
    stored: Callable[[Any], Any],
) -> None:
    if kind in _VALUES:
        stack.append(argument)
    elif kind in _CONSTANTS:
        stack.append(_CONSTANTS[kind])
    elif kind in _PUTS:
        memo[len(memo) if argument is None else argument] = stack[-1]
    elif kind in _GETS:
        stack.append(memo[argument])
    elif kind == "MARK":
        stack.append(_MARK)
    elif kind == "EMPTY_DICT":
        stack.append({})
    elif kind == "EMPTY_LIST":
        stack.append([])
    elif kind == "TUPLE":
        stack.append(tuple(_since_mark(stack)))
    elif kind in _TUPLES:
        size = _TUPLES[kind]
        taken = [stack.pop() for _ in range(size)]
        stack.append(tuple(taken[::-1]))
    elif kind in _SETS:
        _add(kind, stack)
    elif kind == "GLOBAL":
        stack.append(Name(argument.replace(" ", ".")))
    elif kind == "STACK_GLOBAL":
        inner, module = stack.pop(), stack.pop()
        stack.append(Name(f"{module}.{inner}"))
    elif kind == "REDUCE":
        arguments, name = stack.pop(), stack.pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise ValueError("a call of what is no name")
        stack.append(build(name, arguments))
    elif kind == "BUILD":
        # State of a dict (its `_metadata`): nothing that weights need.
        stack.pop()
        if not isinstance(stack[-1], dict):
            raise refused(where, "a change of an object's state")
    elif kind == "BINPERSID":
        stack.append(stored(stack.pop()))
    elif kind not in _NO_OPCODES:
        said = "" if argument is None else f" {str(argument)[:80]}"
        raise refused(where, f"the opcode {kind}{said}")


def _since_mark(stack: list[Any]) -> list[Any]:
    place = len(stack) - 1
    while stack[place] is not _MARK:
        place -= 1
        if place < 0:
            raise ValueError("a mark is missing")
    taken = stack[place + 1 :]
    del stack[place:]
    return taken


def _add(kind: str, stack: list[Any]) -> None:
    if kind.endswith("S"):
        values = _since_mark(stack)
    else:
        size = 2 if kind == "SETITEM" else 1
        values = [stack.pop() for _ in range(size)][::-1]
    target = stack[-1]
    if kind.startswith("APPEND"):
        if not isinstance(target, list):
            raise ValueError("appends to what is no list")
        target.extend(values)
        return
    if not isinstance(target, dict):
        raise ValueError("sets an item of what is no dict")
    for key, value in zip(values[::2], values[1::2], strict=True):
        if not isinstance(key, str | int):
            raise ValueError("a key that is neither text nor number")
        target[key] = value
