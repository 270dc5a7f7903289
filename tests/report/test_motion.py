"""What evolutions say in words: outcome (verdict by error and control) and contract (order)."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.report.motion import Course, Motion, control, converge, courses, sign
from layerwise.scores.names import SPREAD_2D, SPREAD_ND

LAST, FIRST = "epoch-009", "epoch-000"


@pytest.fixture
def seeds_of(small, rows, tmp_path):
    """Return what makes a run of each pair of series: after training, and untrained (or None)."""

    def make(*pairs):
        runs = []
        for seed, (now, was) in enumerate(pairs):
            run = small(tmp_path / str(seed), seed=seed)
            for at, series in ((LAST, now), (FIRST, was)):
                if series is not None:
                    maps = rows.evolution(run, "layers", at, "sequential")
                    run.write_table("evolution", maps, {"at": at})
                    values = {SPREAD_ND: series, SPREAD_2D: (0.2, 0.1)}
                    run.write_table(
                        "motion", rows.motion("layers", at, "sequential", values), {"at": at}
                    )
            runs.append(run)
        return runs

    return make


def say(runs):
    (finding,) = converge(runs)
    return finding.text.replace("\xa0", " ")


def test_one_seed_gives_numbers_with_their_control_and_no_verdict(seeds_of):
    assert say(seeds_of(((0.9, 0.4), (0.9, 1.0)))) == (
        "Layer by layer the spread within classes over that between them goes 0.90 → 0.40 from "
        "relu1 to relu2 (untrained network 0.90 → 1.00; in the maps 0.20 → 0.10; one seed, so its "
        "error is not known)."
    )


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [((-0.5, -0.52), "draw together"), ((-0.5, 0.5), "draw no closer beyond the error"),
     ((0.5, 0.52), "the classes mix")],
)  # fmt: skip
def test_several_seeds_decide_by_twice_the_error(seeds_of, changes, verdict):
    text = say(seeds_of(*(((0.9, 0.9 + change), (0.9, 0.9)) for change in changes)))
    assert verdict in text
    assert "one seed" not in text
    assert "±" in text
    assert "does so too" not in text


def test_a_fall_that_the_untrained_network_shares_is_none_of_training(seeds_of):
    runs = seeds_of(((0.9, 0.4), (0.9, 0.38)), ((0.9, 0.42), (0.9, 0.43)))
    assert "The untrained network does so too" in say(runs)


def test_without_an_untrained_network_the_finding_says_so(seeds_of):
    assert "no untrained control" in say(seeds_of(((0.9, 0.4), None)))


def test_without_measures_or_maps_nothing_is_found(small, rows, tmp_path):
    run = small(tmp_path / "run")
    assert converge([run]) == []
    run.write_table("evolution", rows.evolution(run, "layers", LAST, "sequential"), {})
    assert converge([run]) == []


def test_the_last_checkpoint_and_the_usual_method_come_first(small, rows, tmp_path):
    run = small(tmp_path / "run")
    for at in (FIRST, LAST):
        for method in ("dynamic", "sequential"):
            found = rows.evolution(run, "layers", at, method)
            run.write_table("evolution", found, {"at": at, "method": method})
    there = courses(run, run.table("evolution"), "layers")
    assert [(one.at, one.method) for one in there] == [
        (LAST, "sequential"), (LAST, "dynamic"), (FIRST, "sequential"), (FIRST, "dynamic"),
    ]  # fmt: skip
    assert control(run, there) == Course("layers", FIRST, "sequential", "")
    assert control(run, there[:2]) is None
    assert courses(run, run.table("evolution"), "epochs") == []


def test_an_evolution_made_twice_is_read_once(small, rows, tmp_path):
    run = small(tmp_path / "run")
    for seed in (0, 1):
        found = rows.evolution(run, "epochs", "relu2", "joint")
        run.write_table("evolution", found, {"random_state": seed})
        values = {SPREAD_ND: (0.9, 0.4)}
        run.write_table("motion", rows.motion("epochs", "relu2", "joint", values), {"seed": seed})
    course = Course("epochs", "relu2", "joint", "")
    assert course.times(run.table("evolution")) == [FIRST, LAST]
    assert Motion([run]).series(course, SPREAD_ND).tolist() == [[0.9], [0.4]]
    assert Motion([run, run]).series(course, SPREAD_ND).shape == (2, 2)
    assert Motion([run]).whole(course, "Pearson") is None


def test_a_sign_needs_more_than_one_seed():
    assert sign(np.array([1.0])) is None
    assert sign(np.zeros(3)) == 0
