"""What an app may be told of intents: none from before it was allowed what they are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensorium import records
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.control import frames
from sensorium.control.audit import Audit
from sensorium.control.desk import EXPLAINED, GrantDesk
from sensorium.control.grants import Grants
from sensorium.control.peer import Peer, own_user
from sensorium.control.replies import Refused
from sensorium.control.sessions import Connection
from sensorium.errors import DeniedError
from sensorium.perception.intent import IDS_A_SESSION
from sensorium.supervisor.attention import attention
from sensorium.supervisor.clients import AppRegion
from sensorium.supervisor.explaining import explain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def app() -> Iterator[AppRegion]:
    app = AppRegion.create(Connection(1, Peer(1, own_user(), ""), "game"), 1)
    yield app
    app.close()


def tell(app: AppRegion, start_ns: int) -> None:
    intent = records.INTENT.zeros()
    intent["intent"], intent["start_ns"] = IDS_A_SESSION + 1, start_ns
    Writer(app.region, "intent", app.waiters).publish(intent.tobytes(), now_ns())


def test_what_was_said_before_is_told_to_the_owner_alone(app: AppRegion, tmp_path: Path) -> None:
    grants = Grants(tmp_path / "grants.toml")
    desk = GrantDesk(grants, Audit(tmp_path / "log"))
    asking = Connection(2, Peer(2, own_user(), ""), "looker", for_another=True)
    tell(app, now_ns())
    with pytest.raises(DeniedError):
        desk.require_all(asking, EXPLAINED)
    grants.allow("looker", EXPLAINED)

    since_ns = desk.require_all(asking, EXPLAINED)

    for number in (0, IDS_A_SESSION + 1):
        with pytest.raises(Refused, match="intent"):
            explain([app], number, since_ns)
    assert attention([app], since_ns)["intent"] is None
    owner = desk.require_all(Connection(3, Peer(3, own_user(), "")), EXPLAINED)
    assert explain([app], 0, owner)["intent"] == IDS_A_SESSION + 1
    tell(app, since_ns)
    assert explain([app], 0, since_ns)["intent"] == IDS_A_SESSION + 1


def test_what_an_app_wrote_there_itself_is_told_as_json_can(app: AppRegion) -> None:
    intent = records.INTENT.zeros()
    for name in ("score", "quantity", "place", "alternatives", "evidence"):
        intent[name] = np.frombuffer(b"\xff" * intent[name].nbytes, intent[name].dtype).reshape(
            intent[name].shape
        )
    intent["has_place"] = 1
    for name in ("object_count", "evidence_count", "alternative_count"):
        intent[name] = 2**32 - 1
    Writer(app.region, "intent", app.waiters).publish(intent.tobytes(), now_ns())

    told = explain([app], 0)

    assert told["place"] is told["alternatives"][0]["place"] is None
    assert len(told["alternatives"]) == len(intent["alternatives"][0])
    assert frames.text_of(told)
