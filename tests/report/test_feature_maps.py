"""The section on one observation: its numbers are the table's, its controls stand beside it."""

from __future__ import annotations

import pytest
from tests.followed import AFTER, NAME, followed

from layerwise import analysis, report
from layerwise.report.blocks import Figure, Note, Table
from layerwise.report.feature_maps import feature_maps


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return followed(tmp_path_factory.mktemp("followed") / "run")[0]


@pytest.fixture(scope="module")
def blocks(run):
    section = feature_maps([run])
    assert section.title == "Activations of one observation"
    return section.blocks


def test_outcome_the_caution_of_the_lecture_is_quoted_with_its_source(blocks):
    (note,) = (block for block in blocks if isinstance(block, Note))
    assert "“individual channels usually have no clear semantic” (F. Fleuret, EE-559" in note.text


def test_outcome_the_observation_with_boxes_then_the_channels_before_and_after(blocks):
    first, second = (block for block in blocks if isinstance(block, Figure))
    assert (first.id, second.id) == ("activations-input", "activations-channels")
    assert first.caption.startswith(f"{NAME}. A box is the receptive field")
    assert f"What layers make of {NAME}, 4 layers" in second.caption
    assert "after training (epoch-001), the same ones before it" in second.caption
    assert all(block.png[:4] == b"\x89PNG" for block in (first, second))


def test_reference_the_numbers_are_those_of_the_table(run, blocks):
    (table,) = (block for block in blocks if isinstance(block, Table))
    kept = run.table("feature_maps").set_index(["layer", "checkpoint"])
    assert len(table.rows) == len(kept) == 12
    named = dict(zip(table.columns, table.rows[3], strict=True))
    row = kept.loc["relu1", "epoch-001"]
    assert named["layer"] == "relu1"
    assert named["checkpoint"] == "after training (epoch-001)"
    assert named["shape"] == "4 × 16 × 16"
    assert named["sees"] == "3 × 3"
    assert named["silent"] == f"{row['silent']} of 4"
    assert named["active"] == f"{100 * row['active']:.1f}\u00a0%"
    assert table.rows[-1][3:5] == ("18 × 18 (all)", "–")


def test_contract_a_run_without_an_observation_has_no_section(studied):
    assert feature_maps([studied]) is None


def test_contract_without_a_picture_the_channels_and_numbers_remain(tmp_path):
    run, maps = followed(tmp_path / "run")
    for table in run.stored()["images"]:
        if table.provenance().get("layer") == "input":
            table.path.unlink()
    section = feature_maps([run])
    assert [block.id for block in section.blocks if isinstance(block, Figure)] == [
        "activations-channels"
    ]
    assert len(maps) == 2


def test_contract_another_observation_is_not_set_beside_the_untrained_network(tmp_path):
    run, maps = followed(tmp_path / "run")
    analysis.keep_feature_maps(run, {AFTER: maps[AFTER]}, name="pictures 3")
    section = feature_maps([run])
    (figure,) = (block for block in section.blocks if isinstance(block, Figure))
    assert "What layers make of pictures 3" in figure.caption
    assert "before it" not in figure.caption
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert {row[1] for row in table.rows} == {"after training (epoch-001)"}


def test_outcome_the_page_holds_the_section(run, tmp_path):
    page = report.render([run], interactive=False)
    assert "Activations of one observation" in page
