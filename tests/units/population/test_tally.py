"""Tally: reference (double loops on 50 images), laws of streams, ties, memory, errors."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise.foundation.checks import UserError
from layerwise.units import Tally, statistics
from layerwise.units.population import counts
from layerwise.units.population.tally import QUANTILES
from layerwise.units.population.winners import SILENT

SHAPES = [(3, (4, 5)), (5, (17,)), (7, ()), (1, (3, 3)), (9, (6, 6)), (4, (1, 1))]
seeds = st.integers(0, 2**32 - 1)


def images(n: int, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return rectified activations with many zeros, many ties, a dead and a constant unit."""
    rng = np.random.default_rng(seed)
    A = np.maximum(np.round(rng.normal(size=(n, *shape)) * 2) / 2, 0).astype(np.float32)
    if shape[0] > 4:
        A[:, 1], A[:, 3] = 0, 0.1
    return A


def codes_of(n: int, n_classes: int, seed: int = 0) -> np.ndarray:
    """Return classes, of which some observations have none and the last class has none."""
    return np.random.default_rng(seed + 1).integers(-1, n_classes - 1, n)


def literal_winners(A: np.ndarray, codes: np.ndarray, n_classes: int):
    """Count by loops: the first largest unit; nobody where all are equal."""
    n, n_units = A.shape[:2]
    flat = A.reshape(n, n_units, -1)
    index = np.full((n_classes, flat.shape[2]), SILENT)
    share = np.full(index.shape, np.nan)
    ties = np.zeros(index.shape, int)
    for c in range(n_classes):
        for p in range(flat.shape[2]):
            votes = dict.fromkeys([*range(n_units), SILENT], 0)
            for i in range(n):
                if codes[i] != c:
                    continue
                values = flat[i, :, p].tolist()
                alike = values.count(values[0]) == n_units
                if alike and (n_units > 1 or values[0] == 0):
                    votes[SILENT] += 1
                    continue
                votes[values.index(max(values))] += 1
                ties[c, p] += values.count(max(values)) > 1
            if total := sum(votes.values()):
                index[c, p] = max(votes, key=lambda unit: votes[unit])  # the first of equals
                share[c, p] = votes[index[c, p]] / total
    shape = (n_classes, *A.shape[2:])
    return index.reshape(shape), share.reshape(shape), ties.reshape(shape)


def fed(A: np.ndarray, codes: np.ndarray | None, n_classes: int = 0, cuts=(), **settings) -> Tally:
    tally = Tally(A.shape[1], A.shape[2:], n_classes=n_classes, **settings)
    for rows in np.split(np.arange(len(A)), sorted(cuts)):
        tally.update(A[rows], None if codes is None else codes[rows])
    return tally


@pytest.mark.parametrize(("n_units", "positions"), SHAPES)
@pytest.mark.parametrize("last", [False, True])
def test_reference_every_number_by_loops(n_units, positions, last):
    A, codes = images(50, (n_units, *positions)), codes_of(50, 4)
    given = np.moveaxis(np.ascontiguousarray(np.moveaxis(A, 1, -1)), -1, 1) if last else A
    tally = fed(given, codes, 4, cuts=(13, 14, 40), bounds=(0, 1))
    assert tally.n_observations == 50
    assert tally.class_counts.tolist() == [int((codes == c).sum()) for c in range(4)]
    found = tally.statistics()
    for u, row in found.iterrows():
        x = A[:, u].astype(np.float64).ravel()
        assert row["n"] == x.size
        assert row["mean"] == pytest.approx(x.mean(), rel=1e-12, abs=1e-15)
        assert row["std"] == pytest.approx(x.std() if np.ptp(x) else 0, rel=1e-12, abs=1e-15)
        assert (row["min"], row["max"]) == (x.min(), x.max())
        assert row["active"] == sum(v > 0 for v in x.tolist()) / x.size
        assert row["zeros"] == sum(v == 0 for v in x.tolist()) / x.size
        near = sum((v <= 0.01 or v >= 0.99) and v != 0 for v in x.tolist())
        assert row["saturated"] == near / x.size
        expected = "dead" if not x.any() else "constant" if not np.ptp(x) else "live"
        assert row["state"] == expected
    moments, maps = tally.by_class(), tally.class_maps()
    assert maps.shape == (4, n_units, *positions)
    assert maps.dtype == np.float32
    for c in range(4):
        own = A[codes == c].astype(np.float64)
        assert moments.n[c] == own.size / n_units
        if not len(own):
            assert np.isnan([moments.mean[c], moments.std[c], moments.active[c]]).all()
            assert np.isnan(maps[c]).all()
            continue
        np.testing.assert_allclose(maps[c], own.mean(axis=0), rtol=1e-6)
        for u in range(n_units):
            x = own[:, u].ravel()
            assert moments.mean[c, u] == pytest.approx(x.mean(), rel=1e-7, abs=1e-15)
            assert moments.std[c, u] == pytest.approx(x.std(), rel=1e-7, abs=1e-7)
            assert moments.active[c, u] == (x > 0).mean()
    index, share, ties = literal_winners(A, codes, 4)
    won = tally.winners()
    np.testing.assert_array_equal(won.index, index)
    np.testing.assert_array_equal(won.share, share)
    np.testing.assert_array_equal(won.ties, ties)
    assert won.ties.any() or n_units == 1
    assert (won.index == SILENT).any()


