"""Where a bridge listens: on loopback, or where the owner says, with a warning."""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import field
from typing import Any

_log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
"""Every address of this PC, loopback too."""


def listen_key() -> Any:
    """The field `listen` of a bridge's options."""
    return field(
        default=LOOPBACK,
        metadata={
            "doc": "The address of this PC that it listens at. The protocol has no "
            "authentication: any other than 127.0.0.1 lets in whoever reaches it."
        },
    )


def check_address(key: str, address: str) -> None:
    """Checks that a key is an IPv4 address.

    Raises:
        ValueError: It is none.
    """
    try:
        ipaddress.IPv4Address(address)
    except ValueError as error:
        raise ValueError(f"{key} is no IPv4 address, as 127.0.0.1: {address!r:.40}") from error


def is_loopback(address: str) -> bool:
    """Whether an IPv4 address is this PC's own, and nobody else's."""
    return ipaddress.IPv4Address(address).is_loopback


def warn_of(bridge: str, address: str) -> None:
    """Warns, once at its start, of a bridge that others than this PC's programs may reach."""
    if not is_loopback(address):
        _log.warning(
            "bridges.%s listens at %s: its protocol has no authentication, so whoever reaches that "
            "address can use it", bridge, address,
        )
