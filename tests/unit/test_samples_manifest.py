import contextlib
import random

import pytest
from fixtures import sets

from sensorium.errors import CardError
from sensorium_tools.samples import manifest

GOOD = 'reader = "hand"\npaths = ["*.f32"]'


def read(tmp_path, sources, kind="hand", labels=""):
    return manifest.read(sets.write(tmp_path, "mine", kind, sources, labels=labels))


def test_a_good_manifest_is_read(tmp_path):
    found = read(
        tmp_path, [sets.source(more=GOOD)],
        labels='[[labels]]\nsource = "own"\npath = "a.png"\nface = [1, 2, 3, 4]\n',
    )
    assert (found.name, found.set.kind, found.sources[0].paths) == ("mine", "hand", ("*.f32",))
    assert found.labels_of(found.sources[0], "a.png")[0].face == (1, 2, 3, 4)
    assert found.labels_of(found.sources[0], "b.png") == ()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('reader = "hand"', "the key paths is missing"),
        (GOOD + '\nsha256 = "00"', 'has no meaning with kind = "folder"'),
        ('reader = "hands"\npaths = ["*"]', '"hands" is not allowed'),
        ('reader = "hand"\npaths = ["/etc/passwd"]', '"/etc/passwd" is not allowed'),
        ('reader = "hand"\npaths = ["../../x"]', "is not allowed"),
        ('reader = "hand"\npaths = ["a**b"]', "is not allowed"),
        ('reader = "hand"\npaths = [""]', "is not allowed"),
        (GOOD + "\ncount = 4", "there is no such key"),
        (GOOD + "\n[sources.options]\ncount = 4", "has no meaning here"),
        (GOOD + "\nseed = -1", "-1 is not allowed"),
    ],
)
def test_a_wrong_key_is_named_with_its_line(tmp_path, more, says):
    with pytest.raises(CardError, match=r"manifest\.toml, line \d+: sources\.0") as caught:
        read(tmp_path, [sets.source(more=more)])
    assert says in str(caught.value)


def test_an_archive_must_be_pinned(tmp_path):
    more = (
        'reader = "image"\npaths = ["a.png"]\npackage = "p"\nversion = "1"\n'
        'file = "p.whl"\nsha256 = "abc"'
    )
    with pytest.raises(CardError, match="is not a sha256"):
        read(tmp_path, [sets.source(how="package", more=more)], "image")


def test_two_sources_of_one_name_are_refused(tmp_path):
    with pytest.raises(CardError, match="no other source's name"):
        read(tmp_path, [sets.source(more=GOOD), sets.source(more=GOOD)])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ('[[labels]]\nsource = "none"\npath = "a"\n', 'there is no source "none"'),
        ('[[labels]]\nsource = "own"\npath = "a"\nface = [9, 2, 3, 4]\n', "left < right"),
        ("[labels]\n", "is not an array of tables"),
    ],
)
def test_a_wrong_label_is_named(tmp_path, labels, says):
    with pytest.raises(CardError, match=says):
        read(tmp_path, [sets.source(more=GOOD)], labels=labels)


def test_a_set_must_have_a_source(tmp_path):
    with pytest.raises(CardError, match="sources: there is none"):
        read(tmp_path, [])


def test_another_name_than_the_folder_is_refused(tmp_path):
    folder = sets.write(tmp_path, "mine", "hand", [sets.source(more=GOOD)])
    folder = folder.rename(folder.with_name("yours"))
    with pytest.raises(CardError, match="is not the folder's name"):
        manifest.read(folder)


@pytest.mark.parametrize("seed", range(30))
def test_a_garbled_manifest_is_a_card_error_or_still_one(tmp_path, seed):
    folder = sets.write(tmp_path, "mine", "hand", [sets.source(more=GOOD)])
    path = folder / "manifest.toml"
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randrange(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(bytes(data[: chance.randrange(len(data) + 1)]))
    with contextlib.suppress(CardError):
        manifest.read(folder)
