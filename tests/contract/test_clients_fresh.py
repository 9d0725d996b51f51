"""The committed clients are what the records say, and each compiles with every warning an error."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from fixtures import clients

from sensorium.channels import layout
from sensorium.channels.status import Status
from sensorium.records import RECORDS
from sensorium_tools.clients import LANGUAGES
from sensorium_tools.clients.__main__ import main

USE = """
#include <stdio.h>
#include "sensorium.h"
int main(void) {
  static sensorium_t session;
  sensorium_connect(&session, "x", NULL);
  puts(session.message);
  sensorium_close(&session);
  return 0;
}
"""


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda module: module.PATH)
def test_committed_file_is_fresh(language):
    committed = (clients.CLIENTS / language.PATH).read_text(encoding="utf-8")
    assert committed == language.text(), "run: python -m sensorium_tools.clients"


def test_check_says_which_file_is_stale(tmp_path, capsys):
    assert main(["--out", str(tmp_path)]) == 0
    assert main(["--check", "--out", str(tmp_path)]) == 0
    stale = tmp_path / "c" / "sensorium.h"
    stale.write_text(stale.read_text().replace("float score", "double score"))
    capsys.readouterr()
    assert main(["--check", "--out", str(tmp_path)]) == 1
    assert str(stale) in capsys.readouterr().err


def test_status_codes_are_those_of_the_daemons_own_reader():
    header = clients.HEADER.read_text()
    codes = {
        name: int(value)
        for name, value in re.findall(r"^  SENSORIUM_([A-Z]+) = (\d+),", header, re.MULTILINE)
    }
    assert {status.name: status.value for status in Status}.items() <= codes.items()


def test_header_asserts_size_and_every_offset():
    header = clients.HEADER.read_text()
    for record in RECORDS:
        name = f"sensorium_{record.name}_t"
        assert f"sizeof({name}) == {record.size}" in header
        for item in record.placed:
            assert f"offsetof({name}, {item.field.name}) == {item.offset}," in header
    assert f"#define SENSORIUM_LAYOUT_MAJOR {layout.LAYOUT_MAJOR}" in header


@pytest.mark.parametrize(
    ("compiler", "standard"),
    [("gcc", "c11"), ("gcc", "gnu17"), ("g++", "c++17"), ("g++", "c++20"), ("clang", "c11"),
     ("clang++", "c++17"), ("x86_64-w64-mingw32-gcc", "c11"), ("x86_64-w64-mingw32-g++", "c++17")],
)
def test_header_compiles_alone_with_every_warning_an_error(tmp_path, compiler, standard):
    source = tmp_path / "use.c"
    source.write_text(USE.replace("#include <stdio.h>\n", ""))
    clients.compile_c(tmp_path / "use", [source], compiler=compiler, standard=standard)


def test_header_is_cpp_for_windows_too(tmp_path):
    compiler = clients.tool("clang++")
    headers = Path("/usr/x86_64-w64-mingw32/include")
    if not (headers / "windows.h").is_file():
        pytest.skip("the headers of mingw-w64 are not installed")
    source = tmp_path / "use.cpp"
    source.write_text(USE)
    done = subprocess.run(
        [compiler, "--target=x86_64-w64-mingw32", "-std=c++17", "-fsyntax-only", *clients.STRICT,
         f"-I{clients.HEADER.parent}", "-isystem", str(headers), str(source)],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr


def test_strict_c11_after_another_header_says_what_to_do(tmp_path):
    source = tmp_path / "use.c"
    source.write_text(USE)
    with pytest.raises(AssertionError, match="include sensorium.h before all other headers"):
        clients.compile_c(tmp_path / "use", [source])
    clients.compile_c(tmp_path / "use", [source], "-D_GNU_SOURCE")


def test_python_client_is_one_file_for_python_3_8_of_the_standard_library_only():
    path = clients.CLIENTS / "python" / "sensorium_client.py"
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert imported == {
        "__future__", "array", "collections", "ctypes", "enum", "json", "mmap", "msvcrt", "os",
        "platform", "socket", "struct", "sys", "threading", "time", "typing",
    }
