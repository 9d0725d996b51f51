"""Whether a bridge over OSC reaches anybody: asked from the outside, as its other side would."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import threading
import time
from typing import Any

PROBE = "/sensorium/probe"
"""A program of this PC asks with it; the bridge answers with the number of values that every
program may read, and those values."""
ASK_S = 2.0
_MOST_BYTES = 65_536
_WHERE = re.compile(r"(VRChat|OSC) at ([\d.]+):(\d+)")
_QUERY = re.compile(r"OSCQuery http://([\d.]+):(\d+)/")


def prove(detail: str) -> str:
    """What arrives of a bridge, in words.

    Args:
        detail: What it told the daemon of itself.

    Raises:
        OSError: Nothing does.
        ValueError: Something else does.
        LookupError: OSCQuery, by which it is asked, is off.
    """
    where, query = _WHERE.search(detail), _QUERY.search(detail)
    if where is None or query is None:
        raise LookupError("it is asked by OSCQuery, which is off: oscquery = false")
    info = host_info(query[1], int(query[2]))
    port = osc_port(info, query[1])
    if port is None:
        raise ValueError("its OSCQuery tells no port of OSC")
    addresses = _answers(query[1], port)
    told = f"its OSC arrives here, {len(addresses)} values; OSCQuery tells {info.get('NAME')}"
    heard = "is sent to" if _is_heard(where[2], int(where[3])) else "nobody hears"
    told += f"; {heard} {where[2]}:{where[3]}"
    return told if heard == "is sent to" else f"{told}: start VRChat and switch its OSC on"


def host_info(host: str, port: int) -> Any:
    """Asks an OSCQuery server for its HOST_INFO; blocks, for a few seconds at most.

    Raises:
        OSError: It does not answer, or not in HTTP.
        ValueError: It does not answer with JSON, or not in time.
    """
    connection = http.client.HTTPConnection(host, port, timeout=ASK_S)
    connection.connect()
    # Who answers a byte at a time would be waited for without end.
    end = threading.Timer(ASK_S, _hang_up, (connection.sock,))
    end.start()
    try:
        connection.request("GET", "/?HOST_INFO")
        return json.loads(connection.getresponse().read(_MOST_BYTES))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP: {error}") from error
    finally:
        end.cancel()
        end.join()
        connection.close()


def _hang_up(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)


def osc_port(info: Any, host: str) -> int | None:
    """The port of UDP in a HOST_INFO; None: there is none, or it is another host's."""
    if not isinstance(info, dict) or info.get("OSC_IP", host) != host:
        return None
    port = info.get("OSC_PORT")
    return port if type(port) is int and 0 < port < 65_536 else None


def _answers(host: str, port: int) -> set[str]:
    """The addresses of the values that a bridge sends when it is asked."""
    from pythonosc.osc_message import OscMessage, ParseError
    from pythonosc.osc_message_builder import OscMessageBuilder

    found: set[str] = set()
    count: int | None = None
    end = time.monotonic() + ASK_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((host, 0))
        link.sendto(OscMessageBuilder(PROBE).build().dgram, (host, port))
        while count is None or len(found) < count:
            link.settimeout(max(0.001, end - time.monotonic()))
            try:
                message = OscMessage(link.recv(_MOST_BYTES))
                if message.address == PROBE:
                    count = int(message.params[0])
                else:
                    found.add(message.address)
            except (ParseError, IndexError, TypeError) as error:
                raise ValueError("what arrives is no OSC of ours") from error
    return found


def _is_heard(host: str, port: int) -> bool:
    """Whether a program of this PC has a port of UDP; of another host nobody can tell."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        try:
            link.bind((host, port))
        except OSError:
            return True
    return False
