"""The section on attributions: pictures, controls and the numbers of the table."""

from __future__ import annotations

import pytest
from tests.explained import METHODS, run_with_attributions

from layerwise.report.asking.attributions import attributions
from layerwise.report.blocks import Figure, Note, Table


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_with_attributions(tmp_path_factory.mktemp("explained") / "run")


@pytest.fixture(scope="module")
def blocks(run):
    section = attributions([run])
    assert section.title == "What answers rest on"
    return section.blocks


def test_outcome_maps_curves_and_weights_drawn_anew(blocks):
    figures = [block for block in blocks if isinstance(block, Figure)]
    assert [one.id for one in figures] == [
        "attributions-maps", "attributions-curves", "attributions-randomized",
    ]  # fmt: skip
    assert all(one.png[:4] == b"\x89PNG" for one in figures)
    assert figures[0].alt.endswith("for 2 observations.")


def test_outcome_it_says_what_attributions_do_not_show(blocks):
    (note,) = (block for block in blocks if isinstance(block, Note))
    assert "It does not say that the answer is right" in note.text


def test_reference_the_numbers_are_means_of_the_table(run, blocks):
    (table,) = (block for block in blocks if isinstance(block, Table))
    kept = run.table("attributions")
    assert len(table.rows) == 2 * len(METHODS)
    for row in table.rows:
        named = dict(zip(table.columns, row, strict=True))
        after = named["checkpoint"].startswith("after")
        own = kept[(kept["checkpoint"] == ("epoch-001" if after else "epoch-000"))]
        method = {"gradient": "gradient", "Grad-CAM at relu2": "grad_cam"}.get(
            named["method"], "integrated_gradients"
        )
        mean = own[own["method"] == method]["deletion_random"].mean()
        assert float(named["deletion, random"].replace("−", "-")) == pytest.approx(mean, rel=6e-3)
        assert (named["like before"] == "–") is not after
        assert (named["error of sum"] == "–") is (method != "integrated_gradients")


def test_contract_a_run_without_attributions_has_no_section(studied):
    assert attributions([studied]) is None


def test_outcome_weights_drawn_anew_are_said_of_the_observations_they_were_asked_of(blocks):
    drawn = next(one for one in blocks if getattr(one, "id", "") == "attributions-randomized")
    assert "Mean over 2 observations; one seed" in drawn.caption


def test_contract_weights_drawn_anew_at_another_checkpoint_are_left_out(tmp_path):
    run = run_with_attributions(tmp_path / "run")
    kept = run.table("attribution_randomized").assign(checkpoint="epoch-000")
    about = {"function": "keep_attributions", "checkpoint": "epoch-001"}
    run.write_table("attribution_randomized", kept, about)
    shown = [one.id for one in attributions([run]).blocks if isinstance(one, Figure)]
    assert shown == ["attributions-maps", "attributions-curves"]
