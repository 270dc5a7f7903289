"""The section on filters: outcome (its numbers are the tables'), contract (partial tables)."""

from __future__ import annotations

import numpy as np
import pytest
from tests.analysis.test_filters import FIRST, LAST, FakeKernel, network
from tests.runs import small_run

from layerwise import analysis, report
from layerwise.report.blocks import Figure, Note, Table
from layerwise.report.filters import filters


@pytest.fixture
def run(tmp_path):
    run = small_run(tmp_path / "run")
    analysis.keep_filters(run, {FIRST: network(0), LAST: network(1)})
    return run


def test_contract_without_tables_there_is_no_section(tmp_path):
    assert filters([small_run(tmp_path / "run")]) is None


def test_outcome_first_layers_before_and_after_and_all_layers_in_numbers(run):
    section = filters([run])
    pictures = [block for block in section.blocks if isinstance(block, Figure)]
    assert [one.id for one in pictures] == ["figure-filters-0", "figure-filters-1"]
    assert "conv1" in pictures[0].alt
    assert "before and after training" in pictures[0].caption
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert [row[:2] for row in table.rows] == [
        (layer, time) for layer in ("conv1", "conv2", "relu1") for time in (FIRST, LAST)
    ]  # fmt: skip
    kernels = run.table("kernels").set_index(["layer", "checkpoint"])
    for row in table.rows:
        found = dict(zip(table.columns, row, strict=True))
        checkpoint = found["checkpoint"]
        known = kernels.loc[found["layer"], checkpoint]
        assert found["norm"] == f"{known['norm']:.2f}"
        rank = f"{known['effective_rank']:.1f} of {known['max_rank']}"
        assert found["effective rank"] == rank
        expected = "–" if checkpoint == FIRST else f"{100 * known['moved']:.1f}\u00a0%"
        assert found["moved"] == expected
    assert table.rows[2][2] == "Conv2d 8 × 3 × 3 × 3 in 2 groups"


def test_contract_the_figure_shows_the_kept_pictures(run, monkeypatch):
    seen = []

    def tiles(groups, **options):
        seen.append(groups)
        return real(groups, **options)

    from layerwise import figures

    real = figures.tiles
    monkeypatch.setattr(figures, "tiles", tiles)
    filters([run])
    first, second = seen[0]
    at = analysis.filter_tables({FIRST: network(0), LAST: network(1)}).pictures["conv1"]
    np.testing.assert_array_equal(first.pixels, at[FIRST].pixels)
    np.testing.assert_array_equal(second.pixels, at[LAST].pixels)
    assert first.caption == (
        f"conv1, before training ({FIRST}): all 6 filters, inputs 0, 1 and 2 as red, green and blue"
    )
    assert first.key == figures.Key("rgb", None)
    seen.clear()
    analysis.keep_filters(run, {FIRST: network(0), LAST: network(1, 2.0)}, scale="layer")
    filters([run])
    limits = {group.key.limit for group in seen[0]}
    assert limits == {np.abs(network(1, 2.0)["conv1"].weights).max()}


def test_contract_one_checkpoint_no_pictures_and_several_runs(tmp_path):
    run = small_run(tmp_path / "run")
    matrix = FakeKernel("fc", np.ones((3, 4)), 1, "Linear", (), ())
    analysis.keep_filters(run, {"": {"fc": matrix}})
    section = filters([run])
    (table,) = section.blocks
    assert table.rows[0][:5] == ("fc", "–", "Linear 3 × 4", "3.46", "1.0 of 3")
    assert any(isinstance(block, Note) for block in filters([run, run]).blocks)


def test_outcome_the_page_has_the_section(run):
    page = report.render([run], interactive=False)
    assert 'id="filters"' in page
    assert "Roy and Vetterli" in page
