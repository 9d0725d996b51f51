from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium_tools import index

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "small_model-1.0-py3-none-any.whl"


def test_the_environment_wins_over_the_command_and_that_over_all() -> None:
    settings = index.parse_settings([
        "global.index-url='https://one.invalid/simple'",
        "download.index-url='https://two.invalid/simple'",
        ":env:.extra-index-url='https://three.invalid/simple file:///srv/simple'",
        "global.cert='/etc/own.pem'",
        "global.trusted-host='four.invalid five.invalid:8080'",
    ])
    assert settings.indexes == (
        "https://two.invalid/simple", "https://three.invalid/simple", "file:///srv/simple"
    )
    assert settings.cert == "/etc/own.pem"
    assert index.session(settings, "https://two.invalid/x").verify == "/etc/own.pem"
    assert index.session(settings, "http://five.invalid:8080/x").verify is False


def test_no_index_leaves_the_folders() -> None:
    settings = index.parse_settings([":env:.no-index='1'", ":env:.find-links='/srv/wheels'"])
    assert (settings.indexes, settings.find_links) == ((), ("/srv/wheels",))


def test_a_password_is_never_shown() -> None:
    assert index.shown("https://me:secret@host.invalid:8/simple") == "https://host.invalid:8/simple"


def test_a_folder_and_a_local_index_are_searched(tmp_path: Path) -> None:
    wheels, mirror = tmp_path / "wheels", tmp_path / "simple" / "small-model"
    wheels.mkdir()
    mirror.mkdir(parents=True)
    (wheels / WHEEL).write_bytes(b"a")
    link = f'<a href="../../files/{WHEEL}#sha256={"0" * 64}">{WHEEL}</a>'
    (mirror / "index.html").write_text(link)
    settings = index.parse_settings([
        f":env:.find-links='{wheels} {tmp_path / 'nothing'}'",
        f":env:.index-url='{(tmp_path / 'simple').as_uri()}'",
    ])
    said: list[str] = []
    found = list(index.locations(settings, "small-model", WHEEL, said.append))
    assert found[0] == (str(wheels / WHEEL), "")
    assert index.local_path(found[1][0]) == tmp_path / "files" / WHEEL
    assert found[1][1] == "0" * 64
    assert list(index.locations(settings, "other", "other-1.whl", said.append)) == []
