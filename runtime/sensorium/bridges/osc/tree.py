"""The OSCQuery document: which addresses there are, of which type, with which value.

The format is Vidvox's OSCQuery proposal (github.com/Vidvox/OSCQueryProposal). VRChat sends a
program what it has an address for; ours has `/avatar/change`, after which all is told anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sensorium.bridges.osc.parameter import Outbox

AVATAR_CHANGE = "/avatar/change"
_NO_VALUE, _READ, _BOTH = 0, 1, 3
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "DESCRIPTION")


def tree(outbox: Outbox) -> dict[str, Any]:
    """The root node.

    It has only what every program may read: it is shown without a grant.
    """
    root = _container("/")
    _put(root, {
        "FULL_PATH": AVATAR_CHANGE, "TYPE": "s", "ACCESS": _BOTH, "VALUE": [""],
        "DESCRIPTION": "The avatar was changed.",
    })
    for one in outbox.parameters:
        if one.region == "public":
            _put(root, {
                "FULL_PATH": one.address, "TYPE": one.type_tag, "ACCESS": _READ,
                "DESCRIPTION": one.about, "VALUE": [outbox.value(one)],
            })
    return root


def find(root: dict[str, Any], path: str) -> dict[str, Any] | None:
    """The node at a path; None: there is none."""
    node = root
    for part in path.strip("/").split("/") if path.strip("/") else ():
        found = node.get("CONTENTS", {}).get(part)
        if found is None:
            return None
        node = found
    return node


def host_info(name: str, address: str, port: int) -> dict[str, Any]:
    """What HOST_INFO answers.

    Args:
        name: Of this program.
        address: Where it hears OSC.
        port: Of UDP.
    """
    return {
        "NAME": name,
        "EXTENSIONS": {"ACCESS": True, "VALUE": True, "DESCRIPTION": True},
        "OSC_IP": address,
        "OSC_PORT": port,
        "OSC_TRANSPORT": "UDP",
    }


def _container(path: str) -> dict[str, Any]:
    return {"FULL_PATH": path, "ACCESS": _NO_VALUE, "CONTENTS": {}}


def _put(root: dict[str, Any], leaf: dict[str, Any]) -> None:
    """Hangs a leaf at its path, into containers that are made where they are missing."""
    *folders, last = leaf["FULL_PATH"].strip("/").split("/")
    node, path = root, ""
    for part in folders:
        path += f"/{part}"
        node = node["CONTENTS"].setdefault(part, _container(path))
    node["CONTENTS"][last] = leaf
