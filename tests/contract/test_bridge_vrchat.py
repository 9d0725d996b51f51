"""The bridge to VRChat, on channels that a test writes; python-osc is at its other side."""

from __future__ import annotations

import contextlib
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.bridging import bridging
from fixtures.game import PREFIX, Game
from fixtures.live_regions import LiveRegions, publish
from fixtures.words import transcript
from zeroconf import IPVersion, ServiceBrowser, ServiceInfo, Zeroconf

from sensorium import records
from sensorium.bridges.osc.probe import host_info
from sensorium.bridges.unified_expressions.bridge import UnifiedExpressions
from sensorium.bridges.vrchat.bridge import VRChat
from sensorium.clock import now_ns
from sensorium.control.client import Client
from sensorium.inference import store
from sensorium.records.voice import VISEMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INPUT, TYPING = "/chatbox/input", "/chatbox/typing"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveRegions]:
    with LiveRegions(tmp_path) as live:
        yield live


@pytest.fixture
def game() -> Iterator[Game]:
    with Game() as game:
        yield game


def say(live: LiveRegions, text: str) -> None:
    live.writer("transcript").publish(transcript(text, now_ns() % 2**30, now_ns()), now_ns())


def gesture(live: LiveRegions, label: str, **fields: float) -> None:
    publish(
        live, "gesture_left", phase=2, name=label.encode(), score=0.75, pinch=0.25, grab=1.0,
        **fields,
    )


def test_a_gesture_has_vrchats_number_until_its_record_does_not_count(
    live: LiveRegions, game: Game
) -> None:
    with bridging(VRChat, live.folder, port=game.port, oscquery=False, rate_hz=90.0):
        game.until(f"{PREFIX}GestureLeft", lambda told: told == [0])
        gesture(live, "Victory")
        game.until(f"{PREFIX}GestureLeft", lambda told: told[-1] == 4)
        game.until(f"{PREFIX}GestureLeftWeight", lambda told: told[-1] == 0.75)
        game.until(f"{PREFIX}PinchLeft", lambda told: told[-1] == 0.25)
        gesture(live, "Closed_Fist")
        game.until(f"{PREFIX}GestureLeftWeight", lambda told: told[-1] == 1.0)
        gesture(live, "Thumb_Down")
        game.until(f"{PREFIX}ThumbDownLeft", lambda told: told[-1])
        # Nobody writes any more: the record is stale after a quarter of a second.
        game.until(f"{PREFIX}ThumbDownLeft", lambda told: told[-1] is False)
        game.until(f"{PREFIX}GrabLeft", lambda told: told[-1] == 0.0)
    assert game.values(f"{PREFIX}GestureLeft")[-1] == 0


def test_a_short_nod_is_seen_as_a_press(live: LiveRegions, game: Game) -> None:
    with bridging(VRChat, live.folder, port=game.port, oscquery=False):
        publish(live, "head_state")
        game.until(f"{PREFIX}Nod", lambda told: told == [False])
        publish(live, "head_gesture", gesture=1, event=1)
        publish(live, "head_gesture", gesture=1, event=2)
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            publish(live, "head_state")
            time.sleep(0.05)
        assert game.values(f"{PREFIX}Nod") == [False, True, False]
        assert game.values(f"{PREFIX}Shake") == [False]


def test_texts_come_in_order_and_slowly_and_only_with_a_grant(
    live: LiveRegions, game: Game
) -> None:
    with bridging(
        VRChat, live.folder, port=game.port, oscquery=False, chatbox=True, chatbox_interval_s=1.3
    ) as bridge:
        assert "no grant for transcript" in bridge.until("transcript")
        say(live, "nobody was allowed to read this")
        live.grant(VRChat.APP, "transcript")
        bridge.until("transcript", there=False)
        publish(live, "voice_activity", speaking=1)
        game.until(TYPING, lambda told: told == [True])
        long = " ".join(f"word{number:03}" for number in range(25))
        say(live, long)
        say(live, "and the end")
        live.writer("transcript").publish(transcript("noise", 7, now_ns(), outcome=2), now_ns())
        game.until(INPUT, lambda told: len(told) == 2)
        shown = [values for address, values in game.heard if address == INPUT]
        assert " ".join(values[0] for values in shown) == f"{long} and the end"
        assert all(values[1:] == (True, False) for values in shown)
        assert all(len(values[0]) <= 144 for values in shown)
        game.until(TYPING, lambda told: told == [True, False])


