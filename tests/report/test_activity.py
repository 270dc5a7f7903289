"""The section on the population: outcome (its numbers are the tables') and contract (odd runs)."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests import tallied

from layerwise import analysis, units
from layerwise.report.activity import activity
from layerwise.report.blocks import Figure, Findings
from layerwise.store import Run

NETWORKS = {"epoch-000": "before", "epoch-009": "after"}


def write(run: Run, layers: tuple[str, ...], n_classes: int = 10, **networks: str) -> Run:
    """Write the tables of a population into a run."""
    y = tallied.digits()[1][:400]
    for checkpoint, name in (networks or NETWORKS).items():
        checkpoint = checkpoint.replace("_", "-")
        found = [
            tallied.tables(tallied.layers()[name][layer], y, layer, checkpoint, n_classes=n_classes)
            for layer in layers
        ]
        for kind in ("activity", "selectivity", "class_maps"):
            frame = pd.concat([one[kind] for one in found], ignore_index=True)
            run.write_table(kind, frame, {"function": "tally", "checkpoint": checkpoint})
    return run


def parts(section) -> SimpleNamespace:
    figures = {block.id: block for block in section.blocks if isinstance(block, Figure)}
    found = [item for block in section.blocks if isinstance(block, Findings)
             for item in block.items]  # fmt: skip
    return SimpleNamespace(figures=figures, findings=found)


@pytest.fixture(scope="module")
def run(small, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("population") / "run"
    classes = tuple("0123456789")
    made = small(folder, layers=("conv1", "conv2", "dense"), classes=classes, n=400, label="digit")
    return write(made, ("conv1", "conv2", "dense"))


@pytest.fixture(scope="module")
def section(run):
    return activity([run])


def test_every_figure_names_its_layers_and_both_networks(section):
    shown = parts(section).figures
    assert list(shown) == [
        "figure-activity-units", "figure-activity-states", "figure-activity-active",
        "figure-activity-classes", "figure-activity-selectivity",
    ]  # fmt: skip
    for figure in shown.values():
        assert "before training (epoch-000) and after training (epoch-009)" in figure.caption
        assert figure.alt
    assert "layer dense, the last hidden one" in shown["figure-activity-classes"].caption


def test_numbers_are_those_of_the_table(section, run):
    table = parts(section).figures["figure-activity-states"].numbers
    assert [row[0] for row in table.rows] == ["conv1"] * 2 + ["conv2"] * 2 + ["dense"] * 2
    A = tallied.layers()["after"]["conv2"]
    median = np.median((A > 0).mean(axis=(0, 2, 3)))
    assert table.rows[3][-3] == f"{100 * median:.1f}\xa0%"
    assert table.rows[3][-1] == f"{400 * 4 * 4:,}"
    assert sum(int(cell) for cell in table.rows[3][3:8]) == int(table.rows[3][2]) == 16
    indices = parts(section).figures["figure-activity-selectivity"].numbers
    frame = run.table("selectivity").query("layer == 'dense' and checkpoint == 'epoch-009'")
    assert indices.rows[-1][3] == f"{frame['selectivity'].median():.2f}"


def test_every_sentence_has_its_control_and_its_evidence(section):
    found = parts(section)
    assert len(found.findings) == 3
    for finding in found.findings:
        assert "before training" in finding.text
        assert finding.figure in found.figures


def test_the_idle_are_counted_and_the_worst_layer_named(run, small, tmp_path):
    frame = run.table("activity")
    whole = (frame["class"] < 0) & (frame["checkpoint"] == "epoch-009")
    frame.loc[whole & (frame["layer"] == "conv2") & frame["unit"].isin([1, 4]), "state"] = "dead"
    frame.loc[whole & (frame["layer"] == "dense") & (frame["unit"] == 7), "state"] = "saturated"
    frame.loc[whole & (frame["layer"] == "dense") & (frame["unit"] == 9), "twin"] = 3
    other = small(tmp_path / "run", layers=("conv1", "conv2", "dense"))
    other.write_table("activity", frame, {})
    text = parts(activity([other])).findings[0].text
    assert text == (
        "After training, 3 of 62 units in 3 layers are dead, constant or saturated (before "
        "training 0; most in conv2, 2 of 16), and 1 fire as another one does (before training 0)."
    )
    states = parts(activity([other])).figures["figure-activity-states"].numbers
    assert states.rows[-1][2:8] == ("30", "28", "1", "1", "0", "0")


def test_one_network_has_no_control_and_says_so(small, tmp_path):
    run = small(tmp_path / "run", checkpoints=("trained",))
    write(run, ("conv2",), trained="after")
    found = parts(activity([run]))
    assert all("no untrained control" in finding.text for finding in found.findings)
    assert "conv2" in found.figures["figure-activity-units"].alt


def test_layers_that_were_not_recorded_stand_in_the_order_of_their_tallies(small, tmp_path):
    """Each layer has a table of its own, and files have no order."""
    run = small(tmp_path / "run", checkpoints=("final",))
    names = tuple(f"block.{k}" for k in (3, 1, 2, 5, 4))
    tally = units.Tally(30, n_classes=10)
    tally.update(tallied.layers()["after"]["dense"], tallied.digits()[1][:400])
    analysis.keep_tallies(run, dict.fromkeys(names, tally), checkpoint="final")
    table = parts(activity([run])).figures["figure-activity-states"].numbers
    assert [row[0] for row in table.rows] == list(names)


def test_a_network_without_a_name_is_the_one_given(small, tmp_path):
    run = small(tmp_path / "run")
    tally = units.Tally(30, n_classes=10)
    tally.update(tallied.layers()["after"]["dense"], tallied.digits()[1][:400])
    analysis.keep_tallies(run, {"dense": tally}, checkpoint="")
    found = parts(activity([run]))
    assert "the network as given" in found.figures["figure-activity-states"].caption


def test_networks_that_were_not_recorded_stand_before_the_recorded(small, tmp_path):
    run = small(tmp_path / "run", checkpoints=("final",))
    write(run, ("dense", "conv1"), final="after")
    write(run, ("dense", "conv1"), untrained="before")
    table = parts(activity([run])).figures["figure-activity-states"].numbers
    assert [row[:2] for row in table.rows] == [
        ("dense", "untrained"), ("dense", "final"), ("conv1", "untrained"), ("conv1", "final"),
    ]  # fmt: skip


def test_a_third_checkpoint_is_followed(run, small, tmp_path):
    times = ("epoch-000", "epoch-001", "epoch-009")
    other = small(tmp_path / "run", layers=("conv2",), checkpoints=times)
    write(other, ("conv2",), epoch_000="before", epoch_001="after", epoch_009="after")
    figure = parts(activity([other])).figures["figure-activity-checkpoints"]
    assert "from checkpoint to checkpoint" in figure.caption


def test_many_layers_are_few_in_pictures_and_all_in_tables(small, tmp_path):
    names = tuple(f"layer{k}" for k in range(30))
    run = small(tmp_path / "run", layers=names)
    part = tallied.tables(
        tallied.layers()["after"]["dense"][:, :5], tallied.digits()[1][:400], "x", "epoch-009"
    )["activity"]
    run.write_table("activity", pd.concat([part.assign(layer=name) for name in names]), {})
    found = parts(activity([run])).figures
    assert "(3 of 30 hidden layers, the first, the last and between)" in (
        found["figure-activity-units"].caption
    )
    assert "(20 of 30 layers, evenly spaced)" in found["figure-activity-states"].caption
    assert len(found["figure-activity-states"].numbers.rows) == 30


def test_no_section_without_its_table(small, tmp_path):
    run = small(tmp_path / "run")
    assert activity([run]) is None
    only = tallied.tables(
        tallied.layers()["after"]["dense"], tallied.digits()[1][:400], "dense", "epoch-009"
    )["activity"]
    run.write_table("activity", only[only["class"] >= 0], {})
    assert activity([run]) is None
