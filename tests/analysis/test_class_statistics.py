"""Class statistics: reference (loops), laws (permutation, floors), closed forms, odd inputs."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import tallied

from layerwise import analysis
from layerwise.analysis import ClassMaps, compare_classes
from layerwise.analysis.class_statistics import (
    AGREED,
    ALIKE,
    BETWEEN,
    COMMON,
    DISTINCT,
    MEASURES,
    SAME,
    SERVED,
    SILENCE,
    n_strongest,
)
from layerwise.foundation.checks import NotFound, UserError
from layerwise.store import Layer, Run

PAIR = (ALIKE, COMMON, SAME)


def value(found: pd.DataFrame, measure: str, c: int = -1, other: int = -1, unit: int = -1) -> float:
    row = found[
        (found["measure"] == measure) & (found["class"] == c) & (found["other"] == other)
        & (found["unit"] == unit)
    ]  # fmt: skip
    assert len(row) == 1, (measure, c, other, unit)
    return float(row["value"].iloc[0])


def made(
    means: np.ndarray, winners: np.ndarray | None = None, shares: np.ndarray | None = None
) -> ClassMaps:
    C, U = means.shape[:2]
    return ClassMaps("conv", "epoch-000", "", np.arange(C), np.arange(U), means, winners, shares)


@pytest.fixture(scope="module")
def digits() -> dict[str, pd.DataFrame]:
    A = tallied.layers()["after"]["conv1"]
    return tallied.tables(A, tallied.digits()[1][:400], "conv1", "epoch-009")


def test_reference_every_pair_of_classes_by_loops(digits):
    (maps,) = analysis.class_maps_of(digits["class_maps"])
    found = compare_classes(maps, top=3)
    profile = [[float(maps.means[c, u].mean()) for u in range(16)] for c in range(10)]
    for c, d in itertools.combinations(range(10), 2):
        assert value(found, ALIKE, c, d) == pytest.approx(np.corrcoef(profile[c], profile[d])[0, 1])
        best = [set(sorted(range(16), key=lambda u, c=c: -profile[c][u])[:3]) for c in (c, d)]
        assert value(found, COMMON, c, d) == pytest.approx(len(best[0] & best[1]) / 3)
        same = total = 0
        for one, two in zip(maps.winners[c].ravel(), maps.winners[d].ravel(), strict=True):
            if one >= 0 or two >= 0:
                total += 1
                same += one == two
        assert value(found, SAME, c, d) == pytest.approx(same / total)
    floors = found[found["measure"] == COMMON]["floor"]
    np.testing.assert_allclose(floors, 3 / 16)


def test_reference_every_class_and_every_filter_by_loops(digits):
    (maps,) = analysis.class_maps_of(digits["class_maps"])
    found = compare_classes(maps, digits["activity"], digits["selectivity"], top=3)
    for c in range(10):
        Z, share = maps.winners[c].ravel(), maps.shares[c].ravel()
        assert value(found, SILENCE, c) == pytest.approx(sum(z < 0 for z in Z) / len(Z))
        assert value(found, DISTINCT, c) == len({z for z in Z if z >= 0})
        heard = [s for z, s in zip(Z, share, strict=True) if z >= 0]
        assert value(found, AGREED, c) == pytest.approx(sum(heard) / len(heard))
    profile = maps.means.mean(axis=(2, 3))
    for u in range(16):
        times = sum(u in sorted(range(16), key=lambda v, c=c: -profile[c][v])[:3]
                    for c in range(10))  # fmt: skip
        if times:
            assert value(found, SERVED, unit=u) == times / 10
    A, y = tallied.layers()["after"]["conv1"].astype(float), tallied.digits()[1][:400]
    between = whole = 0.0
    for u in range(16):
        grand = A[:, u].mean()
        own = sum((y == c).sum() * (A[y == c, u].mean() - grand) ** 2 for c in range(10)) / 400
        between, whole = between + own, whole + A[:, u].var()
        best = max(range(10), key=lambda c, u=u: A[y == c, u].mean())
        assert value(found, BETWEEN, best, unit=u) == pytest.approx(own / A[:, u].var(), rel=1e-5)
    assert value(found, BETWEEN) == pytest.approx(between / whole, rel=1e-5)


def test_outcome_the_floor_of_a_dense_layer_is_what_shuffled_labels_give():
    A = tallied.layers()["after"]["dense"]
    rng, y = np.random.default_rng(0), tallied.digits()[1][:400]
    shuffled = []
    for _ in range(5):
        frames = tallied.tables(A, rng.permutation(y), "dense", "x")
        (maps,) = analysis.class_maps_of(frames["class_maps"])
        found = compare_classes(maps, frames["activity"], frames["selectivity"])
        shuffled.append(value(found, BETWEEN))
        floor = found.loc[found["measure"] == BETWEEN, "floor"].iloc[0]
        # And classes that mean nothing are alike, as the notes say.
        assert found.loc[found["measure"] == ALIKE, "value"].mean() > 0.8
    assert floor == pytest.approx(9 / 399)
    assert np.mean(shuffled) == pytest.approx(floor, rel=0.25)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), C=st.integers(2, 6), U=st.integers(1, 12))
def test_law_names_of_filters_and_places_of_positions_do_not_matter(seed, C, U):
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(C, U, 3, 4))
    winners, shares = rng.integers(-1, U, (C, 3, 4)), rng.random((C, 3, 4))
    units, places = rng.permutation(U), rng.permutation(12)
    again = np.where(winners < 0, -1, np.argsort(units)[winners])
    moved = [a.reshape(*a.shape[:-2], 12)[..., places].reshape(a.shape)
             for a in (means[:, units], again, shares)]  # fmt: skip
    one, two = compare_classes(made(means, winners, shares)), compare_classes(made(*moved))
    for measure in (*PAIR, SILENCE, DISTINCT, AGREED):
        columns = ["value", "floor"]
        np.testing.assert_allclose(
            one.loc[one["measure"] == measure, columns].to_numpy(dtype=float),
            two.loc[two["measure"] == measure, columns].to_numpy(dtype=float), atol=1e-7,
        )  # fmt: skip


def test_outcome_the_floor_of_the_winners_is_that_of_shuffled_positions():
    rng = np.random.default_rng(0)
    first, second = rng.choice(4, (2, 400), p=[0.6, 0.2, 0.1, 0.1]) - 1
    draws = []
    for _ in range(200):
        Z = np.stack([first, rng.permutation(second)]).reshape(2, 20, 20)
        found = compare_classes(made(np.ones((2, 4, 20, 20)), Z, np.ones((2, 20, 20))))
        row = found[found["measure"] == SAME].iloc[0]
        draws.append((row["value"], row["floor"]))
    value_, floor = np.mean(draws, axis=0)
    assert value_ == pytest.approx(floor, rel=0.1)


def test_closed_form_silence_is_not_likeness():
    silent, half = np.full((2, 2), -1), np.array([[0, -1], [1, -1]])
    found = compare_classes(made(np.ones((3, 2, 2, 2)), np.stack([silent, half, half]),
                                 np.ones((3, 2, 2))))  # fmt: skip
    assert value(found, SAME, 0, 1) == 0  # one is silent where the other has winners
    assert value(found, SAME, 1, 2) == 1  # silent in both: not counted
    assert [value(found, SILENCE, c) for c in range(3)] == [1, 0.5, 0.5]
    assert value(found, DISTINCT, 0) == 0
    assert AGREED not in set(found.loc[found["class"] == 0, "measure"])


def test_closed_form_filters_that_are_silent_are_nobodys_strongest():
    means = np.zeros((2, 8, 1, 1))
    means[0, 3] = 1  # class 1 activates nothing
    found = compare_classes(made(means), top=2)
    assert value(found, COMMON, 0, 1) == 0
    assert found.loc[found["measure"] == COMMON, "floor"].tolist() == [0]
    assert found.loc[found["measure"] == SERVED, "unit"].tolist() == [3]


@pytest.mark.parametrize(("C", "U"), [(1, 5), (2, 1), (100, 8), (3, 2048), (130, 4)])
def test_odd_numbers_of_classes_and_filters(C, U):
    rng = np.random.default_rng(0)
    means = rng.random((C, U, 1, 6))
    found = compare_classes(
        made(means, rng.integers(-1, U, (C, 1, 6)), rng.random((C, 1, 6))), top=10
    )
    pairs = min(C * (C - 1) // 2, 4950)
    assert (found["measure"] == COMMON).sum() == pairs
    assert set(found["measure"]) <= set(MEASURES)
    assert found.loc[found["measure"].isin([COMMON, SAME, SERVED]), "value"].between(0, 1).all()
    if U == 1:  # nothing to correlate over
        assert found.loc[found["measure"] == ALIKE, "value"].isna().all()
    assert n_strongest(U, 10) == max(1, min(10, U // 4))


def test_a_class_without_observations_is_in_no_row_and_a_silent_layer_has_no_pairs():
    means = np.zeros((3, 4, 2, 2), dtype=np.float32)
    means[1] = np.nan
    shares = np.where(np.isnan(means[:, 0]), np.nan, 1.0)
    found = compare_classes(made(means, np.full((3, 2, 2), -1), shares))
    assert 1 not in set(found["class"]) | set(found["other"])
    assert set(found["measure"]) == {ALIKE, SILENCE, DISTINCT}
    assert found.loc[found["measure"] == ALIKE, "value"].isna().all()
    nobody = np.full((2, 3, 1, 1), np.nan)
    assert not len(compare_classes(made(nobody)))


def test_a_run_keeps_the_numbers_of_all_layers_and_networks(tmp_path, digits):
    run = Run.create(tmp_path / "run", n_observations=1, rows_per_part=1,
                     layers=[Layer("input", (2,), "float32", "input")],
                     fingerprint={"model": "m", "data": "d"}, provenance={})  # fmt: skip
    with pytest.raises(NotFound, match="no table 'class_maps'"):
        analysis.class_statistics(run)
    before = tallied.tables(
        tallied.layers()["before"]["conv1"], tallied.digits()[1][:400], "conv1", "epoch-000"
    )
    for kind, frame in digits.items():
        run.write_table(kind, pd.concat([before[kind], frame]), {"function": "test"})
    found = analysis.class_statistics(run)
    again = analysis.class_statistics(run)
    assert run.tables.count("class_statistics") == 1
    pd.testing.assert_frame_equal(run.table("class_statistics"), again)
    assert found["checkpoint"].unique().tolist() == ["epoch-000", "epoch-009"]
    assert set(found["measure"]) == set(MEASURES)
    with pytest.raises(UserError, match="class_statistics: top must be an integer >= 1; got 0"):
        analysis.class_statistics(run, top=0)