def test_a_denial_or_a_mute_drops_what_waits_and_ends_typing(tmp_path: Path, game: Game) -> None:
    def decide(action: str) -> None:
        with Client.connect("tests", live.folder) as client:
            client.request("grant", action=action, app=VRChat.APP, classes="transcript")

    def talk(word: str) -> None:
        """More than the chatbox shows in ten seconds, no two of which fit together."""
        for number in range(30):
            say(live, f"{word} {number} " + "x" * 100)

    with LiveRegions(tmp_path, aging=False) as live, bridging(
        VRChat, live.folder, port=game.port, oscquery=False, chatbox=True, chatbox_interval_s=0.4
    ) as bridge:
        decide("allow")
        publish(live, "voice_activity", speaking=1)
        game.until(TYPING, lambda told: told == [True])
        talk("one")
        game.until(INPUT, bool)
        publish(live, "health", muted=1)
        game.until(TYPING, lambda told: told == [True, False])
        say(live, "while it is muted")
        publish(live, "health")
        game.until(TYPING, lambda told: told[-1])
        say(live, "two")
        game.until(INPUT, lambda told: "two" in told)
        talk("three")
        game.until(INPUT, lambda told: told[-1].startswith("three"))
        decide("deny")
        live.replace("transcript")
        bridge.until("was denied transcript")
        game.until(TYPING, lambda told: not told[-1])
        say(live, "a secret")
        decide("allow")
        game.until(TYPING, lambda told: told[-1])
        say(live, "four")
        game.until(INPUT, lambda told: "four" in told)
    shown = game.values(INPUT)
    assert not {"while it is muted", "a secret"} & set(shown)
    assert not any(text.startswith(("one 29", "three 29")) for text in shown)
    assert game.values(TYPING)[-1] is False


def test_without_its_key_no_text_leaves(live: LiveRegions, game: Game) -> None:
    live.grant(VRChat.APP, "transcript")
    with bridging(VRChat, live.folder, port=game.port, oscquery=False, visemes=True):
        weights = np.zeros(len(VISEMES), np.float32)
        weights[10] = 0.5
        game.until(f"{PREFIX}VisemeIndex", bool)
        publish(live, "viseme", strongest=10, weights=weights)
        say(live, "this stays here")
        game.until(f"{PREFIX}Viseme/aa", lambda told: told[-1] == 0.5)
        game.until(f"{PREFIX}VisemeIndex", lambda told: 10 in told)
        game.until(f"{PREFIX}Viseme/aa", lambda told: told[-1] == 0.0)
        game.until(f"{PREFIX}Viseme/sil", lambda told: told[-1] == 1.0)
    assert not game.values(INPUT)
    assert not game.values(TYPING)


def test_emotion_is_told_only_where_asked_for(live: LiveRegions, game: Game) -> None:
    live.grant(VRChat.APP, "emotion")
    publish(live, "emotion", label_count=4, label=2, score=0.5)
    with bridging(VRChat, live.folder, port=game.port, oscquery=False):
        game.until(f"{PREFIX}GestureLeft", bool)
    assert not game.values(f"{PREFIX}EmotionIndex")
    with bridging(VRChat, live.folder, port=game.port, oscquery=False, emotion=True):
        game.until(f"{PREFIX}EmotionIndex", lambda told: 3 in told)
        game.until(f"{PREFIX}EmotionScore", lambda told: 0.5 in told)


def test_vrchat_is_found_by_oscquery_and_told_all_anew(live: LiveRegions) -> None:
    """VRChat's own service: another program's mDNS and OSCQuery on loopback."""
    with Game() as fixed, Game() as found, bridging(
        VRChat, live.folder, port=fixed.port, rate_hz=90.0
    ) as bridge:
        fixed.until(f"{PREFIX}Speaking", bool)
        try:
            mdns = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        except OSError as error:
            pytest.skip(f"no multicast on loopback: {error}")
        with contextlib.closing(mdns), answering(found.port) as port:
            service = ServiceInfo(
                "_oscjson._tcp.local.", "VRChat-Client-123456._oscjson._tcp.local.",
                addresses=[socket.inet_aton("127.0.0.1")], port=port, server="game.local.",
            )
            mdns.register_service(service)
            assert f":{found.port}" in bridge.until("VRChat at")
            found.until(f"{PREFIX}GestureRight", lambda told: told == [0])
            info = find(mdns, "Sensorium-VRChat-")
            assert host_info("127.0.0.1", info.port)["NAME"] in info.name
            mdns.unregister_service(service)
        bridge.until(f"OSC at 127.0.0.1:{fixed.port}")


