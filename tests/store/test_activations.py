"""Indexing. Kind: law - whatever numpy says of the plain array, Activations says (hypothesis)."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array

from layerwise.store import Run

N, UNITS = 41, 18  # of conv#1[0] in the sample


def axis(n):
    """Return keys for one axis of length n, some out of bounds or of the wrong length."""
    small = st.integers(-n - 1, n)
    shapes = npst.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=6)
    arrays = npst.arrays(np.int64, shapes,
                         elements=st.integers(-n, n - 1))  # fmt: skip
    masks = st.one_of(
        st.just(n), st.just(n - 1)
    ).flatmap(lambda m: npst.arrays(bool, m))  # fmt: skip
    return st.one_of(small, small.map(np.int64), st.slices(n), arrays, masks,
                     st.lists(st.integers(-n, n), max_size=5), st.just(slice(None)))  # fmt: skip


KEYS = st.one_of(
    axis(N), st.tuples(axis(N)), st.tuples(axis(N), axis(UNITS)),
    st.tuples(axis(N), st.just(...)), st.tuples(st.just(...), axis(UNITS)),
    st.tuples(axis(N), st.just(...), axis(UNITS)), st.just(...), st.just(()),
    st.tuples(axis(N), axis(UNITS), st.just(...)),
    st.sampled_from([None, True, (..., ...), (None, 3), (3, None), "a", 1.5, (1, 2, 3),
                     np.ones((N, UNITS), bool), np.uint8(40), np.array([200, 7], np.uint8)]),
)  # fmt: skip


def ask(array, key):
    try:
        return array[key]
    except (IndexError, ValueError, TypeError) as error:
        return "IndexError" if isinstance(error, IndexError) else type(error).__name__


@pytest.mark.parametrize("name", ["conv#1[0]"])
@settings(deadline=None)
@given(key=KEYS)
@example(key=(slice(None, None, -3), [[1, 2], [3, 4]]))
@example(key=(slice(40, 3, -7), slice(None, None, -1)))
@example(key=([], 3))
def test_indexing_is_that_of_numpy(recorded, sample, name, key):
    run = Run.open(recorded)
    X = run.activations(name)
    plain = sample.truth(run.layer(name), "epoch-001")
    found, expected = ask(X, key), ask(plain, key)
    if isinstance(expected, str) or isinstance(found, str):
        assert isinstance(found, str)
        assert isinstance(expected, str)
    else:
        assert np.shape(found) == np.shape(expected)
        assert sample.same(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize("name", ["relu", "norm", "output", "input", "pictures"])
def test_every_type_is_indexed_alike(recorded, sample, name):
    run = Run.open(recorded)
    X, plain = run.activations(name), sample.truth(run.layer(name), "epoch-001")
    for key in (3, (3, 0), slice(2, 39), [40, 0, 17, 17], (slice(None), 0), ([3, 30], [0, 0])):
        assert sample.same(np.asarray(X[key]), np.asarray(plain[key]))
    assert sample.same(np.asarray(X), plain)
    assert (X.shape, X.ndim, len(X), X.dtype, X.size, X.nbytes) == (
        plain.shape, 2, N, plain.dtype, plain.size, plain.nbytes
    )  # fmt: skip
    assert X.unit_shape == run.layer(name).shape
    assert sample.same(np.concatenate(list(X.batches(7))), plain)
    assert sample.same(np.asarray(pickle.loads(pickle.dumps(X))), plain)


def test_one_part_is_not_copied_and_cannot_be_written(tmp_path, sample):
    layer = sample.Layer("relu", (7,), "float32", "ReLU")
    run = sample.create(tmp_path / "run", layers=[layer], rows_per_part=N)
    run.add_checkpoint("a", "w")
    with run.write("a", 0) as append:
        append("relu", sample.stored(layer, "a"))
    X = run.activations("relu")
    whole = np.asarray(X)
    assert np.shares_memory(whole, X[3:9])
    assert not whole.flags.writeable
    assert np.shares_memory(whole, np.array(X, copy=False))
    copied = np.array(X, copy=True)
    assert copied.flags.writeable
    assert not np.shares_memory(copied, whole)
    assert np.asarray(X, np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="no array to share"):
        np.array(X, np.float64, copy=False)


def test_scikit_learn_takes_it_for_an_array(tmp_path, sample):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(N, 7)).astype(np.float32)
    layer = sample.Layer("relu", (7,), "float32", "ReLU")
    run = sample.create(tmp_path / "run", layers=[layer])
    run.add_checkpoint("a", "w")
    for first in run.missing("a"):
        with run.write("a", first) as append:
            append("relu", values[first : first + sample.ROWS])
    X = run.activations("relu")
    np.testing.assert_array_equal(check_array(X), values)
    np.testing.assert_array_equal(PCA(2).fit_transform(X), PCA(2).fit_transform(values))
    np.testing.assert_array_equal(StandardScaler().fit_transform(X),
                                  StandardScaler().fit_transform(values))  # fmt: skip
    for found, expected in zip(train_test_split(X, random_state=0),
                               train_test_split(values, random_state=0), strict=True):  # fmt: skip
        np.testing.assert_array_equal(found, expected)


def test_many_parts_need_few_file_descriptors(tmp_path, sample):
    layer = sample.Layer("a", (1,), "uint8", "ReLU")
    run = sample.create(tmp_path / "run", layers=[layer], rows_per_part=1)
    run.add_checkpoint("a", "w")
    for first in run.missing("a"):
        with run.write("a", first) as append:
            append("a", np.full((1, 1), first, np.uint8))
    X = run.activations("a")
    assert X[:, 0].tolist() == X[np.arange(N)[::-1], 0][::-1].tolist() == list(range(N))
    assert X._open.cache_info().currsize == 32
