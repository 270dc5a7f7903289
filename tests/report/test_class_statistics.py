"""Class statistics: outcome (its numbers are the tables'), contract (odd runs, inert names)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests import tallied
from tests.report.test_activity import parts, write

from layerwise import analysis, report
from layerwise.analysis.class_statistics import COMMON, SAME
from layerwise.report.blocks import Note, Table
from layerwise.report.class_statistics import class_statistics
from layerwise.store import Run

ATTACK = "</script><img src=x onerror=alert(1)>\"'><b>&amp;"
DIGITS = tuple("0123456789")


@pytest.fixture(scope="module")
def run(small, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("classes") / "run"
    made = small(folder, layers=("conv1", "conv2", "dense"), classes=DIGITS, n=400, label="digit")
    write(made, ("conv1", "conv2", "dense"))
    analysis.class_statistics(made)
    return made


@pytest.fixture(scope="module")
def section(run):
    return class_statistics([run])


def tables_of(section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def test_every_layer_has_its_pictures_with_layer_class_and_networks_named(section):
    shown = parts(section).figures
    assert list(shown) == [
        "figure-class-means-0", "figure-class-differences-0", "figure-class-winners-0",
        "figure-class-means-1", "figure-class-differences-1", "figure-class-winners-1",
        "figure-class-means-2",
    ]  # fmt: skip
    n = np.bincount(tallied.digits()[1][:400])
    for figure in shown.values():
        assert figure.caption.startswith("Layer ")
        assert "before training (epoch-000) and after training (epoch-009)" in figure.caption
        assert "digit" in figure.caption
        assert f"over 400 observations, {n.min()} to {n.max()} of each digit" in figure.caption
    assert "10 of 16 filters, those with the greatest variance between classes after training" in (
        shown["figure-class-means-0"].caption
    )
    assert "own, up to its value furthest from 0" in shown["figure-class-means-0"].caption
    assert "0 in the middle" in shown["figure-class-differences-0"].caption


def test_sentences_say_the_numbers_of_the_table_with_their_control(section, run):
    found = parts(section).findings
    frame = run.table("class_statistics")

    def mean(layer, checkpoint, measure, column="value"):
        rows = frame[(frame["layer"] == layer) & (frame["checkpoint"] == checkpoint)
                     & (frame["measure"] == measure)]  # fmt: skip
        return f"{100 * rows[column].mean():.1f}\xa0%"

    assert found[0].text.startswith(
        f"Two classes have {mean('conv2', 'epoch-009', COMMON)} of their strongest filters of "
        f"layer conv2 in common (before training {mean('conv2', 'epoch-000', COMMON)}; filters "
        f"drawn at random {mean('conv2', 'epoch-009', COMMON, 'floor')})."
    )
    winners = [finding for finding in found if "same winner" in finding.text]
    assert [finding.figure for finding in winners] == [
        "figure-class-winners-0", "figure-class-winners-1",
    ]  # fmt: skip
    assert (
        f"same winner at {mean('conv2', 'epoch-009', SAME)} of the others (before training "
        f"{mean('conv2', 'epoch-000', SAME)}; shuffled positions "
        f"{mean('conv2', 'epoch-009', SAME, 'floor')})"
    ) in winners[1].text
    for finding in found:
        assert "before training" in finding.text
        assert finding.figure in parts(section).figures


def test_tables_hold_all_layers_pairs_and_filters(section):
    numbers, pairs, filters = tables_of(section)
    assert len(numbers.rows) == 6
    assert numbers.columns.count("by chance") == 3
    assert len(pairs.rows) == 10
    assert pairs.folded
    assert filters.folded
    assert [row[0] for row in filters.rows] == ["conv1", "conv2", "dense"]
    values = [float(row[1].replace("−", "-")) for row in pairs.rows]
    assert values == sorted(values, reverse=True)


def test_without_numbers_the_pictures_stay_and_without_maps_nothing(run, small, tmp_path):
    other = small(tmp_path / "run", classes=DIGITS)
    assert class_statistics([other]) is None
    write(other, ("conv2",))
    found = class_statistics([other])
    assert any(isinstance(block, Note) and "No numbers yet" in block.text for block in found.blocks)
    assert len(parts(found).figures) == 3


def test_one_network_has_no_control_and_says_so(small, tmp_path):
    run = small(tmp_path / "run", classes=DIGITS, checkpoints=("trained",))
    write(run, ("conv2",), trained="after")
    analysis.class_statistics(run)
    found = class_statistics([run])
    assert all("no untrained control" in finding.text for finding in parts(found).findings)
    assert all("Layer conv2, trained:" in one.caption for one in parts(found).figures.values())
    assert tables_of(found)[1].columns.count("before training") == 0


def blank(C: int, U: int, size: tuple[int, int], value: float = 0.0) -> dict[str, pd.DataFrame]:
    A = np.full((2 * C, U, *size), value, dtype=np.float32)
    return tallied.tables(A, np.arange(2 * C) % C, "conv", "epoch-009", n_classes=C)


@pytest.mark.parametrize(
    ("C", "U", "size"), [(2, 1, (5, 5)), (100, 3, (2, 2)), (3, 2, (1, 60)), (2, 40, (1, 1))]
)
def test_contract_silent_layers_of_any_size_are_reported(small, tmp_path, C, U, size):
    run = small(tmp_path / "run", classes=tuple(f"class {c}" for c in range(C)), n=2 * C)
    for kind, frame in blank(C, U, size).items():
        run.write_table(kind, frame, {})
    analysis.class_statistics(run)
    found = class_statistics([run])
    captions = [figure.caption for figure in parts(found).figures.values()]
    if size == (1, 1):
        assert not captions  # units that never vary have no deviation to measure in
    else:
        assert len(captions) == 3
        assert all(("20 of 100 classes" in caption) == (C == 100) for caption in captions)


def test_contract_a_class_without_observations(small, tmp_path):
    run = small(tmp_path / "run", classes=(*DIGITS, "nobody"), n=400)
    write(run, ("conv2", "dense"), n_classes=11)
    analysis.class_statistics(run)
    found = class_statistics([run])
    assert len(parts(found).figures) == 4
    assert not any("nobody" in cell for table in tables_of(found) for row in table.rows
                   for cell in row)  # fmt: skip


def test_contract_names_are_inert(small, tmp_path):
    """Layers, classes and labels may be called anything; the page has no script but its own."""
    names = tuple(f"{ATTACK}{k}" for k in range(10))
    run = small(tmp_path / "run", layers=(ATTACK, "dense"), classes=names, label=ATTACK)
    y = tallied.digits()[1][:400]
    for checkpoint, name in (("epoch-000", "before"), ("epoch-009", "after")):
        found = tallied.tables(tallied.layers()[name]["conv2"], y, ATTACK, checkpoint)
        for kind, frame in found.items():
            run.write_table(kind, frame, {"checkpoint": checkpoint})
    analysis.class_statistics(run)
    html = report.render([run], interactive=False)
    assert "class-statistics" in html
    assert ATTACK not in html
    assert "&lt;img src=x" in html


def test_the_page_stays_small(section):
    assert sum(len(figure.png) for figure in parts(section).figures.values()) < 1_000_000


def test_seeds_are_named(small, tmp_path):
    seeds = [small(tmp_path / name, layers=("conv",)) for name in ("one", "two")]
    for kind, frame in blank(2, 1, (2, 2)).items():
        seeds[0].write_table(kind, frame, {})
    found = class_statistics(seeds)
    assert found.blocks[0].text.startswith("Figures and numbers of the first of 2 runs")


def test_the_output_tells_classes_by_purpose_and_is_no_example(small, tmp_path):
    run = small(tmp_path / "run", layers=("dense",), classes=DIGITS)
    y = tallied.digits()[1][:400]
    for layer in ("dense", "output"):
        found = tallied.tables(tallied.layers()["after"]["dense"], y, layer, "epoch-009")
        for kind, frame in found.items():
            run.write_table(kind, frame, {"layer": layer})
    analysis.class_statistics(run)
    found = class_statistics([run])
    assert all("output" not in finding.text for finding in parts(found).findings)
    assert [one.caption[:11] for one in parts(found).figures.values()] == ["Layer dense"]
    assert [row[0] for row in tables_of(found)[0].rows] == ["dense", "output"]
