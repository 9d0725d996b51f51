import contextlib
import io
import random
import tarfile
import zipfile

import numpy as np
import pytest
from fixtures import sets

from sensorium.errors import CardError, EngineError
from sensorium_tools.progress import Progress
from sensorium_tools.samples import alter_image, archive_files, cache, images, loading

HANDS = 'generator = "hands"\nseed = {seed}\n[sources.options]\ncount = {count}\n'


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "data"


def png(height=32, width=48):
    from PIL import Image

    pixels = np.arange(height * width * 3, dtype=np.uint32).reshape(height, width, 3) % 251
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def pictures(data_dir, files, part="calibration", labels="", augment=0):
    more = f'reader = "image"\npaths = ["*.png"]\naugment = {augment}\n'
    return sets.write(
        data_dir, "mine", "image", [sets.source(part=part, more=more)], files, labels
    )


def test_a_limit_is_a_prefix_and_every_load_is_the_same(data_dir):
    more = HANDS.format(seed=1, count=40)
    sets.write(data_dir, "mine", "hand", [sets.source(how="generator", more=more)])
    all_of_them = loading.load("mine", "calibration", Progress())
    few = loading.load("mine", "calibration", Progress(), limit=7)
    assert [sample.name for sample in few] == [sample.name for sample in all_of_them[:7]]
    for one, other in zip(few, all_of_them, strict=False):
        assert np.array_equal(one.data, other.data)
    assert len({sample.name for sample in all_of_them}) == 40
    assert [sample.name for sample in all_of_them] != sorted(s.name for s in all_of_them)


def test_a_split_source_shares_no_origin(data_dir):
    more = HANDS.format(seed=1, count=64)
    sets.write(data_dir, "mine", "hand", [sets.source(how="generator", part="split", more=more)])
    one, other = (
        {sample.origin for sample in loading.load("mine", part, Progress())}
        for part in ("calibration", "evaluation")
    )
    assert not one & other
    assert len(one | other) == 64
    assert min(len(one), len(other)) > 16


def test_the_users_own_set_comes_before_the_shipped_one(data_dir):
    more = HANDS.format(seed=1, count=3)
    sets.write(data_dir, "hands", "hand", [sets.source(how="generator", more=more)])
    assert len(loading.load("hands", "calibration", Progress())) == 3


def test_the_identity_follows_the_manifest_and_the_files(data_dir):
    folder = pictures(data_dir, {"a.png": png()})
    first = loading.identity("mine")
    assert loading.identity("mine") == first
    (folder / "a.png").write_bytes(png(40))
    second = loading.identity("mine")
    (folder / "b.png").write_bytes(png())
    assert len({first, second, loading.identity("mine")}) == 3


def test_a_set_that_is_not_there_is_named_with_those_that_are(data_dir):
    with pytest.raises(CardError, match="no calibration set gone.*hands"):
        loading.load("gone", "calibration", Progress())
    with pytest.raises(CardError, match="no calibration set"):
        loading.load("../hands", "calibration", Progress())


def test_an_empty_side_is_an_error(data_dir):
    pictures(data_dir, {"a.png": png()})
    with pytest.raises(EngineError, match="set mine: there is no sample for evaluation"):
        loading.load("mine", "evaluation", Progress())


def test_a_folder_without_files_is_an_error(data_dir):
    pictures(data_dir, {})
    with pytest.raises(EngineError, match=r"no file in .* matches \*\.png"):
        loading.load("mine", "calibration", Progress())


def test_files_of_the_system_that_are_missing_are_left_out_with_the_reason(data_dir, tmp_path):
    more = (
        f'reader = "image"\npaths = ["*.png"]\nfolder = "{tmp_path / "none"}"\n'
        'install = "apt install pictures"'
    )
    sets.write(data_dir, "mine", "image", [sets.source(how="system", more=more)])
    reason = r"own is left out: .*none/\*\.png is not there; apt install pictures brings it"
    with pytest.raises(EngineError, match=reason):
        loading.load("mine", "calibration", Progress())


@pytest.mark.parametrize("content", [b"", b"no picture", png()[:200]])
def test_a_picture_that_is_none_is_named(data_dir, content):
    pictures(data_dir, {"a.png": content})
    with pytest.raises(EngineError, match=r"a\.png: not a picture, or damaged"):
        loading.load("mine", "calibration", Progress())


def test_another_kind_than_the_sets_is_refused(data_dir):
    more = HANDS.format(seed=1, count=2)
    sets.write(data_dir, "mine", "image", [sets.source(how="generator", more=more)])
    with pytest.raises(EngineError, match="set mine, own: sample hand-0.* is of kind hand"):
        loading.load("mine", "calibration", Progress())


