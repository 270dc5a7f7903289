"""Folders of pictures: modes, sizes, names, splits, and pictures that are not what they claim."""

from __future__ import annotations

import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from layerwise.data import load, read_images
from layerwise.foundation.checks import UserError


def put(folder, name, image):
    """Save `image` in the class folder that `name` begins with."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def grey(value, size=(6, 4)):
    return Image.new("L", size, value)


# modes


def test_grey_stays_grey(tmp_path):
    put(tmp_path, "a/1.png", grey(10))
    put(tmp_path, "b/1.png", grey(20).convert("1"))
    put(tmp_path, "b/2.png", grey(30).convert("LA"))
    loaded = read_images(tmp_path, split="all")
    assert loaded.observations.shape == (3, 4, 6, 1)
    assert loaded.observations[0].max() == 10
    assert loaded.observations[2].max() == 30


def test_sixteen_bits_keep_their_upper_eight(tmp_path):
    ramp = np.linspace(0, 65535, 24).astype(np.uint16).reshape(4, 6)
    put(tmp_path, "a/1.png", Image.fromarray(ramp))
    put(tmp_path, "a/2.tif", Image.fromarray(ramp))
    loaded = read_images(tmp_path, split="all")
    for picture in loaded.observations:
        np.testing.assert_array_equal(picture[..., 0], ramp >> 8)


def test_one_colour_picture_makes_all_rgb(tmp_path):
    red = Image.new("RGB", (6, 4), (200, 0, 0))
    put(tmp_path, "a/1.png", grey(10))
    put(tmp_path, "b/rgb.png", red)
    put(tmp_path, "b/palette.gif", red.convert("P", palette=Image.Palette.ADAPTIVE))
    put(tmp_path, "b/alpha.png", Image.new("RGBA", (6, 4), (200, 0, 0, 0)))
    put(tmp_path, "b/cmyk.jpg", red.convert("CMYK"))
    palette = red.convert("P", palette=Image.Palette.ADAPTIVE)
    palette.info["transparency"] = b"\x00\x80"
    palette.save(tmp_path / "b" / "transparent.png", transparency=b"\x00\x80")
    loaded = read_images(tmp_path, split="all")
    assert loaded.observations.shape == (6, 4, 6, 3)
    assert (loaded.observations[0] == 10).all()
    assert np.abs(loaded.observations[1:].astype(int) - (200, 0, 0)).max() <= 6


@pytest.mark.parametrize("mode", ["I", "F"])
def test_wider_numbers_are_refused(tmp_path, mode):
    put(tmp_path, "a/1.tif", Image.new(mode, (6, 4)))
    with pytest.raises(UserError, match=f"8 or 16 bits a channel; got mode {mode}"):
        read_images(tmp_path)


# sizes


def test_the_first_picture_sets_the_size_and_nothing_is_squashed(tmp_path):
    put(tmp_path, "a/1.png", grey(0, (20, 10)))
    ring = Image.new("L", (100, 100), 0)
    ring.paste(255, (25, 25, 75, 75))
    put(tmp_path, "b/2.png", ring)
    loaded = read_images(tmp_path, split="all")
    assert loaded.observations.shape == (2, 10, 20, 1)
    bright = loaded.observations[1, :, :, 0] > 127
    assert bright.any(axis=0).sum() == 10  # the square is still 10 wide,
    assert bright.all(axis=1).sum() == 0
    assert bright.any(axis=1).sum() == 10  # and fills the 10 rows that were not cropped


@pytest.mark.parametrize(("size", "sides"), [(5, (5, 5)), ((3, 7), (3, 7))])
def test_size_can_be_chosen(tmp_path, size, sides):
    put(tmp_path, "a/1.png", grey(77, (20, 10)))
    loaded = read_images(tmp_path, split="all", size=size)
    assert loaded.observations.shape == (1, *sides, 1)
    assert (loaded.observations == 77).all()


@pytest.mark.parametrize("size", [0, 2.5, (1, 2, 3), "big", (4, 0)])
def test_other_sizes_are_refused(tmp_path, size):
    put(tmp_path, "a/1.png", grey(0))
    with pytest.raises(UserError, match="load: size"):
        read_images(tmp_path, split="all", size=size)


def test_too_much_memory_is_refused_before_it_is_taken(tmp_path):
    put(tmp_path, "a/1.png", grey(0))
    with pytest.raises(UserError, match=r"size must be small enough.*size=64"):
        read_images(tmp_path, split="all", size=100_000)


def test_a_turned_photograph_is_turned_back(tmp_path):
    half = grey(0, (20, 10))
    half.paste(255, (0, 0, 10, 10))  # the left half is bright
    exif = Image.Exif()
    exif[0x0112] = 6  # to be seen turned by 90 degrees clockwise
    (tmp_path / "a").mkdir()
    half.save(tmp_path / "a" / "1.jpg", exif=exif, quality=100)
    loaded = read_images(tmp_path, split="all")
    assert loaded.observations.shape == (1, 20, 10, 1)
    assert loaded.observations[0, :9].min() > 200  # the left has become the top
    assert loaded.observations[0, 11:].max() < 50


# names and splits


def test_odd_names_and_what_is_passed_over(tmp_path):
    for top in ("ünï çødé", "日本", "<b>&'\"", "a b"):
        put(tmp_path, f"{top}/dëep/1 ☃.PNG", grey(1))
    put(tmp_path, ".hidden/1.png", grey(9))
    put(tmp_path, "a b/._1.png", grey(9))
    (tmp_path / "a b" / "notes.txt").write_text("not a picture")
    (tmp_path / "empty").mkdir()
    put(tmp_path, "loose.png", grey(9))
    loaded = load(tmp_path, split="all")
    assert loaded.class_names["class"] == ("<b>&'\"", "a b", "ünï çødé", "日本")
    assert loaded.labels["class"].tolist() == [0, 1, 2, 3]
    assert (loaded.observations == 1).all()


def test_train_and_test_folders_share_codes_channels_and_size(tmp_path):
    put(tmp_path, "train/b/1.png", Image.new("RGB", (6, 4)))
    put(tmp_path, "train/c/1.png", grey(1))
    put(tmp_path, "test/a/1.png", grey(2, (60, 40)))
    put(tmp_path, "test/c/1.png", grey(3, (60, 40)))
    train, test, everything = (load(tmp_path, split=split) for split in ("train", "test", "all"))
    assert train.class_names == test.class_names == {"class": ("a", "b", "c")}
    assert train.labels["class"].tolist() == [1, 2]
    assert test.labels["class"].tolist() == [0, 2]
    assert train.observations.shape == test.observations.shape == (2, 4, 6, 3)
    assert everything.observations[:, 0, 0, 0].tolist() == [0, 1, 2, 3]


def test_without_them_one_fifth_of_each_class_is_for_testing(tmp_path):
    for value in range(20):
        put(tmp_path, f"{'even' if value % 2 == 0 else 'odd'}/{value:02}.png", grey(value))
    train, test = (load(tmp_path, split=split) for split in ("train", "test"))
    assert np.bincount(test.labels["class"]).tolist() == [2, 2]
    seen = [part.observations[:, 0, 0, 0].tolist() for part in (train, test)]
    assert sorted(seen[0] + seen[1]) == list(range(20))
    again = load(tmp_path, split="test")
    assert again.observations.tobytes() == test.observations.tobytes()
    moved = shutil.copytree(tmp_path, tmp_path.parent / "moved")
    assert load(moved, split="test").observations.tobytes() == test.observations.tobytes()


# errors


@pytest.mark.parametrize("make", [lambda p: None, lambda p: put(p, "1.png", grey(0))])
def test_a_folder_without_class_folders_is_refused(tmp_path, make):
    make(tmp_path)
    with pytest.raises(UserError, match=r"one folder of pictures a class; got no pictures"):
        load(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="one folder of pictures a class"):
        read_images(tmp_path / "nowhere")


def test_an_empty_test_folder_is_refused(tmp_path):
    put(tmp_path, "train/a/1.png", grey(0))
    (tmp_path / "test").mkdir()
    with pytest.raises(UserError, match=r"test must be a folder with one folder of pictures"):
        load(tmp_path, split="train")


def test_one_picture_cannot_be_split(tmp_path):
    put(tmp_path, "a/1.png", grey(0))
    with pytest.raises(UserError, match="of one observation or more"):
        load(tmp_path)


def png(width, height):
    """Return a PNG of zeros, a few kilobytes whatever its size."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )  # fmt: skip

    header = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )  # fmt: skip


