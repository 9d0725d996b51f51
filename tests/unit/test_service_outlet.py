"""What goes out past the server is framed as the server would, by other implementations."""

from __future__ import annotations

import httptools
import pytest
from websockets.frames import Frame, Opcode

from sensorium.service.outlet import chunk, text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_text_frame_is_the_one_of_websockets(size: int) -> None:
    text = "n" * size
    frame = Frame(Opcode.TEXT, text.encode())

    assert text_frame(text) == frame.serialize(mask=False)


def test_a_text_frame_counts_bytes() -> None:
    text = "\N{GREEK SMALL LETTER ALPHA}" * 63

    assert text_frame(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


@pytest.mark.parametrize("sizes", [(1,), (15, 16, 255), (4096, 70_000)])
def test_chunks_are_read_back_by_a_parser(sizes: tuple[int, ...]) -> None:
    pieces = [bytes([65 + at]) * size for at, size in enumerate(sizes)]
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    reader = Reader()
    parser = httptools.HttpResponseParser(reader)

    parser.feed_data(head + b"".join(map(chunk, pieces)) + b"0\r\n\r\n")

    assert reader.ended
    assert b"".join(reader.pieces) == b"".join(pieces)


class Reader:
    """What a parser tells."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended = False

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.ended = True
