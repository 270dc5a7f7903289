"""Figures of attacks: every class, layer and number readable, nothing empty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layerwise import analysis
from layerwise.figures import adversarial_samples, radius_curves, twin_curves, twin_maps
from layerwise.foundation.checks import InvalidValue


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    x = rng.random((3, 1, 12, 12), dtype=np.float32)
    twins = np.clip(x + rng.normal(0, 0.1, x.shape), 0, 1)
    found = analysis.sample_pictures(x, twins)
    ways = np.array([[0, 0, 1, 1, 2, 2], [1] * 6, [2, 2, 2, 2, 2, 0]])
    return found, ways, np.full((3, 6), 0.8)


NAMES = ["German short-haired pointer", "cat", "dog"]


def drawn(found, ways, confidences, **options):
    return adversarial_samples(
        found.originals, found.differences, found.twins, found.factors, ways, confidences, **options
    )


def test_outcome_a_row_an_observation_with_its_way(samples, assert_readable):
    found, ways, confidences = samples
    figure = drawn(found, ways, confidences, names=["row 0", "row 1", "row 2"], class_names=NAMES,
                   title="pgd, L2 radius 1")  # fmt: skip
    assert_readable(figure)
    assert len(figure.axes) == 12
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[4:8] == ["cat (80 %)", f"difference × {found.factors[1]:.3g}", "cat",
                           "cat → cat by iteration"]  # fmt: skip
    words = [text.get_text() for text in figure.axes[3].texts]
    assert words[1:] == ["cat", "dog"]
    assert [ax.get_ylabel() for ax in figure.axes[::4]] == ["row 0", "row 1", "row 2"]


def test_closed_form_bars_are_the_probabilities(samples):
    found, ways, _ = samples
    confidences = np.linspace(0.2, 0.9, 18).reshape(3, 6)
    figure = drawn(found, ways, confidences, after=[2, 1, 0])
    heights = [bar.get_height() for bar in figure.axes[7].patches]
    np.testing.assert_allclose(heights, confidences[1])
    assert figure.axes[2].get_title() == "2"


def test_contract_of_many_observations_the_first_are_drawn(samples):
    found, ways, confidences = samples
    many = [np.repeat(part, 5, axis=0) for part in (found.originals, found.differences,
            found.twins, found.factors, ways, confidences)]  # fmt: skip
    assert len(adversarial_samples(*many).axes) == 8 * 4
    with pytest.raises(InvalidValue, match=r"factors must be one per original \(15, > 0\); got 2"):
        adversarial_samples(*many[:3], [1.0, 2.0], *many[4:])


def curve(**columns):
    frame = {"method": "pgd", "norm": "l2", "radius": [0.0, 0.5, 1.0], "n": 50,
             "accuracy": [0.9, 0.4, 0.1], "control": [0.9, 0.9, 0.85], "held": [1.0, 0.5, 0.1],
             "held_control": [1.0, 1.0, 0.9]}  # fmt: skip
    return pd.DataFrame({**frame, **columns})


def test_outcome_one_network_has_its_accuracy(assert_readable):
    figure = radius_curves(curve(), title="MNIST")
    assert_readable(figure)
    (ax,) = figure.axes
    assert ax.get_ylabel() == "accuracy"
    assert ax.get_xlabel() == "L2 radius, in units of the input"
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.9, 0.4, 0.1])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [0.9, 0.9, 0.85])


def test_outcome_beside_an_untrained_one_also_what_stays(assert_readable):
    both = pd.concat([curve(checkpoint="trained"), curve(checkpoint="untrained", accuracy=0.1)])
    figure = radius_curves(both)
    assert_readable(figure)
    assert [ax.get_ylabel() for ax in figure.axes] == ["accuracy", "predictions that stay"]
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["trained", "untrained", "attack", "random direction"]


def test_contract_one_norm_a_figure_and_no_labels_no_accuracy():
    with pytest.raises(InvalidValue, match="table must be rows in one norm; got l2, linf"):
        radius_curves(pd.concat([curve(), curve(norm="linf")]))
    figure = radius_curves(curve(accuracy=np.nan, control=np.nan))
    assert [ax.get_ylabel() for ax in figure.axes] == ["predictions that stay"]
    two = radius_curves(pd.concat([curve(), curve(method="fgsm")]))
    assert [t.get_text() for t in two.legends[0].get_texts()][:2] == ["pgd", "fgsm"]


def test_outcome_arrows_lead_from_originals_to_twins(assert_readable):
    rng = np.random.default_rng(0)
    maps = {f"layer{k}": (rng.normal(size=(60, 2)), rng.integers(0, 3, 60)) for k in range(5)}
    table = pd.DataFrame({
        "layer": np.repeat(list(maps), 4), "after": np.tile([0, 1, 2, 1], 5),
        **{name: rng.normal(size=20) for name in
           ("x", "y", "twin_x", "twin_y", "control_x", "control_y")},
    })  # fmt: skip
    table.loc[1, "x"] = np.nan
    figure = twin_maps(maps, table, class_names=NAMES)
    assert_readable(figure)
    assert [ax.get_title() for ax in figure.axes] == list(maps)
    arrows = figure.axes[0].collections[2].get_segments()
    assert len(arrows) == 3  # one has no place
    row = table.iloc[0]
    np.testing.assert_allclose(arrows[0], [[row.x, row.y], [row.twin_x, row.twin_y]])
    with pytest.raises(InvalidValue, match="maps must be at least one layer; got none"):
        twin_maps({}, table)


def test_outcome_the_way_along_the_depth(assert_readable):
    summary = pd.DataFrame({
        "layer": ["input", "features.conv1", "classifier.relu2"], "travelled": [0.2, 1, 4],
        "control_travelled": [0.2, 0.3, 0.4], "of_old": [0.9, 0.5, 0.1], "of_new": [0, 0.3, 0.9],
        "control_of_old": 0.9, "control_of_new": 0.02,
    })  # fmt: skip
    figure = twin_curves(summary, title="Twins")
    assert_readable(figure)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [0.2, 1, 4])
    with pytest.raises(InvalidValue, match="summary must be at least one layer; got none"):
        twin_curves(summary.iloc[:0])


def test_contract_every_class_has_a_name(samples):
    found, ways, confidences = samples
    with pytest.raises(InvalidValue, match="class_names must be at least 3; got 2"):
        drawn(found, ways, confidences, class_names=["a", "b"])