def test_reference_rows_of_one_position_are_the_statistics_of_a_layer():
    X = images(300, (9,))
    ours, theirs = fed(X, None).statistics(), statistics(X)
    for name in theirs:
        if theirs[name].dtype == float:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, err_msg=name)
        else:
            assert ours[name].tolist() == theirs[name].tolist()


def test_closed_form_nobody_wins_where_all_are_equal():
    A = np.zeros((4, 3, 5), np.float32)
    A[:, :, 1] = 0.5  # all equal, not zero: nobody stands out
    A[:, 1:, 2] = 2  # two equal: the first, and a tie
    A[:, :, 3] = [-3, -1, -2]  # signed: the largest wins though it is below zero
    A[:, :, 4] = -0.0
    A[:2, 2, 4] = 1  # won twice, silent twice: the filter
    won = fed(A, np.zeros(4, int), 1).winners()
    assert won.index.tolist() == [[SILENT, SILENT, 1, 1, 2]]
    assert won.share.tolist() == [[1, 1, 1, 1, 0.5]]
    assert won.ties.tolist() == [[0, 0, 4, 0, 0]]
    assert won.n.tolist() == [[4] * 5]


def test_closed_form_the_only_unit_of_a_layer_wins_where_it_is_not_zero():
    A = np.array([[[0.0, 2, -1]]], np.float32)
    assert fed(A, np.zeros(1, int), 1).winners().index.tolist() == [[SILENT, 0, 0]]


def test_closed_form_of_equally_frequent_winners_the_lower_one():
    A = np.zeros((4, 3, 1), np.float32)
    A[[0, 1], 2], A[[2, 3], 1] = 1, 1
    won = fed(A, np.zeros(4, int), 1).winners()
    assert (won.index.item(), won.share.item()) == (1, 0.5)


