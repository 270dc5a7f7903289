"""Pictures and sounds as rows. Kind: round trip, contract of what strangers write."""

from __future__ import annotations

import io
import wave

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layerwise.foundation.checks import InvalidType, InvalidValue, UserError
from layerwise.store import Run
from layerwise.store.media import LARGEST, Pictures, Sounds, pictures, sounds

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))


@given(hnp.arrays(np.uint8, SHAPES))
def test_pictures_come_back_as_they_were(images):
    (found,) = Pictures.sets(pictures("filters", images, title="t", layer="conv1", about="class"))
    np.testing.assert_array_equal(found.pixels, images)
    np.testing.assert_array_equal(found.index, np.arange(len(images)))
    assert found.names == tuple(str(k) for k in range(len(images)))
    assert (found.kind, found.title, found.layer, found.about) == ("filters", "t", "conv1", "class")


def test_they_live_in_a_run(sample, tmp_path):
    run = sample.create(tmp_path / "run")
    grey = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    run.write_table("images", pictures("a", grey, title="grey"), {"function": "a"})
    run.write_table("images", pictures("b", np.zeros((1, 4, 4, 3), np.uint8), title="b"), {})
    found = {one.title: one for one in Pictures.sets(Run.open(run.path).table("images"))}
    np.testing.assert_array_equal(found["grey"].pixels[..., 0], grey)
    assert found["b"].pixels.shape == (1, 4, 4, 3)


@pytest.mark.parametrize(("images", "options", "message"), [
    (np.zeros((2, 3, 3)), {}, "must be uint8; got dtype float64"),
    (np.zeros((0, 3, 3), np.uint8), {}, r"at least one, .* got shape \(0, 3, 3, 1\)"),
    (np.zeros((2, 3), np.uint8), {}, r"got shape \(2, 3\)"),
    (np.zeros((2, 3, 3, 2), np.uint8), {}, "grey or RGB; got 3 x 3 x 2"),
    (np.zeros((1, LARGEST + 1, 1), np.uint8), {}, "at most 1024 pixels a side"),
    (np.zeros((2, 3, 3), np.uint8), {"index": [1]}, "one for each of 2 images; got 1"),
    (np.zeros((2, 3, 3), np.uint8), {"names": ["a"]}, "names must be one for each of 2"),
    (np.zeros((2, 3, 3), np.uint8), {"about": "pixel"}, "about must be one of unit, class"),
])  # fmt: skip
def test_wrong_pictures_are_one_sentence(images, options, message):
    with pytest.raises(UserError, match=message):
        pictures("filters", images, title="t", **options)


@pytest.mark.parametrize("change", [
    {"height": 10**9, "width": 10**9}, {"height": 0}, {"channels": 2}, {"pixels": [b"", b"1"]},
    {"pixels": ["text", "text"]}, {"about": "../.."}, {"width": -3},
])  # fmt: skip
def test_sizes_from_strangers_are_checked_before_anything_is_made(change):
    frame = pictures("filters", np.zeros((2, 3, 3), np.uint8), title="t").assign(**change)
    with pytest.raises(InvalidValue):
        list(Pictures.sets(frame))


@given(st.lists(hnp.arrays(np.int16, st.integers(0, 20)), min_size=1, max_size=4))
def test_clips_come_back_as_wav(clips):
    found = Sounds.of(sounds(clips, 16000))
    for row, clip in enumerate(clips):
        with wave.open(io.BytesIO(found.wav(row))) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
            np.testing.assert_array_equal(np.frombuffer(file.readframes(99), "<i2"), clip)


def test_fractions_fill_sixteen_bits():
    (clip,) = Sounds.of(sounds([np.array([0, 1, -1, 2.0])], 8000)).clips
    assert np.frombuffer(clip, "<i2").tolist() == [0, 32767, -32767, 32767]


@pytest.mark.parametrize(("clips", "rate"), [
    ([np.zeros((2, 2))], 8000), ([np.zeros(2, np.int32)], 8000), (["text"], 8000),
    ([np.array([np.nan])], 8000), ([np.zeros(2)], 0),
])  # fmt: skip
def test_wrong_clips_are_one_sentence(clips, rate):
    with pytest.raises((InvalidType, InvalidValue)):
        sounds(clips, rate)


@pytest.mark.parametrize("frame", [
    {"rate": [8000, 16000], "samples": [b"", b""]}, {"rate": [8000], "samples": [b"1"]},
    {"rate": [8000], "samples": ["text"]}, {"rate": [-1], "samples": [b""]},
    {"rate": ["text"], "samples": [b""]},
])  # fmt: skip
def test_clips_from_strangers_are_checked(frame):
    with pytest.raises((InvalidType, InvalidValue)):
        Sounds.of(pd.DataFrame(frame).rename_axis("observation").reset_index())


def test_a_clip_belongs_to_the_observation_that_its_row_names():
    frame = sounds([np.full(k, 0.5) for k in range(5)], 8000)
    assert Sounds.of(frame.iloc[::-1]) == Sounds.of(frame)
    for rows in ([0, 1, 1, 3, 4], [1, 2, 3, 4, 5]):
        with pytest.raises(InvalidValue, match="observation must be"):
            Sounds.of(frame.assign(observation=rows))