@pytest.mark.parametrize("side", [6_000, 12_000, 30_000])
def test_a_bomb_is_refused_by_its_header(tmp_path, side):
    put(tmp_path, "a/1.png", grey(0))
    (tmp_path / "a" / "2.png").write_bytes(png(side, side))
    with pytest.raises(UserError, match=r"2\.png must be a picture of at most 32,000,000 pixels"):
        load(tmp_path, split="all")


def test_the_limit_of_others_is_left_alone(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    put(tmp_path, "a/1.png", grey(0))
    load(tmp_path, split="all")
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", png(50, 50), png(0, 5), b"%!PS-Adobe-3.0 EPSF-3.0\n", b"GIF89a" * 9],
    ids=["empty", "text", "cut", "zero", "eps", "gif"],
)
def test_broken_pictures_are_refused_by_name(tmp_path, content):
    put(tmp_path, "a/1.png", grey(0))
    (tmp_path / "a" / "2.png").write_bytes(content)
    with pytest.raises(UserError, match=r"2\.png must be a picture"):
        load(tmp_path, split="all")


def test_fuzz(tmp_path):
    refused = 0
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8))
    for ending in ("png", "jpg", "gif", "bmp", "tiff", "webp", "ppm"):
        path = put(tmp_path, f"a/1.{ending}", noise)
        good = path.read_bytes()
        for _ in range(40):
            bad = bytearray(good)
            for place in rng.integers(0, min(len(bad), 120), 3):
                bad[place] = rng.integers(256)
            path.write_bytes(bytes(bad))
            try:
                assert len(read_images(tmp_path, split="all", size=9)) == 1
            except UserError:
                refused += 1
        path.unlink()
    assert refused > 100
