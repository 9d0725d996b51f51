"""What the pages show and link to is there, and the C that the README shows compiles."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for room in ("", "runtime", "engines/*", "calibration", "configs", "runtime/clients", "tests")
    for path in ROOT.glob(f"{room}/*.md" if room else "*.md")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)", page.read_text("utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_readmes_c_compiles(tmp_path: Path) -> None:
    if not shutil.which("gcc"):
        pytest.skip("needs gcc")
    block = re.search(r"```c\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    include, body = block[1].split("\n\n", 1)
    source = tmp_path / "readme.c"
    source.write_text(f"{include}\nint main(void) {{\nint running = 0;\n{body}\nreturn 0;\n}}\n")
    compiled = subprocess.run(
        ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
         "-I", str(ROOT / "runtime" / "clients" / "c"), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stderr