def test_a_face_outside_of_its_picture_is_refused(data_dir):
    label = '[[labels]]\nsource = "own"\npath = "a.png"\nface = [1, 2, 300, 20]\n'
    pictures(data_dir, {"a.png": png()}, labels=label)
    with pytest.raises(EngineError, match="is not inside its 48 x 32 pixels"):
        loading.load("mine", "calibration", Progress())


def test_options_of_a_generator_are_checked(data_dir):
    more = 'generator = "hands"\n[sources.options]\ncount = 2\nsizes = [1.2, 1.0]\n'
    sets.write(data_dir, "mine", "hand", [sets.source(how="generator", more=more)])
    with pytest.raises(CardError, match="the smallest and the largest"):
        loading.load("mine", "calibration", Progress())


@pytest.mark.parametrize("seed", range(40))
def test_an_altered_picture_keeps_its_face_inside(seed):
    noise = np.random.default_rng(seed)
    pixels = noise.integers(0, 256, (90, 120, 3)).astype(np.uint8)
    pixels[30:60, 40:80] = (250, 5, 5)
    made, box = alter_image.alter(pixels, (40.0, 30.0, 80.0, 60.0), np.random.default_rng(seed))
    assert made.dtype == np.uint8
    left, top, right, bottom = (int(edge) for edge in box)
    assert (right - left, bottom - top) == (40, 30)
    face = made[top + 4 : bottom - 4, left + 4 : right - 4].astype(float)
    assert face[..., 0].mean() > 2 * face[..., 1].mean()


def test_the_block_transform_loses_nothing_in_fine_steps():
    light = np.random.default_rng(0).uniform(0, 255, (37, 50, 3)).astype(np.float32)
    assert np.abs(alter_image.compress(light, 1e-4) - light).max() < 0.02
    assert np.abs(alter_image.compress(light, 2.0) - light).mean() > 3


def test_a_transform_is_that_of_scipy():
    fft = pytest.importorskip("scipy.fft")
    block = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    ours = alter_image._cosines() @ block @ alter_image._cosines().T
    assert np.abs(ours - fft.dctn(block, norm="ortho")).max() < 1e-5


def test_a_huge_picture_is_refused_before_it_is_decoded():
    from PIL import Image

    file = io.BytesIO()
    Image.new("1", (9000, 9000)).save(file, "PNG")
    with pytest.raises(EngineError, match="9000 x 9000 pixels are too many"):
        images.decode(file.getvalue(), "a.png")


@pytest.mark.parametrize("seed", range(30))
def test_a_garbled_archive_is_an_engine_error_or_still_one(tmp_path, seed):
    path = tmp_path / f"{seed}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", "word " * 50)
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(4):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(bytes(data))
    with contextlib.suppress(EngineError):
        archive_files.read(path, ("a.txt",))


def test_a_damaged_cache_file_is_made_anew(data_dir):
    made = np.arange(5, dtype=np.int16)
    assert np.array_equal(cache.sound({"a": 1}, lambda: made), made)
    (kept,) = cache.folder().iterdir()
    whole = kept.read_bytes()
    for broken in (b"", b"broken", whole[:-1], whole[:-1] + b"x"):
        kept.write_bytes(broken)
        assert np.array_equal(cache.sound({"a": 1}, lambda: made), made)
        assert kept.read_bytes() == whole
    assert np.array_equal(cache.sound({"a": 1}, lambda: made * 0), made)
    assert list(cache.folder().iterdir()) == [kept]


def test_an_archive_within_an_archive_is_read(tmp_path):
    inner, outer = io.BytesIO(), tmp_path / "outer.zip"
    with tarfile.open(fileobj=inner, mode="w:gz") as file:
        for name in ("b/one.txt", "b/two.txt", "b/three.md"):
            member = tarfile.TarInfo(name)
            member.size = len(name)
            file.addfile(member, io.BytesIO(name.encode()))
    with zipfile.ZipFile(outer, "w") as file:
        file.writestr("a/in.tar.gz", inner.getvalue())
        file.writestr("a/plain.txt", "plain")
    assert archive_files.read(outer, ("a/in.tar.gz!b/*.txt", "a/*.txt")) == {
        "a/in.tar.gz!b/one.txt": b"b/one.txt",
        "a/in.tar.gz!b/two.txt": b"b/two.txt",
        "a/plain.txt": b"plain",
    }
    with pytest.raises(EngineError, match=r"outer\.zip: there is no b/\*\.png inside"):
        archive_files.read(outer, ("a/in.tar.gz!b/*.png",))


def test_a_member_that_says_it_is_huge_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_files, "MAX_MEMBER_BYTES", 100)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", "a" * 101)
    with pytest.raises(EngineError, match="101 bytes are too many"):
        archive_files.read(path, ("a.txt",))
