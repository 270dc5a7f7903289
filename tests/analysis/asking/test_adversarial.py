"""Twins kept in a run: the table against literal loops, places, pictures, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.attacked import AFTER, BEFORE, RADIUS, attacked, digits, trained

from layerwise import analysis
from layerwise.analysis.asking.twins import map_of
from layerwise.foundation.checks import InvalidValue, NotFound
from layerwise.store.media import Pictures
from layerwise.synthesis import layer_values, minimal, pgd, random_twins

FOLLOWED = 20


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return attacked(tmp_path_factory.mktemp("attacked") / "run", followed=FOLLOWED)


@pytest.fixture(scope="module")
def made():
    """Return the attack of the run, made again, and its random steps."""
    x, _ = digits()
    rows = np.arange(0, 3 * FOLLOWED, 3)
    found = pgd(trained(), x[rows], radius=RADIUS, steps=8)
    return rows, found, random_twins(x[rows], found.l2)


def test_reference_distances_and_neighbours_by_loops(run, made):
    rows, found, noisy = made
    table, y = run.table("twins"), digits()[1]
    layers = {"pool2": "flatten", "relu3": "flatten"}
    for inputs, prefix in ((found.inputs, ""), (noisy, "control_")):
        for layer, T in layer_values(trained(), inputs, layers).items():
            X = np.asarray(run.activations(layer, AFTER), dtype=np.float64)
            part = table[table["layer"] == layer].set_index("observation")
            nearest = []
            for i in range(len(X)):
                nearest.append(min(np.linalg.norm(X[i] - X[j]) for j in range(len(X)) if j != i))
            assert part["typical"].iloc[0] == pytest.approx(np.median(nearest), rel=1e-4)
            for k, row in enumerate(rows):
                distance = np.linalg.norm(T[k] - X[row])
                assert part.loc[row, f"{prefix}distance"] == pytest.approx(distance, rel=1e-4)
                others = [j for j in range(len(X)) if j != row]
                others.sort(key=lambda j, t=T[k], X=X: np.linalg.norm(t - X[j]))
                classes = y[others[:10]]
                for name, one in (("old", found.before[k]), ("new", found.after[k])):
                    expected = (classes == one).mean()
                    assert part.loc[row, f"{prefix}of_{name}"] == pytest.approx(expected, abs=0.11)


def test_reference_the_summary_counts_who_changed_sides(run):
    table = run.table("twins")
    summary = analysis.twin_summary(table).set_index("layer")
    assert list(summary.index) == ["input", "pool2", "relu3", "output"]
    wide = {
        layer: part.set_index("observation") for layer, part in table.groupby("layer", sort=False)
    }
    across = {layer: part["of_new"] > part["of_old"] for layer, part in wide.items()}
    for place, layer in enumerate(summary.index):
        part = wide[layer]
        later = [across[name] for name in summary.index[place:]]
        new = pd.concat(later, axis=1).all(axis=1)
        if place:
            new &= ~across[summary.index[place - 1]]
        assert summary.loc[layer, "changes"] == pytest.approx(new.mean())
        assert summary.loc[layer, "crossed"] == pytest.approx(across[layer].mean())
        median = (part["distance"] / part["typical"]).median()
        assert summary.loc[layer, "travelled"] == pytest.approx(median)
    # the claim, beside its control
    assert summary.loc["output", "travelled"] > 2 * summary.loc["output", "control_travelled"]
    assert summary.loc["output", "crossed"] > summary.loc["input", "crossed"]
    assert summary.loc["output", "crossed"] > summary.loc["output", "control_crossed"] + 0.3
    ratio = summary.loc["input", "travelled"] / summary.loc["input", "control_travelled"]
    assert ratio == pytest.approx(1, rel=1e-3)  # random steps are as long, by construction


def test_outcome_twins_are_placed_in_each_layers_map(run):
    table = run.table("twins")
    for layer in ("pool2", "output"):
        points, perplexity = map_of(run, layer, AFTER)
        assert perplexity == 30
        Y = points.set_index("observation")[["x", "y"]]
        part = table[table["layer"] == layer]
        np.testing.assert_allclose(
            part[["x", "y"]], Y.loc[part["observation"]], rtol=1e-5, atol=1e-5
        )
        span = np.ptp(Y.to_numpy(), axis=0).max()
        places = part[["twin_x", "twin_y", "control_x", "control_y"]].to_numpy()
        assert np.abs(places).max() < 2 * span
    assert map_of(run, "pool2", BEFORE) is None


def test_reference_one_row_an_observation(run, made):
    rows, found, _ = made
    table = run.table("adversarial")
    np.testing.assert_array_equal(table["observation"], rows)
    np.testing.assert_allclose(table["l2"], found.l2, rtol=1e-6)
    np.testing.assert_array_equal(table["flipped"], found.flipped)
    for path, way in zip(table["path"], found.predictions, strict=True):
        said: list[int] = []
        for part in path.split(", "):
            one, _, times = part.partition(" x")
            said += [int(one)] * int(times or 1)
        assert said == way.tolist()
    assert (table["radius"] == RADIUS).all()


def test_round_trip_curves_of_both_networks(run):
    table = run.table("attacks")
    assert set(table["checkpoint"]) == {BEFORE, AFTER}
    assert table.groupby("checkpoint")["radius"].apply(list).map(len).tolist() == [3, 3]


def test_closed_form_pictures_side_by_side(run, made):
    _, found, _ = made
    (kept,) = (
        next(Pictures.sets(table.read()[0]))
        for table in run.stored()["images"]
        if table.provenance().get("function") == "keep_twins"
    )
    assert kept.kind == "adversarial samples"
    assert kept.about == "observation"
    assert kept.pixels.shape == (FOLLOWED, 8, 3 * 8 + 2 * 2, 3)
    first = int(np.flatnonzero(found.flipped)[0])
    shown = kept.pixels[0]
    grey = np.rint(255 * found.originals[first, 0])
    np.testing.assert_array_equal(shown[:, :8, 0], grey)
    np.testing.assert_array_equal(shown[:, -8:, 0], np.rint(255 * found.inputs[first, 0]))
    assert (shown[:, 8:10] == 255).all()
    assert kept.names[0].startswith(f"{found.before[first]} → {found.after[first]}, × ")


def test_closed_form_amplified_differences():
    x = np.zeros((1, 3, 4, 4), np.float32)
    twin = x.copy()
    twin[0, 0, 1, 1], twin[0, 1, 2, 2] = 0.1, -0.05
    samples = analysis.sample_pictures(x, twin, lower=[-1, -1, -1], upper=[1, 1, 1])
    assert samples.factors[0] == pytest.approx(20)  # 0.05 of the range becomes all of it
    assert samples.differences[0, 1, 1].tolist() == [255, 128, 128]
    assert samples.differences[0, 2, 2].tolist() == [128, 64, 128]
    assert samples.originals[0, 0, 0].tolist() == [128, 128, 128]
    assert analysis.sample_pictures(x[:, :2], twin[:, :2]) is None
    assert analysis.sample_pictures(x[:, 0, 0], twin[:, 0, 0]) is None
    same = analysis.sample_pictures(x, x)
    assert np.isinf(same.factors[0])


def test_contract_what_does_not_fit_is_one_sentence(run):
    x, _ = digits()
    found = minimal(trained(), x[:3], steps=2)
    values = layer_values(trained(), x[:3], {"relu3": "flatten"})
    given = {"twins": values, "controls": values, "control_after": found.before}
    with pytest.raises(NotFound, match="no checkpoint 'later'"):
        analysis.keep_twins(run, found, checkpoint="later", rows=[0, 1, 2], **given)
    with pytest.raises(InvalidValue, match=r"rows must be in \[0, 119\]; got 0 to 120"):
        analysis.keep_twins(run, found, checkpoint=AFTER, rows=[0, 1, 120], **given)
    with pytest.raises(InvalidValue, match="rows must be 1-D with one entry per observation"):
        analysis.keep_twins(run, found, checkpoint=AFTER, rows=[0, 1], **given)
    with pytest.raises(InvalidValue, match="twins must be one or more layers"):
        analysis.keep_twins(run, found, checkpoint=AFTER, rows=[0, 1, 2],
                            **{**given, "controls": {}})  # fmt: skip
    cut = {"relu3": values["relu3"][:, :5]}
    with pytest.raises(InvalidValue, match=r"relu3 must be of shape \(3, 32\) as recorded"):
        analysis.keep_twins(run, found, checkpoint=AFTER, rows=[0, 1, 2],
                            **{**given, "twins": cut, "controls": cut})  # fmt: skip
