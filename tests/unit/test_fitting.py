"""A reply that is too long for its frame loses what it can lose, and says so."""

from __future__ import annotations

from sensorium.control import frames
from sensorium.control.fitting import fitted


def test_what_fits_is_left_alone():
    document = {"version": "0.1.0", "clients": [{"app": "a" * 2000}], "parts": {}}
    assert fitted(document) == {**document, "left_out": {}}


def test_long_texts_are_cut_before_anything_is_left_out():
    document = {"clients": [{"executable": "/" + "x" * 4000} for _ in range(60)]}
    fit = fitted(document)
    assert fit["left_out"] == {}
    assert len(fit["clients"]) == 60
    assert all(client["executable"].endswith(" ...") for client in fit["clients"])
    frames.encode({"ok": True, **fit})


def test_the_longest_tables_lose_their_last_items_and_the_number_is_told():
    names = {f"part-{i}": {"detail": "\x01" * 300} for i in range(30)}
    clients = [{"executable": "\x01" * 4000, "app": str(i)} for i in range(64)]
    fit = fitted({"pid": 7, "clients": clients, "parts": names})
    assert fit["pid"] == 7
    assert len(fit["clients"]) + fit["left_out"]["clients"] == 64
    assert [client["app"] for client in fit["clients"][:3]] == ["0", "1", "2"]
    frames.encode({"ok": True, **fit})


def test_what_cannot_be_cut_ends():
    fit = fitted({f"{i}": "\x01" * 400 for i in range(100)} | {"clients": [1]})
    assert fit["left_out"] == {"clients": 1}


def test_what_the_governor_does_is_told_as_a_whole_whatever_apps_are_called() -> None:
    name = "\U0001f600" * 64
    apps = [{"app": name, "minute": {"late": [0] * 60}} for _ in range(60)]
    governor = {
        "app": name, "apps": [name] * 16, "frames": [{"app": name, "late": 0}] * 16,
        "senses": [{"sense": "gesture", "step": "full"}] * 30,
    }  # fmt: skip
    document = {"governor": governor, "apps": apps, "clients": apps, "steps": apps * 2}
    fit = fitted(document)
    assert fit["governor"] == governor
    assert set(fit["left_out"]) == {"apps", "clients", "steps"}
    frames.encode({"ok": True, **fit})
