"""Sections on ablation and generalisation: outcome (numbers are the tables'), partial tables."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.runs import small_run

from layerwise.analysis.asking import ablation as names
from layerwise.analysis.asking.generalisation import COLUMNS
from layerwise.report.asking.ablation import ablation
from layerwise.report.asking.generalisation import generalisation
from layerwise.report.blocks import Figure, Findings, Note, Table

BEFORE, AFTER = "epoch-000", "epoch-009"


@pytest.fixture
def run(tmp_path):
    return small_run(tmp_path / "run", network="a net")


def blocks(section, kind: type) -> list:
    return [block for block in section.blocks if isinstance(block, kind)]


def errors(*variants: tuple[str, float], seeds: int = 2) -> pd.DataFrame:
    rows = []
    for position, (name, error) in enumerate(variants):
        for seed in range(seeds):
            values = {
                names.TEST_ERROR: error + 0.004 * seed, names.TRAIN_ERROR: error / 2,
                names.N_LAYERS: 6 - position, names.N_PARAMETERS: 12_345, names.DEAD: 1,
                names.TWINS: 2, names.LARGEST: 1.5,
            }  # fmt: skip
            rows += [(name, position, seed, what, value, 600) for what, value in values.items()]
    return pd.DataFrame(rows, columns=list(names.COLUMNS))


def test_without_the_tables_there_is_no_section(run) -> None:
    assert ablation([run]) is None
    assert generalisation([run]) is None


def test_ablation_says_what_was_lost_and_shows_the_published_table(run) -> None:
    table = errors(("whole", 0.02), ("without layer 5", 0.02), ("without layers 2, 5", 0.12))
    run.write_table("ablation", table, {"function": "ablation", "training": "Here: 300 images."})
    section = ablation([run])
    (picture,) = blocks(section, Figure)
    assert "Here: 300 images." in picture.caption
    assert "2 seeds" in picture.caption
    (said,) = blocks(section, Findings)[0].items
    assert "“without layers 2, 5” 12.2" in said.text
    assert "1 of 2 variants are not clearly worse" in said.text
    numbers, first_layer, published = blocks(section, Table)
    assert numbers.rows[0][-2:] == ("–", "–")
    assert numbers.rows[2][:3] == ("without layers 2, 5", "4", "12,345")
    assert numbers.rows[2][5] == "+10.0"
    assert first_layer.rows[0] == ("whole", "1.0", "2.0", "1.50")
    assert ("Krizhevsky et al. 2012, retrained", "without layers 3, 4, 6, 7", "71.1\xa0%",
            "71.3\xa0%", "50.1\xa0%") in published.rows  # fmt: skip
    assert "no reproduction" in blocks(section, Note)[0].text


def test_one_seed_and_nothing_lost(run) -> None:
    run.write_table("ablation", errors(("whole", 0.02), ("less", 0.5), seeds=1), {"function": "a"})
    section = ablation([run])
    assert blocks(section, Findings)[0].items[0].text.startswith("No variant is clearly worse")
    assert blocks(section, Table)[0].rows[1][-1] == "–"


def probes(*checkpoints: str) -> pd.DataFrame:
    values = {BEFORE: (0.5, 0.6, 0.7), AFTER: (0.5, 0.45, 0.9)}
    rows = [("input", 0, checkpoints[0], "digits", 64, 0.8, 0.02, 0.1, 5, 5, 300)]
    rows += [
        (layer, position, checkpoint, "digits", 16, value, 0.02, 0.1, 5, 5, 300)
        for checkpoint in checkpoints
        for position, (layer, value) in enumerate(
            zip(("relu1", "relu2", "relu3"), values[checkpoint], strict=True), start=1
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(learned="digits 0, 1", data="digits 5")


def test_generalisation_says_what_training_added_and_where_it_falls(run) -> None:
    run.write_table("generalisation", probes(BEFORE, AFTER), {"function": "generalisation"})
    section = generalisation([run])
    (said,) = blocks(section, Findings)[0].items
    assert "Layer relu3 serves best: 90.0" in said.text
    assert "raw input 80.0" in said.text
    assert "falls 1 time" in said.text
    assert "changed it by +20.0 points" in said.text
    assert "untrained network, relu3, has 70.0" in said.text
    (picture,) = blocks(section, Figure)
    assert "300 observations of digits 5" in picture.caption
    assert len(picture.numbers.rows) == 7
    (published,) = blocks(section, Table)
    assert ("linear SVM", "1", "44.8\xa0±\xa00.7\xa0%", "24.6\xa0±\xa00.4\xa0%") in published.rows
    assert ("softmax", "7", "85.4\xa0%", "72.6\xa0%") in published.rows


def test_one_checkpoint_has_no_control_and_says_nothing_of_training(run) -> None:
    run.write_table("generalisation", probes(AFTER), {"function": "generalisation"})
    (said,) = blocks(generalisation([run]), Findings)[0].items
    assert "Training" not in said.text
