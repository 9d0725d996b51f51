"""The link to VRChat, where the packages that it needs are installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.bridges.bridge import Host
    from sensorium.bridges.osc.link import OscLink
    from sensorium.bridges.osc.options import OscOptions
    from sensorium.bridges.osc.parameter import Parameter

PACKAGES = {"pythonosc": "python-osc", "zeroconf": "zeroconf"}
"""Module to the package that holds it."""


def open_link(
    name: str, options: OscOptions, host: Host, parameters: Iterable[Parameter]
) -> OscLink:
    """Makes a link; see `OscLink`. It is opened as a context.

    Raises:
        SensoriumError: A package is not installed.
    """
    missing = [package for module, package in PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise SensoriumError(
            f"bridges.{host.name} needs {' and '.join(missing)}, not installed",
            "pip install sensorium[bridges]",
        )
    from sensorium.bridges.osc.link import OscLink

    return OscLink(name, options, host, parameters)