@given(seed=seeds, cuts=st.lists(st.integers(0, 60), max_size=5), which=st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_law_batches_do_not_matter(seed, cuts, which):
    n_units, positions = SHAPES[which]
    A, codes = images(60, (n_units, *positions), seed % 100), codes_of(60, 3, seed % 100)
    one, cut = fed(A, codes, 3), fed(A, codes, 3, cuts=cuts)
    a, b = one.statistics(), cut.statistics()
    exact = [name for name in a if name not in ("mean", "std")]
    assert a[exact].equals(b[exact])
    np.testing.assert_allclose(a[["mean", "std"]], b[["mean", "std"]], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(one.class_maps(), cut.class_maps(), rtol=1e-6)
    np.testing.assert_array_equal(one.sample, cut.sample)
    for name in ("index", "share", "ties", "n"):
        found = getattr(one.winners(), name), getattr(cut.winners(), name)
        np.testing.assert_array_equal(*found)


@given(seed=seeds, exponent=st.integers(-6, 6))
@settings(deadline=None, max_examples=20)
def test_law_class_means_are_linear(seed, exponent):
    A, codes = images(40, (4, 3, 3), seed % 100), codes_of(40, 3)
    once, scaled = fed(A, codes, 3), fed(A * np.float32(2.0**exponent), codes, 3)
    np.testing.assert_array_equal(scaled.class_maps(), once.class_maps() * 2.0**exponent)
    np.testing.assert_array_equal(scaled.winners().index, once.winners().index)
    moments = once.by_class(), scaled.by_class()
    np.testing.assert_allclose(moments[1].mean, moments[0].mean * 2.0**exponent, rtol=1e-14)
    rng = np.random.default_rng(seed)
    B = rng.normal(size=A.shape).astype(np.float32)
    both = fed(A + B, codes, 3).class_maps()
    np.testing.assert_allclose(both, once.class_maps() + fed(B, codes, 3).class_maps(), atol=1e-5)


@given(seed=seeds)
@settings(deadline=None, max_examples=20)
def test_law_permuted_units_permute_the_results(seed):
    rng = np.random.default_rng(seed)
    A, codes = rng.normal(size=(40, 7, 4)).astype(np.float32), codes_of(40, 3)
    A[:, 2, 1] += 4
    order = rng.permutation(7)
    one, other = fed(A, codes, 3), fed(A[:, order], codes, 3)
    columns = [name for name in one.statistics() if name not in ("unit", "twin")]
    expected = one.statistics()[columns].iloc[order].reset_index(drop=True)
    assert other.statistics()[columns].equals(expected)
    np.testing.assert_array_equal(other.class_maps(), one.class_maps()[:, order])
    won, theirs = one.winners(), other.winners()
    np.testing.assert_array_equal(theirs.share, won.share)
    clear = won.share > 0.5  # of equally frequent winners the lower one is named
    assert clear.any()
    np.testing.assert_array_equal(order[theirs.index[clear]], won.index[clear])


def test_law_one_thread_or_two_or_groups_of_two_give_the_same_bytes(monkeypatch):
    import numba

    from layerwise.units.population import passes

    A, codes = images(40, (9, 5, 5)), codes_of(40, 3)
    monkeypatch.setattr(counts, "SHARED", 0)  # threads share the smallest of batches

    def everything() -> list[bytes]:
        tally = fed(A, codes, 3)
        frame = tally.statistics().drop(columns="state").to_numpy(dtype=float)
        won = tally.winners()
        return [a.tobytes() for a in (frame, tally.class_maps(), won.index, won.ties, won.share)]

    before = numba.get_num_threads()
    expected = everything()
    numba.set_num_threads(1)
    try:
        assert everything() == expected
    finally:
        numba.set_num_threads(before)
    monkeypatch.setattr(passes, "LARGEST_GROUP", 2)
    assert everything() == expected


def test_law_a_mean_far_above_the_deviations_costs_no_digits():
    x = np.arange(4096) % 2
    A = (2.0**22 + x).astype(np.float32).reshape(64, 1, 64)
    A[:32] -= 2**22  # the first half of the stream lies elsewhere
    found = fed(A, np.repeat([0, 1], 32), 2, cuts=range(1, 64))
    np.testing.assert_allclose(found.by_class().std, 0.5, rtol=1e-12)
    assert found.statistics()["std"][0] == pytest.approx(A.astype(float).std(), rel=1e-13)


def test_reference_padding_counts_nowhere():
    A, codes = images(50, (5, 12)), codes_of(50, 3)
    mask = np.random.default_rng(3).random((50, 12)) < 0.6
    mask[:, 11], mask[7] = False, False
    tally = Tally(5, (12,), n_classes=3)
    tally.update(A[:20], codes[:20], mask=mask[:20])
    tally.update(A[20:], codes[20:], mask=mask[20:])
    assert tally.n_observations == 49
    moments, maps, won = tally.by_class(), tally.class_maps(), tally.winners()
    frame = tally.statistics()
    for u in range(5):
        x = A[:, u].astype(float)[mask]
        assert frame["n"][u] == len(x)
        assert frame["mean"][u] == pytest.approx(x.mean(), rel=1e-7)
        assert frame["max"][u] == x.max()
        assert frame["zeros"][u] == (x == 0).mean()
    for c in range(2):
        own = codes == c
        assert moments.n[c] == mask[own].sum()
        np.testing.assert_array_equal(won.n[c], mask[own].sum(axis=0))
        for p in range(11):
            there = own & mask[:, p]
            np.testing.assert_allclose(maps[c, :, p], A[there, :, p].mean(axis=0), rtol=1e-6)
            index, share, _ = literal_winners(A[there][:, :, [p]], codes[there], 3)
            assert (won.index[c, p], won.share[c, p]) == (index[c, 0], share[c, 0])
        assert np.isnan(maps[c, :, 11]).all()
        assert np.isnan(won.share[c, 11])
    # A mask may come late: what was counted before stays.
    late = Tally(5, (12,), n_classes=3)
    late.update(A[:20], codes[:20])
    late.update(A[20:], codes[20:], mask=np.ones((30, 12), bool))
    whole = fed(A, codes, 3)
    np.testing.assert_allclose(late.class_maps(), whole.class_maps(), rtol=1e-6)
    np.testing.assert_array_equal(late.winners().index, whole.winners().index)
    assert late.statistics()["min"].equals(whole.statistics()["min"])


def test_law_what_is_masked_does_not_matter():
    A, mask = images(30, (4, 6)), np.random.default_rng(0).random((30, 6)) < 0.5
    other = np.where(mask[:, None], A, np.float32(np.nan))
    found = []
    for values in (A, other):
        tally = Tally(4, (6,), n_classes=1)
        tally.update(values, np.zeros(30, int), mask=mask)
        found.append((tally.statistics(), tally.class_maps(), tally.sample))
    assert found[0][0].equals(found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
    np.testing.assert_array_equal(found[0][2], found[1][2])


def test_outcome_states_and_copies():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 1, 4)).astype(np.float32)
    saturated = np.where(rng.random(x.shape) < 0.97, 0.999, 0.5).astype(np.float32)
    live = 1 / (1 + np.exp(-x))
    A = np.concatenate([live, 0 * x, saturated, 0 * x + 1, live**1.01, 1 - live], axis=1)
    found = fed(A.astype(np.float32), None, bounds=(0, 1)).statistics()
    assert found["state"].tolist() == ["live", "dead", "saturated", "constant", "live", "live"]
    assert found["twin"].tolist() == [0, 1, 2, 3, 0, 0]
    assert found["saturated"][2] == pytest.approx(0.97, abs=0.01)
    assert np.isnan(fed(A.astype(np.float32), None).statistics()["saturated"]).all()


@pytest.mark.parametrize("n", [1, 7, 2048, 2049, 9000])
def test_outcome_quantiles_are_within_a_hundredth_of_their_rank(n):
    rng = np.random.default_rng(n)
    X = np.column_stack([
        rng.normal(size=n), rng.exponential(size=n) ** 3, np.maximum(rng.normal(size=n), 0),
        np.arange(n), np.arange(n)[::-1], np.round(rng.normal(size=n)), np.zeros(n),
    ]).astype(np.float32)  # fmt: skip
    found = fed(X, None, cuts=range(500, n, 500)).statistics()
    for u, column in enumerate(X.T):
        ordered = np.sort(column)
        for name, rank in QUANTILES.items():
            value = found[name][u]
            below = np.searchsorted(ordered, value, "left") / n
            upto = np.searchsorted(ordered, value, "right") / n
            if n <= 2048:
                assert value == pytest.approx(np.quantile(column.astype(float), rank))
            else:
                assert below - 0.01 < rank < upto + 0.01
    assert (found["q50"][6], found["q99"][6]) == (0, 0)


def test_outcome_the_sample_is_one_position_of_each_and_takes_late_ones_alike():
    n = 20_000
    A = np.empty((n, 2, 3), np.float32)
    A[:] = np.arange(n)[:, None, None] + np.array([0, 0.25, 0.5], np.float32)
    A[:, 1] *= -1
    tally = fed(A, None, cuts=range(1000, n, 1000))
    assert tally.sample.shape == (2048, 2)
    np.testing.assert_array_equal(tally.sample[:, 0], -tally.sample[:, 1])
    which, where = np.divmod(tally.sample[:, 0], 1)
    assert len(set(which.tolist())) == 2048
    # Standard errors: 0.0064 of the mean rank, 0.0104 of a share of positions.
    assert which.mean() / n == pytest.approx(0.5, abs=0.02)
    assert np.bincount((where * 4).astype(int)) / 2048 == pytest.approx([1 / 3] * 3, abs=0.035)
    again, other = fed(A, None), fed(A, None, random_state=1)
    np.testing.assert_array_equal(again.sample, tally.sample)
    assert not np.array_equal(other.sample, tally.sample)


def test_law_memory_does_not_grow_with_the_stream():
    code = (
        "import sys, resource, numpy as np; from layerwise.units import Tally;"
        "A = np.random.default_rng(0).random((256, 16, 12, 12), np.float32);"
        "t = Tally(16, (12, 12), n_classes=10); c = np.arange(256) % 10;"
        "[t.update(A, c) for _ in range(int(sys.argv[1]))]; t.statistics();"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    unit = 1 if sys.platform == "darwin" else 1024
    peaks = [
        int(subprocess.run([sys.executable, "-c", code, n], capture_output=True, check=True).stdout)
        for n in ("12", "120")
    ]
    # Of 30,720 observations the values alone would take 283 MB.
    assert (peaks[1] - peaks[0]) * unit < 20e6


def test_contract_inputs_are_read_as_they_are():
    A, codes = images(30, (4, 5)), codes_of(30, 2)
    expected = fed(A, codes, 2).class_maps()
    frozen = A.copy()
    frozen.flags.writeable = False
    for same in (frozen, A.astype(np.float64), A[:, :, ::-1][:, :, ::-1], np.asfortranarray(A)):
        np.testing.assert_allclose(fed(same, codes, 2).class_maps(), expected, rtol=1e-6)
    half = fed(A.astype(np.float16), codes, 2).class_maps()
    np.testing.assert_allclose(half, expected, rtol=1e-3, atol=1e-6)
    mixed = Tally(4, (5,), n_classes=2)
    mixed.update(A[:9], codes[:9])
    mixed.update(np.asfortranarray(A[9:]), codes[9:])
    np.testing.assert_allclose(mixed.class_maps(), expected, rtol=1e-6)
    mixed.update(A[:0], codes[:0])
    assert mixed.n_observations == 30


def test_contract_without_classes():
    tally = fed(images(20, (3, 4)), None)
    assert tally.statistics()["n"].tolist() == [80] * 3
    assert tally.by_class().mean.shape == (0, 3)
    for name in ("class_maps", "winners"):
        with pytest.raises(UserError, match=f"{name}: the tally must be one with (maps|winners)"):
            getattr(tally, name)()
    with pytest.raises(UserError, match="statistics: the tally must be of one observation"):
        Tally(3).statistics()


def test_contract_names_of_classes():
    assert Tally(1, n_classes=2).class_names == ("0", "1")
    assert Tally(1, n_classes=2, class_names=["cat", "dog"]).class_names == ("cat", "dog")
    with pytest.raises(UserError, match="Tally: class_names must be 2, one a class; got 1"):
        Tally(1, n_classes=2, class_names=["cat"])


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"A": np.zeros((2, 4, 3))}, r"A must be of shape \(n, 3, 4\); got shape \(2, 4, 3\)"),
        ({"A": np.zeros(3)}, r"A must be of shape \(n, 3, 4\)"),
        ({"A": np.full((2, 3, 4), "a")}, "A must be numeric; got dtype <U1"),
        ({"A": np.full((2, 3, 4), np.nan)}, "A must be finite; got NaN or infinity in 2 rows"),
        ({"A": np.full((1, 3, 4), np.inf), "codes": [0]}, "A must be finite; got NaN or infinity"),
        ({"codes": [0]}, r"codes must be 1-D with one entry per observation \(2\)"),
        ({"codes": [0, 5]}, r"codes must be below n_classes \(5\); got 5"),
        ({"codes": [0.0, 1]}, "codes must be integers; got dtype float64"),
        ({"mask": np.ones((2, 3))}, r"mask must be of shape \(2, 4\); got shape \(2, 3\)"),
    ],
)
def test_contract_bad_batches(update, message):
    given = {"A": np.zeros((2, 3, 4)), "codes": [0, 1], **update}
    with pytest.raises(UserError, match=f"Tally: {message}"):
        Tally(3, (4,), n_classes=5).update(**given)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_units": 0}, "n_units must be an integer >= 1"),
        ({"n_units": 1, "positions": (0,)}, "positions must be an integer >= 1"),
        ({"n_units": 1, "n_classes": -1}, "n_classes must be an integer >= 0"),
        ({"n_units": 1, "bounds": (1, 0)}, "bounds must be two finite numbers"),
        ({"n_units": 1, "bounds": (0, np.inf)}, "bounds must be two finite numbers"),
    ],
)
def test_contract_bad_settings(arguments, message):
    with pytest.raises(UserError, match=f"Tally: {message}"):
        Tally(**arguments)


def test_contract_sample_blocks_are_bounded():
    from layerwise.units.population import sample

    assert sample.KEPT <= 4096
    tally = fed(images(5000, (3,)), None, cuts=range(700, 5000, 700))
    assert len(tally.sample) == sample.KEPT
    assert counts._groups(2**16, 2, 2**15).tolist() == [0, 2**15, 2**16]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("positions", [(), (20,)])
def test_contract_no_memory_is_touched_for_what_is_not_finite(bad, positions):
    A = np.full((200, 6, *positions), bad, np.float32)
    for _ in range(20):
        with pytest.raises(UserError, match="A must be finite; got NaN or infinity in 200 rows"):
            fed(A, np.zeros(200, int), 1)
