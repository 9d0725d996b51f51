"""In which encoding a file of text is."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
"""What a file may begin with; UTF-32's begins with UTF-16's."""
_ELSE = "cp1252"
"""What is not UTF-8 is most often of an old Windows."""
_PIECE = 1 << 20
_MOST_ZEROS = 0.2
"""Share of zero bytes in text; UTF-16 of Latin letters has half."""


def encoding_of(path: Path, given: str = "") -> tuple[str, str]:
    """The encoding of a file, and what becomes of bytes that are none of its characters.

    Args:
        path: Of the file, which is read once, piece by piece.
        given: What its owner says; empty: its mark, else UTF-8, else Windows-1252.

    Raises:
        OSError: When it cannot be read.
        EngineError: There is no encoding of the name that was given.
    """
    if given:
        try:
            return codecs.lookup(given).name, "strict"
        except LookupError as error:
            raise EngineError(
                f"--encoding {given}: there is no such encoding", "utf-8, utf-16, cp1252, ..."
            ) from error
    with path.open("rb") as file:
        head = file.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, "surrogatepass" if name == "utf-8-sig" else "replace"
    # Half a surrogate pair, written as if it were a character, spoils no other text.
    return ("utf-8", "surrogatepass") if _is_utf8(path) else (_ELSE, "replace")


def check_is_text(path: Path, given: str = "") -> None:
    """Refuses what is no text.

    Raises:
        EngineError: Its first bytes hold many zeros, and no mark or `given` explains them.
        OSError: When it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if given or any(head.startswith(mark) for mark, _ in _MARKS):
        return
    if head.count(0) > _MOST_ZEROS * len(head):
        raise EngineError(
            f"{path}: is no text: {head.count(0)} of its first {len(head)} bytes are 0",
            "save it as CSV in UTF-8; UTF-16 without its mark: --encoding utf-16-le",
        )


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
    with path.open("rb") as file:
        try:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
