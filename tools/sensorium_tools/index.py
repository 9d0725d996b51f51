"""Where the user's own pip would find a wheel: its indexes, folders, certificate and proxy."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

import requests
from pypi_simple import (
    PYPI_SIMPLE_ENDPOINT,
    NoSuchProjectError,
    ProjectPage,
    PyPISimple,
    UnsupportedRepoVersionError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECTIONS = ("global", "install", "download", ":env:")
"""Of pip's configuration, the later one wins."""

CONNECT_S = 15.0
READ_S = 60.0


@dataclass(frozen=True)
class PipSettings:
    """What pip is configured to use.

    Attributes:
        indexes: Addresses of the indexes, in order; none with `no-index`.
        find_links: Folders or pages that list files.
        cert: File of certificates; empty: the default ones.
        proxy: Address; empty: as the environment says.
        trusted_hosts: Hosts whose certificate is not checked.
    """

    indexes: tuple[str, ...]
    find_links: tuple[str, ...]
    cert: str
    proxy: str
    trusted_hosts: tuple[str, ...]


def pip_settings() -> PipSettings:
    """Reads pip's configuration files and environment through pip itself.

    Where Python has no pip, only the variables PIP_* are read.
    """
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        lines = listed.stdout.splitlines()
    else:
        lines = [
            f":env:.{name[4:].lower().replace('_', '-')}={value!r}"
            for name, value in os.environ.items()
            if name.startswith("PIP_")
        ]
    return parse_settings(lines)


def parse_settings(lines: list[str]) -> PipSettings:
    """The settings in the lines of `pip config list`, such as `global.cert='/a.pem'`."""
    found: dict[str, str] = {}
    for section in _SECTIONS:
        for line in lines:
            key, _, value = line.partition("=")
            if key.startswith(f"{section}."):
                found[key.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    indexes = [found.get("index-url") or str(PYPI_SIMPLE_ENDPOINT)]
    indexes += found.get("extra-index-url", "").split()
    if found.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        indexes = []
    return PipSettings(
        tuple(indexes),
        tuple(found.get("find-links", "").split()),
        found.get("cert", ""),
        found.get("proxy", ""),
        tuple(found.get("trusted-host", "").split()),
    )


def session(settings: PipSettings, url: str) -> requests.Session:
    """A connection with pip's certificate and proxy for the host of `url`."""
    made = requests.Session()
    if settings.cert:
        made.verify = settings.cert
    host, host_and_port = urlsplit(url).hostname, urlsplit(url).netloc.rpartition("@")[2]
    if {host, host_and_port} & {*settings.trusted_hosts}:
        made.verify = False
    if settings.proxy:
        made.proxies = {"http": settings.proxy, "https": settings.proxy}
    return made


def shown(url: str) -> str:
    """A URL without the user's name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def local_path(url: str) -> Path | None:
    """The file that a `file:` URL or a plain path names; None for a remote one."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return Path(url) if "://" not in url else None


def locations(
    settings: PipSettings, package: str, wheel: str, say: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """Where a wheel can be had, best first.

    Args:
        settings: The user's pip.
        package: The project's name, normalised.
        wheel: The file's name.
        say: Told of a place that could not be asked.

    Yields:
        The URL or path of the file, and the sha256 that the index states (empty: none stated).
    """
    for place in settings.find_links:
        folder = local_path(place)
        if folder is not None and folder.is_dir():
            if (folder / wheel).is_file():
                yield str(folder / wheel), ""
            continue
        yield from _listed(settings, place, package, wheel, say, is_index=False)
    for place in settings.indexes:
        yield from _listed(settings, place, package, wheel, say, is_index=True)


def _listed(
    settings: PipSettings,
    place: str,
    package: str,
    wheel: str,
    say: Callable[[str], None],
    *,
    is_index: bool,
) -> Iterator[tuple[str, str]]:
    try:
        page = _page(settings, place, package, is_index=is_index)
    except NoSuchProjectError:
        return
    except (requests.RequestException, UnsupportedRepoVersionError, OSError, ValueError) as error:
        say(f"{shown(place)}: {type(error).__name__}, trying the next")
        return
    for item in page.packages if page else ():
        if item.filename == wheel:
            yield item.url, item.digests.get("sha256", "")


def _page(settings: PipSettings, place: str, package: str, *, is_index: bool) -> ProjectPage | None:
    local = local_path(place)
    if local is not None:
        folder = local / package if is_index else local
        file = folder / "index.html" if folder.is_dir() else folder
        if not file.is_file():
            return None
        return ProjectPage.from_html(package, file.read_bytes(), f"{file.absolute().as_uri()}")
    made = session(settings, place)
    if is_index:
        client = PyPISimple(place, session=made)
        return client.get_project_page(package, timeout=(CONNECT_S, READ_S))
    answer = made.get(place, timeout=(CONNECT_S, READ_S))
    answer.raise_for_status()
    return ProjectPage.from_html(package, answer.content, answer.url)