def test_eyes_of_a_turned_head_look_where_they_do_in_it(live: LiveRegions, game: Game) -> None:
    """The head faces +x, the eyes 0.2 to its right and 0.1 up."""
    app = UnifiedExpressions.APP
    v2 = "/avatar/parameters/v2/"
    with bridging(UnifiedExpressions, live.folder, port=game.port, oscquery=False):
        game.until(f"{v2}EyeLidLeft", lambda told: told == [0.75])
        live.grant(app, "gaze", "motion")
        end = time.monotonic() + 5
        while time.monotonic() < end and not any(game.values(f"{v2}EyeX")):
            look(live, source=1)
            time.sleep(0.05)
        game.until(f"{v2}EyeX", lambda told: any(abs(one - 0.2) < 0.01 for one in told))
        wanted = {"EyeY": 0.1, "EyeLeftX": 0.2, "EyeRightY": 0.1, "EyeLid": 0.375}
        for name, value in wanted.items():
            game.until(v2 + name, lambda told, value=value: min(
                abs(one - value) for one in told) < 0.01)
        game.until("/avatar/parameters/EyeTrackingActive", lambda told: True in told)
        # Stale, and then but the head's ray: at rest.
        game.until("/avatar/parameters/EyeTrackingActive", lambda told: told[-1] is False)
        for _ in range(5):
            look(live, source=2)
            time.sleep(0.05)
        game.until(f"{v2}EyeX", lambda told: told[-1] == 0.0)
        game.until(f"{v2}EyeLid", lambda told: told[-1] == 0.75)


def test_a_face_that_the_camera_sees_moves_the_avatars(live: LiveRegions, game: Game) -> None:
    v2 = "/avatar/parameters/v2/"
    labels = store.find_card("face-blendshapes").engine.labels
    live.grant(UnifiedExpressions.APP, "camera")
    with bridging(
        UnifiedExpressions, live.folder, port=game.port, oscquery=False, eyes=False, face=True
    ):
        game.until(f"{v2}JawOpen", lambda told: told == [0.0])
        record = records.FACES_SEEN.zeros()
        record["count"] = 1
        shapes = record["faces"]["blendshapes"][0, 0]
        for name, weight in {
            "jawOpen": 0.5, "mouthFunnel": 0.25, "eyeLookOutLeft": 0.75, "eyeBlinkRight": 1.0
        }.items():
            shapes[labels.index(name)] = weight
        live.writer("face").publish(record, now_ns())
        game.until(f"{v2}JawOpen", lambda told: told[-1] == 0.5)
        game.until(f"{v2}LipFunnelUpperLeft", lambda told: told[-1] == 0.25)
        game.until(f"{v2}EyeLeftX", lambda told: told[-1] == -0.75)
        game.until(f"{v2}EyeLidRight", lambda told: told[-1] == 0.0)
        game.until("/avatar/parameters/LipTrackingActive", lambda told: told[-1] is True)
        record["count"] = 0
        live.writer("face").publish(record, now_ns())
        game.until(f"{v2}EyeLidRight", lambda told: told[-1] == 0.75)
        game.until("/avatar/parameters/LipTrackingActive", lambda told: told[-1] is False)


def look(live: LiveRegions, source: int) -> None:
    direction = np.array([1.0, 0.1, 0.2], np.float32)
    direction /= np.linalg.norm(direction)
    head, gaze = (live.writer(name) for name in ("head", "gaze"))
    record = head_record()
    head.publish(record, now_ns())
    seen = gaze_record(direction, source)
    gaze.publish(seen, now_ns())


def head_record() -> np.ndarray:
    record = records.HEAD.zeros()
    record["pose"]["orientation"][0] = (0.0, -np.sqrt(0.5), 0.0, np.sqrt(0.5))
    record["pose"]["flags"][0] = 3
    return record


def gaze_record(direction: np.ndarray, source: int) -> np.ndarray:
    record = records.GAZE.zeros()
    record["source"], record["direction"][0] = source, direction
    record["eyes"]["direction"][0] = direction
    record["eyes"]["openness"][0], record["eyes"]["flags"][0] = 0.5, 3
    return record


@contextlib.contextmanager
def answering(osc_port: int) -> Iterator[int]:
    """An OSCQuery server of somebody else."""
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"NAME":"VRChat","OSC_IP":"127.0.0.1","OSC_PORT":%d}' % osc_port
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def find(mdns: Zeroconf, begin: str) -> ServiceInfo:
    found: list[str] = []

    class Listener:
        def add_service(self, _mdns: Zeroconf, _kind: str, name: str) -> None:
            found.append(name)

        def remove_service(self, *_: object) -> None: ...
        def update_service(self, *_: object) -> None: ...

    kind = "_oscjson._tcp.local."
    browser = ServiceBrowser(mdns, kind, Listener())
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for name in found:
            info = mdns.get_service_info(kind, name)
            if name.startswith(begin) and info is not None:
                browser.cancel()
                return info
        time.sleep(0.1)
    raise AssertionError(found)
