"""The section on neurons: outcome (its numbers are the table's) and contract (partial tables)."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise import report
from layerwise.report.blocks import Figure
from layerwise.report.neurons import neurons

AFTER = "epoch-009"


def figures_of(section):
    return {block.id: block for block in section.blocks if isinstance(block, Figure)}


@pytest.fixture(scope="module")
def section(studied):
    return neurons([studied])


def test_every_figure_names_its_ranking_and_the_figure_it_is_after(section):
    shown = figures_of(section)
    for kind, number in (("power", 12), ("roles", 13), ("neuron", 14)):
        caption = shown[f"figure-{kind}-3"].caption
        assert "ranked by forests of 12 extremely randomised trees" in caption
        assert f"After Fig. {number} of Rauber et al. 2017." in caption


def test_the_class_of_the_study_is_shown(section):
    caption = figures_of(section)["figure-power-3"].caption
    assert "before training above and after training below" in caption
    assert "tells digit 8 from the rest" in caption


def test_the_neuron_shown_is_the_strongest_of_that_class_with_its_activation(section, studied):
    table = studied.table("discrimination").query(
        "checkpoint == 'epoch-015' and ranking == 'forest' and `class` == 8"
    )
    unit = table.groupby("unit")["importance"].mean().idxmax()
    rows = np.flatnonzero(studied.labels["subset"] == "test")
    values = studied.activations("relu3")[rows][:, unit]
    own = studied.labels["digit"][rows] == 8
    caption = figures_of(section)["figure-neuron-3"].caption
    assert f"neuron {unit}, the best for 8" in caption
    assert f"mean {values[own].mean():.2f} on 8, {values[~own].mean():.2f} on the rest" in caption


def test_the_strongest_neurons_of_each_class_are_listed(section):
    table = figures_of(section)["figure-roles-3"].numbers
    assert [row[0] for row in table.rows] == list("0123456789")
    assert sum(int(row[1]) for row in table.rows) <= 64
    assert all(len(row[2].split(", ")) <= 5 for row in table.rows)


def test_the_numbers_stand_beside_what_chance_gives(section, studied):
    trust = next(
        block for block in section.blocks if getattr(block, "columns", ("",))[0] == "measure"
    )
    assert trust.columns == (
        "measure",
        "by chance",
        "relu3, before training",
        "relu3, after training",
    )
    assert len(trust.rows) == 7
    scores = studied.table("scores").query("score == 'stress of the neuron map'")
    assert trust.rows[0][2:] == tuple(f"{value:.2f}" for value in scores["value"])


def test_dead_neurons_and_copies_are_counted_and_listed(small, rows, tmp_path):
    run = small(tmp_path / "run")
    units = rows.units("relu2", AFTER, 40, dead=2)
    units.loc[10:33, "twin"] = units.loc[10:33, "unit"] // 2 * 2
    run.write_table("units", units, {})
    kinds, listed = neurons([run]).blocks[-2:]
    assert kinds.rows == (
        ("relu2", f"after training ({AFTER})", "all", "40", "38", "0", "2", "13"),
    )
    dead, copies = (row[-1] for row in listed.rows)
    assert dead == "0 and 1"
    assert copies.startswith("10 and 11; 12 and 13; ")
    assert copies.endswith("28 and 29; 3 more groups")
    assert listed.folded


def test_units_without_roles_are_drawn_and_dead_layers_are_only_counted(small, rows, tmp_path):
    run = small(tmp_path / "run")
    run.write_table("units", rows.units("relu2", AFTER, 12), {})
    assert "not ranked" in figures_of(neurons([run]))["figure-roles-2"].caption
    other = small(tmp_path / "other")
    other.write_table("units", rows.units("relu2", AFTER, 3, dead=3), {})
    assert not figures_of(neurons([other]))
    assert neurons([small(tmp_path / "none")]) is None


def test_only_the_deepest_layers_are_drawn(small, rows, tmp_path):
    run = small(tmp_path / "run", layers=("relu1", "relu2", "relu3"))
    for layer in ("relu1", "relu2", "relu3"):
        run.write_table("units", rows.units(layer, AFTER, 12), {"layer": layer})
    found = neurons([run])
    assert list(figures_of(found)) == ["figure-roles-3", "figure-roles-2"]
    assert [row[0] for row in found.blocks[-2].rows] == ["relu1", "relu2", "relu3"]
    report.render([run])
