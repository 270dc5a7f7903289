"""Neurons of a run: states, copies, map, roles and the numbers that say how far to trust them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from layerwise import Run, analysis, scores, units
from layerwise.scores import names


def table(run: Run, **settings: object) -> dict[str, float]:
    found = analysis.neurons(run, layer="layer2", subset="test")
    told = analysis.discriminate(run, layer="layer2", subset="test", n_trees=40, **settings)
    rows = analysis.score_neurons(run, found, told, n_neighbors=2)
    return dict(zip(rows["score"], rows["value"], strict=True))


def test_closed_form_states_copies_and_places(converging: Run) -> None:
    found = analysis.neurons(converging, layer="layer2", subset="test")
    assert found["state"].tolist() == ["live"] * 12 + ["dead", "constant"]
    assert found["twin"].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 12, 13]
    live = found["state"] == "live"
    assert found.loc[live, ["x", "y"]].notna().all(axis=None)
    assert found.loc[~live, ["x", "y"]].isna().all(axis=None)
    near = found.loc[[0, 8, 9, 10, 11], ["x", "y"]].to_numpy()
    assert np.ptp(near, axis=0).max() < 0.05 * np.ptp(found.loc[live, "x"])


def test_outcome_neurons_tell_the_class_whose_direction_they_are(converging: Run) -> None:
    told = analysis.discriminate(converging, layer="layer2", subset="test", n_trees=40)
    assert set(told["ranking"]) == {"forest", "shuffled"}
    S = analysis.importances(told, "forest")
    assert S.shape == (14, 3)
    assert units.roles(S)[[1, 2]].tolist() == [1, 2]
    assert units.roles(S)[[12, 13]].tolist() == [-1, -1]
    both = [analysis.importances(told, "forest", repeat) for repeat in (0, 1)]
    assert not np.array_equal(*both), "two seeds, two forests"
    np.testing.assert_allclose(S, (both[0] + both[1]) / 2)
    quick = analysis.discriminate(converging, layer="layer2", subset="test", ranking="gini")
    assert units.roles(analysis.importances(quick, "gini"))[[1, 2]].tolist() == [1, 2]


def test_reference_scores(converging: Run) -> None:
    found = table(converging)
    told = analysis.discriminate(converging, layer="layer2", subset="test", n_trees=40)
    S = analysis.importances(told, "forest")
    held_out = converging.labels["subset"] == "train"
    X = np.asarray(converging.activations("layer2"))[held_out]
    kind = converging.labels["kind"][held_out]
    aucs = [roc_auc_score(kind == c, X[:, S[:, c].argmax()]) for c in range(3)]
    assert found[names.TOP_AUC] == pytest.approx(np.mean(aucs))
    assert found[names.LEAST_AUC] == pytest.approx(min(aucs))
    seen = converging.labels["subset"] == "test"
    D = units.dissimilarity(np.asarray(converging.activations("layer2"))[seen][:, :12])
    Y = analysis.neurons(converging, layer="layer2", subset="test")[["x", "y"]].to_numpy()[:12]
    stress = scores.kruskal_stress(D, Y, metric="precomputed", scale=False)
    assert found[names.STRESS] == pytest.approx(stress, rel=1e-4)
    assert found[names.SELECTIVE] > 0.3
    assert names.SEED_OVERLAP in found
    assert names.SEED_OVERLAP not in table(converging, ranking="gini")


def test_contrast_finds_the_neurons_that_fire_on_a_selection(converging: Run) -> None:
    bees = np.flatnonzero(converging.labels["kind"] == 1)
    found = analysis.contrast(converging, bees, layer="layer2")
    assert found["unit"].iloc[0] == 1
    assert found["contrast"].is_monotonic_decreasing
    in_test = analysis.contrast(converging, bees, layer="layer2", subset="test")
    X = np.asarray(converging.activations("layer2"))[:90, 1]
    own = converging.labels["kind"][:90] == 1
    expected = (X[own].mean() - X[~own].mean()) / X.std()
    value = in_test.set_index("unit")["contrast"][1]
    assert value == pytest.approx(expected, rel=1e-3)


def test_a_layer_of_dead_neurons_is_counted_not_mapped(converging: Run) -> None:
    import torch
    from torch import nn

    from layerwise import record

    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(-1.0)
    run = record(model, np.ones((9, 2), "f"), to=converging.path.parent / "dead", layers=["1"],
                 labels={"kind": np.arange(9) % 3})  # fmt: skip
    found = analysis.neurons(run, layer="1")
    assert found["state"].tolist() == ["dead"] * 3
    told = analysis.discriminate(run, layer="1", n_trees=5)
    assert not told["importance"].any()
    scored = analysis.score_neurons(run, found, told)
    assert not scored["value"].gt(0).any()
