"""Files of numbers. Kind: round trip, within half a step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.studio.reading import column, decoded

from layerwise.studio.data import files
from layerwise.studio.data.files import FRAME, POSITION, SHARE, File, Form, class_form, stamp

LARGE = st.floats(width=32, allow_nan=True, allow_infinity=True)


def read(form: Form, values: np.ndarray) -> np.ndarray:
    file = File(form, values.shape, "s", lambda: form.bytes(values))
    return decoded(file.entry, file.make())


@given(hnp.arrays(float, st.tuples(st.integers(0, 20), st.just(2)),
                  elements=st.floats(-FRAME, FRAME) | st.just(np.nan)))  # fmt: skip
def test_places_come_back_within_half_a_step_and_missing_ones_stay_missing(Y):
    found = read(POSITION, Y)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(Y))
    assert np.nanmax(np.abs(found - Y), initial=0) <= POSITION.scale / 2 + 1e-9


@given(hnp.arrays(float, st.integers(0, 40), elements=st.floats(0, 1) | st.just(np.nan)))
def test_shares_come_back_within_half_a_step(values):
    found = read(SHARE, values)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    assert np.nanmax(np.abs(found - values), initial=0) <= SHARE.scale / 2 + 1e-9


def test_what_lies_beyond_the_range_is_missing():
    values = np.array([-1.0, -0.002, 0, 1, 1.002, 7, np.inf])
    assert np.isnan(read(SHARE, values)).tolist() == [True, True, False, False, True, True, True]


@given(hnp.arrays(np.float32, st.integers(1, 40), elements=LARGE))
def test_activations_come_back_within_half_a_step_of_their_range(values):
    found = column(files.column(values), len(values))
    finite = np.isfinite(values)
    np.testing.assert_array_equal(np.isfinite(found), finite)
    if finite.any():
        known = values[finite].astype(float)
        step = (known.max() - known.min()) / 254
        single = np.finfo(np.float32)
        rounding = 4 * single.eps * np.abs(known).max() + single.tiny
        assert np.abs(found[finite] - known).max() <= step / 2 + rounding


@given(st.sampled_from(["f2", "f8", "u1", "i8", "?"]), st.data())
def test_activations_of_any_stored_type_are_read(dtype, data):
    values = data.draw(hnp.arrays(np.dtype(dtype), 5))
    assert len(files.column(values)) == 13


def test_a_silent_unit_comes_back_exactly():
    assert column(files.column(np.full(4, 0.1, np.float32)), 4).tolist() == [np.float32(0.1)] * 4
    assert np.isnan(column(files.column(np.full(2, np.nan)), 2)).all()


@given(st.integers(1, 65535), st.data())
def test_class_numbers_come_back_in_one_byte_or_two(n_classes, data):
    codes = data.draw(hnp.arrays(np.int64, 9, elements=st.integers(-1, n_classes - 1)))
    form = class_form(n_classes)
    found = np.frombuffer(form.bytes(codes), "<" + form.dtype).astype(int)
    assert form.dtype == ("u1" if n_classes <= 255 else "u2")
    np.testing.assert_array_equal(np.where(found == form.missing, -1, found), codes)


def test_the_manifest_says_how_to_read_a_file():
    file = File(POSITION, (3, 2), "abc", bytes)
    assert file.entry == {
        "dtype": "u2", "missing": 65535, "scale": 2 * FRAME / 65534, "offset": -FRAME,
        "shape": [3, 2], "stamp": "abc",
    }  # fmt: skip
    assert File(files.ROWS, (3,), "", bytes).entry == {"dtype": "u4", "shape": [3], "stamp": ""}
    assert file.media_type == "application/octet-stream"
    assert File(files.SHEET, (1, 1), "", bytes).media_type == "image/webp"


@given(
    st.lists(st.text() | st.integers(), max_size=3), st.lists(st.text() | st.integers(), max_size=3)
)
def test_stamps_differ_when_what_they_stand_for_does(one, other):
    assert (stamp(*one) == stamp(*other)) == (one == other)
