"""The sections on the strongest observations: numbers of the tables, the untrained beside them."""

from __future__ import annotations

import pytest
from tests.topped import topped

from layerwise import report
from layerwise.report.asking.top import feature_evolution, top
from layerwise.report.blocks import Figure, Note, Table


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return topped(tmp_path_factory.mktemp("topped") / "run")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def test_outcome_a_figure_a_layer_with_the_untrained_units_beside(run) -> None:
    section = top([run])
    assert section.title == "What excites each unit most"
    pictures = of(section, Figure)
    assert [one.id for one in pictures] == [f"figure-top-{k}" for k in (1, 2, 3)]
    assert "relu1 most, and of the same units before training" in pictures[0].caption
    assert "After Fig. 2 of Zeiler and Fergus 2014" in pictures[0].caption
    (note,) = of(section, Note)
    assert "stand deconvnet projections" in note.text
    assert "say nothing of what else might" in note.text


def test_reference_numbers_are_those_of_the_table(run) -> None:
    (table,) = of(top([run]), Table)
    assert len(table.rows) == 9
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [row["layer"] for row in rows] == ["relu1"] * 3 + ["relu2"] * 3 + ["fc"] * 3
    kept = run.table("top").query("layer == 'fc' and checkpoint == 'epoch-002' and value > 0")
    shares = kept.groupby("unit")["class"].agg(lambda c: c.value_counts().max() / len(c))
    assert rows[-1]["same class"] == f"{100 * shares.mean():.1f}\u00a0%"
    assert rows[2]["silent"] == "1"


def test_outcome_how_features_came_about(run) -> None:
    section = feature_evolution([run])
    assert [one.id for one in of(section, Figure)] == [
        "figure-feature-settling", "figure-feature-evolution",
    ]  # fmt: skip
    (note,) = of(section, Note)
    assert note.text.startswith("Zeiler and Fergus (2014, Fig. 4) report")
    assert "one seed: a trend, no law" in note.text
    (table,) = of(section, Table)
    moved = run.table("feature_evolution").query("layer == 'relu2'")
    jumps = moved["jumped"].sum() / moved["unit"].nunique()
    assert table.rows[1][:3] == ("relu2", str(moved["unit"].nunique()), f"{jumps:.2f}")


def test_contract_a_run_without_them_has_no_section(studied) -> None:
    assert top([studied]) is None
    assert feature_evolution([studied]) is None


def test_outcome_the_page_holds_both(run) -> None:
    page = report.render([run], interactive=False)
    assert "What excites each unit most" in page
    assert "How features came about" in page


def test_outcome_a_control_is_named_only_where_there_is_one(run, tmp_path) -> None:
    (table,) = of(top([run]), Table)
    assert "The control is the network before training (epoch-000)" in table.caption
    alone = topped(tmp_path / "run", last_alone=True)
    section = top([alone])
    assert "control" not in of(section, Table)[0].caption
    assert all("before" not in one.caption for one in of(section, Figure))


def test_contract_pictures_and_numbers_are_of_one_subset(tmp_path) -> None:
    run = topped(tmp_path / "run", subset="test")
    topped(tmp_path / "run", subset="train", n_checkpoints=2)
    shown = of(feature_evolution([run]), Figure)
    names = run.table("feature_evolution").groupby("subset")["checkpoint"].nunique().to_dict()
    assert names == {"test": 3, "train": 2}
    assert [one.id for one in shown][-1] == "figure-feature-evolution"
