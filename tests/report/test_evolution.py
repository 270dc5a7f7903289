"""The section on evolution: outcome (numbers of the table) and contract (partial tables)."""

from __future__ import annotations

import pytest

from layerwise.report.blocks import Figure, Table
from layerwise.report.evolution import evolution
from layerwise.scores.names import SPREAD_2D, SPREAD_ND

BEFORE, AFTER = "epoch-000", "epoch-009"


def figures_of(section):
    return {block.id: block for block in section.blocks if isinstance(block, Figure)}


def tables_of(section):
    return [block for block in section.blocks if isinstance(block, Table)]


@pytest.fixture(scope="module")
def section(studied):
    return evolution([studied])


def test_both_directions_have_trails_maps_and_spreads(section):
    shown = figures_of(section)
    assert list(shown) == [
        f"figure-{kind}-{over}" for over in ("layers", "epochs")
        for kind in ("trails", "evolution", "spread")
    ]  # fmt: skip
    assert "After Fig. 10 of Rauber et al. 2017." in shown["figure-trails-layers"].caption
    assert "After Fig. 11 of Rauber et al. 2017." in shown["figure-trails-epochs"].caption
    assert "before training and after training" in shown["figure-trails-layers"].caption
    assert "in layer relu3" in shown["figure-trails-epochs"].caption
    for figure in shown.values():
        assert "t-SNE" in figure.caption
    assert "the spread within" in shown["figure-trails-layers"].alt


def test_numbers_are_those_of_the_table(section, studied):
    numbers = figures_of(section)["figure-spread-layers"].numbers
    assert numbers.columns == ("network", "space", "relu1", "relu2", "relu3")
    assert [row[:2] for row in numbers.rows] == [
        ("before training", "2-D map"), ("before training", "n-D layer"),
        ("after training", "2-D map"), ("after training", "n-D layer"),
    ]  # fmt: skip
    values = studied.table("motion").query(
        "over == 'layers' and at == 'epoch-015' and method == 'sequential' and "
        "measure == 'spread n-D'"
    )["value"]
    assert numbers.rows[-1][2:] == tuple(f"{value:.2f}" for value in values)


def test_stability_has_a_row_for_every_method_and_correlations_over_epochs_only(section):
    layers, epochs = tables_of(section)
    assert layers.columns == ("method", "network", "trail length")
    assert [row[:2] for row in layers.rows] == [
        ("sequential", "after training"), ("independent", "after training"),
        ("sequential", "before training"),
    ]  # fmt: skip
    assert epochs.columns[2:] == (
        "trail length", "Pearson", "Spearman", "Kendall", "normalised stress",
    )  # fmt: skip
    assert [row[0] for row in epochs.rows] == ["joint", "independent"]


def test_maps_alone_are_shown_without_numbers(small, rows, tmp_path):
    run = small(tmp_path / "run", classes=())
    run.write_table("evolution", rows.evolution(run, "epochs", "relu2", "dynamic"), {})
    (figure,) = evolution([run]).blocks
    assert "neighbourhood hit" not in figure.caption
    assert figure.alt == "Maps of layer relu2 at every epoch: epoch-000 and epoch-009, relu2."
    assert evolution([small(tmp_path / "bare")]) is None


def test_of_many_checkpoints_some_are_mapped_and_all_are_measured(small, rows, tmp_path):
    names = tuple(f"epoch-{k:03d}" for k in range(13))
    run = small(tmp_path / "run", checkpoints=names)
    run.write_table("evolution", rows.evolution(run, "epochs", "relu2", "joint"), {})
    values = {SPREAD_2D: tuple(range(13)), SPREAD_ND: tuple(range(13))}
    run.write_table("motion", rows.motion("epochs", "relu2", "joint", values, Pearson=-0.5), {})
    section = evolution([run])
    assert "(10 of 13, evenly spaced)" in figures_of(section)["figure-evolution-epochs"].caption
    assert len(figures_of(section)["figure-spread-epochs"].numbers.columns) == 15
    (stability,) = tables_of(section)
    assert stability.rows == (("joint", "relu2", "−0.50"),)


def test_a_checkpoint_recorded_later_does_not_spoil_what_was_followed(small, rows, tmp_path):
    run = small(tmp_path / "run")
    run.write_table("evolution", rows.evolution(run, "epochs", "relu2", "joint"), {})
    run.add_checkpoint("epoch-020", fingerprint="later")
    assert "epoch-020" not in evolution([run]).blocks[0].alt


def test_several_runs_show_their_spread_and_whose_maps_these_are(small, rows, tmp_path):
    runs = []
    for seed in (3, 4):
        run = small(tmp_path / str(seed), seed=seed)
        run.write_table("evolution", rows.evolution(run, "epochs", "relu2", "joint"), {})
        values = {SPREAD_ND: (0.9, 0.4 + seed / 50)}
        run.write_table("motion", rows.motion("epochs", "relu2", "joint", values), {})
        runs.append(run)
    section = evolution(runs)
    assert section.blocks[0].text == "Maps and trails of the first of 2 runs (seed 3)."
    numbers = figures_of(section)["figure-spread-epochs"].numbers
    assert numbers.rows[0][-1].replace("\xa0", " ") == "0.47 ± 0.01"
