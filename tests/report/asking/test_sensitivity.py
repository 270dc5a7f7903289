"""Sections on covered and moved pictures: numbers are the tables', controls and limits said."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from layerwise import analysis, models, record
from layerwise.attribution import correspondence, invariance, occlusion_maps
from layerwise.report.asking.correspondence import correspondence as parts_section
from layerwise.report.asking.invariance import invariance as curves_section
from layerwise.report.asking.occlusion import occlusion as occlusion_section
from layerwise.report.blocks import Figure, Note, Table
from layerwise.report.sections import STILL

NAMES = ["test 0", "test 1"]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Return a run with the three tables, and what they were made of."""
    folder = tmp_path_factory.mktemp("asked") / "run"
    x = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    maps, curves, parts = {}, {}, {}
    for seed, checkpoint in enumerate(("epoch-000", "epoch-001")):
        net = models.lenet(
            (1, 8, 8), 4, channels=(5,), kernel_size=3, pools=(2,), hidden=(6,), random_state=seed
        )
        run = record(
            net, x, to=folder, layers=["relu1"], checkpoint=checkpoint, labels={"kind": [3, 1]},
            class_names={"kind": ["a", "b", "c", "d"]}, provenance={"label": "kind"},
        )  # fmt: skip
        maps[checkpoint] = occlusion_maps(net, x, [3, 1], window=3)
        curves[checkpoint] = [
            invariance(net, x, [3, 1], ["relu1", "relu2"], kind=kind)
            for kind in ("translation", "scale")
        ]
        parts[checkpoint] = correspondence(net, x, {"eye": np.full((2, 2), 3)}, ["relu1"])
    analysis.keep_occlusion(run, maps, names=NAMES, pictures=np.zeros((2, 8, 8, 1), np.uint8))
    analysis.keep_invariance(run, curves, names=NAMES)
    analysis.keep_correspondence(run, parts, data="noise")
    return run, maps["epoch-001"], curves["epoch-001"], parts["epoch-001"]


def blocks(section):
    kinds = {Note: "note", Figure: "figure", Table: "table"}
    return {kinds[type(block)]: block for block in section.blocks}


def test_outcome_the_report_has_the_three_sections(asked):
    made = [section.id for make in STILL if (section := make([asked[0]])) is not None]
    order = [name for name in made if name in ("occlusion", "invariance", "correspondence")]
    assert order == ["occlusion", "invariance", "correspondence"]


def test_reference_the_numbers_of_covering(asked):
    run, maps, *_ = asked
    found = blocks(occlusion_section([run]))
    row = dict(zip(found["table"].columns, found["table"].rows[0], strict=True))
    assert row["picture"] == "test 0"
    assert row["class"] == "d"
    assert row["P, whole"] == f"{100 * maps.whole_probability[0]:.1f}\u00a0%"
    assert row["least P"] == f"{100 * maps.probability[0].min():.1f}\u00a0%"
    others = 100 * np.mean(maps.predicted[0] != maps.whole_predicted[0])
    assert row["places with another answer"] == f"{others:.1f}\u00a0%"
    assert "never seen the like of" in found["note"].text
    assert "a plain square of 3 × 3 pixels" in found["figure"].caption.lower()
    assert "after training (epoch-001)" in found["figure"].caption
    assert "Zeiler and Fergus 2014, Fig. 7" in found["figure"].caption


def test_reference_the_numbers_of_moving(asked):
    run, _, curves, _ = asked
    found = blocks(curves_section([run]))
    assert found["table"].columns == ("change", "checkpoint", "relu1", "relu2", "P(true class)")
    rows = [row for row in found["table"].rows if row[1] == "after training (epoch-001)"]
    assert rows[0][0] == "translation, 2 pixels down"
    largest = curves[0].relative("relu2")[:, list(curves[0].sizes).index(2)]
    assert rows[0][3] == f"{largest.mean():.2f}\u00a0±\u00a0{largest.std(ddof=1):.2f}"
    assert any(row[1] == "before training (epoch-000)" for row in found["table"].rows)
    assert "compare with the network before training" in found["note"].text
    assert "there is no control" not in found["note"].text
    assert "2 observations" in found["figure"].caption


def test_reference_the_numbers_of_parts(asked):
    run, *_, parts = asked
    found = blocks(parts_section([run]))
    rows = [row for row in found["table"].rows if row[1].startswith("after")]
    assert [row[2] for row in rows] == ["eye", "same place", "random"]
    assert rows[0][3] == f"{parts['delta'][0]:.3f} ± {parts['spread'][0]:.3f}"
    assert rows[1][4] == "–"
    assert "same place" in found["note"].text
    assert "no yardstick" in found["note"].text


def test_contract_a_run_without_the_tables_has_no_such_sections(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())
    run = record(net, torch.rand(4, 3), to=tmp_path / "run", layers=["1"])
    for make in (occlusion_section, curves_section, parts_section):
        assert make([run]) is None


def test_contract_without_the_network_before_training_there_is_no_control(asked, tmp_path):
    _, _, curves, parts = asked
    net = models.lenet((1, 8, 8), 4, channels=(5,), kernel_size=3, pools=(2,), hidden=(6,))
    run = record(net, torch.rand(2, 1, 8, 8), to=tmp_path / "run", layers=["relu1"])
    analysis.keep_invariance(run, {"final": curves}, names=NAMES)
    analysis.keep_correspondence(run, {"final": parts})
    assert "there is no control" in blocks(curves_section([run]))["note"].text
    assert "what it learned remains open" in blocks(parts_section([run]))["note"].text
    assert "there is no control" not in blocks(curves_section([asked[0]]))["note"].text
