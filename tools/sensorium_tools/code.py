"""The tools' own code as part of a key: what another version made is not taken for this one's."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import sensorium
import sensorium_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOMS = ("plan", "quantise", "samples", "verify")
"""Those whose code decides what any engine is and what is said of it."""
OF_ONE = ("perception", "convert", "evaluate")
"""Those of which an engine uses some modules."""
_ROOTS = {
    package.__name__: Path(package.__file__ or "").parent
    for package in (sensorium, sensorium_tools)
}


@functools.cache
def code(*modules: str) -> str:
    """Sha256 over the code of `ROOMS`, and of some modules with what they import of `OF_ONE`.

    Args:
        *modules: Full names.

    Returns:
        64 hex digits.
    """
    root = _ROOTS["sensorium_tools"]
    shared = [path for room in ROOMS for path in (root / room).rglob("*.py")]
    return _hash({*shared, *reached(*modules)})


@functools.cache
def code_of(*modules: str) -> str:
    """The same without `ROOMS`."""
    return _hash(set(reached(*modules)))


def reached(*modules: str) -> tuple[Path, ...]:
    """The files of some modules and, of `OF_ONE`, of all that these import, in turn."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is not None and name not in found:
            found[name] = path
            waiting += _imports(path)
    return tuple(found.values())


def _hash(paths: set[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        (root,) = (root for root in _ROOTS.values() if path.is_relative_to(root))
        digest.update(path.relative_to(root.parent).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _file(name: str) -> Path | None:
    """The file of a module of `OF_ONE`; None for any other name."""
    package, *rest = name.split(".")
    if package not in _ROOTS or len(rest) < 2 or rest[0] not in OF_ONE:
        return None
    path = _ROOTS[package].joinpath(*rest).with_suffix(".py")
    return path if path.is_file() else None


def _imports(path: Path) -> Iterator[str]:
    """What a file imports when it runs: full names of modules, and of what may be one."""
    for node in _run(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those below `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _run(node)
