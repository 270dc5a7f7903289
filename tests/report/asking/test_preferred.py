"""The section on preferred inputs: outcome (numbers are the tables'), contract (partial tables)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.portrayed import LABELS, NAMES, portrait, real
from tests.runs import make_run, small_run

from layerwise import analysis, figures, report
from layerwise.report.asking.preferred import preferred
from layerwise.report.blocks import Figure, Note, Table

BEFORE, AFTER = "epoch-000", "epoch-009"


def unique() -> pd.DataFrame:
    rows = [
        (network, checkpoint, layer, order, cosine)
        for network, times in (("a net", (BEFORE, AFTER)),
                               ("3 x 500 sigmoid units", ("untrained", "trained")))
        for checkpoint in times
        for order, (layer, cosine) in enumerate((("fc1", 1.0), ("fc2", 0.9123)))
    ]  # fmt: skip
    columns = ["network", "checkpoint", "layer", "order", "cosine"]
    return pd.DataFrame(rows, columns=columns).assign(
        all_agree=0.875, spread=2e-7, linear=0.5, least_linear=0.4, n_units=8, n_starts=5, steps=100
    )


@pytest.fixture
def run(tmp_path):
    run = small_run(tmp_path / "run", network="a net")
    for seed, checkpoint in enumerate((BEFORE, AFTER)):
        given = [portrait(n=2, n_channels=2, seed=seed), portrait("relu2", n=2, seed=seed)]
        given += [
            portrait("classes", n=10, recipe=recipe, scale=scale, starts=3, seed=seed)
            for recipe, scale in (("erhan", 3.0), ("ink", 1.0))
        ]
        analysis.keep_preferred(
            run, given, real(), checkpoint=checkpoint, data="30 squares", labels=LABELS,
            class_names=NAMES,
        )  # fmt: skip
    run.write_table("uniqueness", unique(), {"function": "uniqueness"})
    return run


def blocks(section, kind: type) -> list:
    return [block for block in section.blocks if isinstance(block, kind)]


def test_contract_without_tables_there_is_no_section(tmp_path) -> None:
    assert preferred([small_run(tmp_path / "run")]) is None


def test_contract_the_pictures_are_those_kept_recipe_under_recipe(run, monkeypatch) -> None:
    seen = []
    real_sheet = figures.preferred_sheet

    def sheet(groups, **options):
        seen.append(list(groups))
        return real_sheet(groups, **options)

    monkeypatch.setattr(figures, "preferred_sheet", sheet)
    preferred([run])
    classes, units = seen
    assert [group.caption for group in classes] == [
        f"classes, {when}: {recipe}"
        for when in (f"after training ({AFTER})", f"before training ({BEFORE})")
        for recipe in ("erhan", "ink")
    ]  # fmt: skip
    assert [group.key is not None for group in classes] == [True, False, True, False]
    kept = analysis.preferred_images(
        portrait("classes", n=10, recipe="ink", starts=3, seed=1), real(), class_names=NAMES
    )  # fmt: skip
    np.testing.assert_array_equal(classes[1].pixels, kept.best.pixels)
    assert [group.caption.partition(",")[0] for group in units] == [
        "relu1", "relu1", "relu2", "relu2"
    ]  # fmt: skip


def test_outcome_figures_tables_and_the_caution(run) -> None:
    section = preferred([run])
    pictures = blocks(section, Figure)
    assert [one.id for one in pictures] == [
        "preferred-classes", "preferred-nearest", "preferred-units", "preferred-card"
    ]  # fmt: skip
    assert "sufficient" in blocks(section, Note)[0].text
    near, card = pictures[1], pictures[3]
    assert "30 squares" in near.caption
    expected = sum(
        int(LABELS[row]) == unit for unit in range(10) for row in (np.arange(10) + 10 * unit) % 30
    )
    assert f"{expected} of these 100 real inputs are of the class" in near.caption
    assert "Class 0, after training" in card.caption
    assert "3 random starts (erhan)" in card.caption
    numbers, uniqueness = blocks(section, Table)
    assert [row[:3] for row in numbers.rows[:2]] == [
        ("relu1", "ink", BEFORE), ("relu1", "ink", AFTER)
    ]  # fmt: skip
    table = run.table("preferred")
    for row in numbers.rows:
        found = dict(zip(numbers.columns, row, strict=True))
        part = table[
            (table["layer"] == found["layer"]) & (table["recipe"] == found["recipe"])
            & (table["checkpoint"] == found["checkpoint"])
        ]  # fmt: skip
        share = (part["value"] > part["best_real"]).mean()
        assert found["above all"] == f"{100 * share:.1f}\u00a0%"
        assert found["as meant"] == ("100.0\u00a0%" if found["layer"] == "classes" else "–")
        assert found["nearest"] == "0.75"
    assert [row[:3] for row in uniqueness.rows][:5] == [
        ("a net", BEFORE, "fc1"), ("a net", BEFORE, "fc2"), ("a net", AFTER, "fc1"),
        ("a net", AFTER, "fc2"), ("3 x 500 sigmoid units", "untrained", "fc1"),
    ]  # fmt: skip
    assert uniqueness.rows[-1] == (
        "3 x 500 sigmoid units", "trained", "fc2", "0.912", "87.5\u00a0%", "2e−07", "0.50",
        "0.996, 100 %, 0.80",
    )  # fmt: skip
    assert uniqueness.rows[0][-1] == "–"
    assert "not a published value" in uniqueness.caption


def test_contract_units_alone_from_one_start_at_one_checkpoint(tmp_path) -> None:
    run = small_run(tmp_path / "run")
    analysis.keep_preferred(run, [portrait(n=2, starts=1)], real(), checkpoint=AFTER)
    section = preferred([run])
    assert [one.id for one in blocks(section, Figure)] == ["preferred-units"]
    assert len(blocks(section, Table)) == 1
    whose = blocks(preferred([run, run]), Note)[0].text
    assert "Preferred inputs of the first of 2 runs" in whose


def test_outcome_the_page_has_the_section(tmp_path) -> None:
    run = make_run(tmp_path / "run")
    analysis.keep_preferred(
        run, [portrait(), portrait("classes", n=10)], real(), checkpoint="epoch-015",
        labels=LABELS, class_names=NAMES,
    )  # fmt: skip
    page = report.render([run], interactive=False)
    assert 'id="preferred"' in page
    assert "nothing in it is shown to be necessary" in " ".join(page.split())


def test_contract_classes_and_units_of_different_checkpoints(tmp_path) -> None:
    run = small_run(tmp_path / "run")
    analysis.keep_preferred(run, [portrait("classes", n=10)], real(), checkpoint=BEFORE)
    analysis.keep_preferred(run, [portrait(n=2)], real(), checkpoint=AFTER)
    assert [one.id for one in blocks(preferred([run]), Figure)] == [
        "preferred-classes", "preferred-units", "preferred-card"
    ]  # fmt: skip


def test_outcome_a_control_is_named_only_where_there_is_one(run, tmp_path) -> None:
    note = blocks(preferred([run]), Note)[0].text
    assert f"The control is the network before training ({BEFORE})" in note
    alone = small_run(tmp_path / "alone")
    analysis.keep_preferred(alone, [portrait(n=2)], real(), checkpoint=AFTER)
    section = preferred([alone])
    assert "control" not in blocks(section, Note)[0].text
    assert "before" not in blocks(section, Figure)[0].caption


def test_reference_nearest_inputs_of_a_class_whose_name_has_commas(tmp_path) -> None:
    run, names = small_run(tmp_path / "run"), tuple(f"fish, kind {k}" for k in range(10))
    analysis.keep_preferred(
        run, [portrait("classes", n=10)], real(), checkpoint=AFTER, labels=LABELS, class_names=names
    )
    near = next(one for one in blocks(preferred([run]), Figure) if one.id == "preferred-nearest")
    expected = sum(
        int(LABELS[row]) == unit for unit in range(10) for row in (np.arange(10) + 10 * unit) % 30
    )
    assert f"{expected} of these 100 real inputs are of the class" in near.caption
