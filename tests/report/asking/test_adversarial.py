"""The section on adversarial samples: its numbers are the tables', its controls beside them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.attacked import AFTER, RADIUS, attacked, digits, trained

from layerwise import Run, analysis, report
from layerwise.report.asking.adversarial import adversarial
from layerwise.report.blocks import Figure, Findings, Note, Table
from layerwise.synthesis import layer_values, minimal, random_twins
from layerwise.synthesis.victim import predicted


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return attacked(tmp_path_factory.mktemp("attacked") / "run")


@pytest.fixture(scope="module")
def blocks(run):
    section = adversarial([run])
    assert section.title == "Adversarial samples"
    return section.blocks


def findings(blocks):
    (found,) = (block for block in blocks if isinstance(block, Findings))
    return [item.text.replace("\u00a0", " ") for item in found.items]


def test_outcome_what_it_does_not_show_comes_first(blocks):
    assert isinstance(blocks[0], Note)
    assert "One that fails proves nothing" in blocks[0].text


def test_reference_findings_have_the_numbers_of_the_tables(run, blocks):
    falls, flips, sides = findings(blocks)
    curves, table = run.table("attacks"), run.table("adversarial")
    here = curves[curves["checkpoint"] == AFTER]
    half = here[here["accuracy"] <= here["accuracy"].iloc[0] / 2].iloc[0]
    assert f"falls from {100 * here['accuracy'].iloc[0]:.1f} %" in falls
    assert f"to {100 * half['accuracy']:.1f} % at L2 radius {half['radius']:g}" in falls
    assert f"a random step of that length leaves {100 * half['control']:.1f} %" in falls
    assert "there the network before training (epoch-000) keeps" in falls
    n = table["flipped"].sum()
    assert f"deceives the network about {n} of 20 observations within L2 radius {RADIUS}" in flips
    assert f"change {table['control_flipped'].sum()} of 20 predictions" in flips
    summary = analysis.twin_summary(run.table("twins"))
    across = summary[summary["crossed"] > 0.5].iloc[0]
    assert f"changed sides in {across['layer']}: {100 * across['crossed']:.1f} %" in sides


def test_outcome_curves_pictures_maps_and_depth_in_this_order(blocks):
    shown = [block for block in blocks if isinstance(block, Figure)]
    assert [figure.id for figure in shown] == [
        "figure-attacks", "figure-adversarial-samples", "figure-twins-maps", "figure-twins-depth",
    ]  # fmt: skip
    assert all(figure.png[:4] == b"\x89PNG" for figure in shown)
    assert "60 observations" in shown[0].caption
    assert "by how much the difference is amplified" in shown[1].caption


def test_reference_twins_one_by_one(run, blocks):
    (table,) = (block for block in blocks if isinstance(block, Table))
    kept = run.table("adversarial")
    assert len(table.rows) == len(kept)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["L2"] == f"{kept['l2'].iloc[0]:.3g}"
    assert row["class"] == str(kept["before"].iloc[0])


def test_outcome_the_nearest_twins_tell_their_distance(tmp_path):
    run = attacked(tmp_path / "run", followed=6)
    x, rows = digits()[0], np.arange(6)
    found = minimal(trained(), x[rows], steps=10)
    noisy = random_twins(x[rows], found.l2)
    one = {"relu3": "flatten"}
    analysis.keep_twins(
        run, found, checkpoint=AFTER, rows=rows, control_after=predicted(trained(), noisy),
        twins=layer_values(trained(), found.inputs, one),
        controls=layer_values(trained(), noisy, one),
    )  # fmt: skip
    flips = findings(adversarial([run]).blocks)[1]
    share = 100 * np.median(found.relative)
    assert f"at a median L2 distance of {np.median(found.l2):.3g}" in flips
    assert f"which is {share:.1f} % of the observation's own length" in flips
    assert len(run.table("adversarial")) == 6  # in place of the earlier ones


def test_contract_a_run_that_nobody_attacked_has_no_section(studied):
    assert adversarial([studied]) is None


def test_outcome_the_page_holds_the_section(run):
    assert "Adversarial samples" in report.render([run], interactive=False)


def test_law_an_observation_that_was_not_deceived_is_no_twin(run, tmp_path):
    import shutil

    own = Run.open(shutil.copytree(run.path, tmp_path / "run"))
    kept, twins = own.table("adversarial"), own.table("twins")
    about = {"function": "keep_twins", "checkpoint": AFTER}
    held = kept["observation"].iloc[:5]
    same = twins["observation"].isin(held)
    stays = {
        "after": twins["after"].where(~same, twins["before"]),
        "of_new": twins["of_new"].where(~same, 0.0),
    }
    own.write_table("twins", twins.assign(**stays), about)
    failed = kept["observation"].isin(held)
    # Towards a class that they had already: reached, but nobody was deceived.
    own.write_table("adversarial", kept.assign(after=kept["after"].where(~failed, kept["before"])),
                    about)  # fmt: skip
    _, flips, sides = findings(adversarial([own]).blocks)
    assert f"about {(kept['flipped'] & ~failed).sum()} of 20 observations" in flips
    across = analysis.twin_summary(twins[~same & (twins["before"] != twins["after"])])
    there = across[across["crossed"] > 0.5].iloc[0]
    assert f"changed sides in {there['layer']}: {100 * there['crossed']:.1f} %" in sides
    everyone = kept.assign(after=kept["before"])
    own.write_table("adversarial", everyone, about)
    own.write_table("twins", twins.assign(after=twins["before"]), about)
    _, flips = findings(adversarial([own]).blocks)
    assert "about 0 of 20" in flips
