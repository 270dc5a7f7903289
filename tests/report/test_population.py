"""Neurons as the tables have them: outcome (roles, ranking, verdict) and contract (order)."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.report.population import populations, shown_class, specialize
from layerwise.scores.names import ROLE_AGREEMENT

BEFORE, AFTER = "epoch-000", "epoch-009"
S = np.array([[0.1, 0.0], [0.0, 0.9], [0.3, 0.2], [0.0, 0.0]])


@pytest.fixture
def looked_at(small, rows, tmp_path):
    """Return what makes a run whose neurons were looked at before and after training."""

    def make(n=4, rankings=("forest",), agreement=None, **provenance):
        run = small(tmp_path / "run", **provenance)
        for checkpoint in (AFTER, BEFORE):
            run.write_table("units", rows.units("relu2", checkpoint, n, dead=1), {"at": checkpoint})
            for ranking in rankings:
                table = rows.ranking("relu2", checkpoint, np.resize(S, (n, 2)), ranking)
                spec = {"ranking": ranking, "n_trees": 1500 if checkpoint == AFTER else 9}
                spec |= {"layer": "relu2", "checkpoint": checkpoint, "subset": ""}
                run.write_table("discrimination", table, spec)
            if agreement and checkpoint in agreement:
                run.write_table("scores", rows.scores(
                    {(checkpoint, "relu2"): agreement[checkpoint]}, score=ROLE_AGREEMENT, n=2000,
                ), {"at": checkpoint})  # fmt: skip
        return run

    return make


def test_checkpoints_come_early_to_late_with_roles_and_ranking(looked_at):
    first, last = populations(looked_at(rankings=("gini", "forest")))
    assert (first.checkpoint, last.checkpoint) == (BEFORE, AFTER)
    assert last.roles.tolist() == [0, 1, 0, -1]
    assert last.codes == (0, 1)
    assert last.live == 3
    assert "forests of 1,500 extremely randomised trees" in last.ranking
    assert np.isnan(last.Y[0]).all()


def test_the_quick_ranking_is_named(looked_at):
    assert "Gini" in populations(looked_at(rankings=("gini",)))[0].ranking


def test_without_a_ranking_there_are_no_classes(looked_at):
    one = populations(looked_at(rankings=()))[0]
    assert one.codes == ()
    assert one.ranking == ""


def test_a_table_made_twice_is_read_once(looked_at, rows):
    run = looked_at()
    run.write_table("units", rows.units("relu2", AFTER, 4), {"again": True})
    run.write_table("discrimination", rows.ranking("relu2", AFTER, S), {"again": True})
    assert [len(one.table) for one in populations(run)] == [4, 4]


@pytest.mark.parametrize(
    ("wanted", "code"), [("dog", 1), ("0", 0), ("no such class", 1), (None, 1)]
)
def test_the_class_that_is_shown_is_the_study_s_or_that_of_the_strongest(looked_at, wanted, code):
    run = looked_at(**({"shown_class": wanted} if wanted else {}))
    assert shown_class(run, populations(run)[-1]) == code


@pytest.mark.parametrize(
    ("n", "verdict"), [(1000, "brought neurons of one role together"), (40, "no more than the")]
)
def test_the_error_is_that_of_the_neurons_that_were_compared(looked_at, n, verdict):
    """With 10 strong neurons 70 against 60 % is nothing, whatever the number of observations."""
    finding = specialize([looked_at(n, agreement={BEFORE: 0.6, AFTER: 0.7})])
    assert verdict in finding.text
    assert "before training 60.0\xa0%; shuffled roles 50.0\xa0%" in finding.text


def test_neurons_may_also_come_apart(looked_at):
    text = specialize([looked_at(1000, agreement={BEFORE: 0.9, AFTER: 0.5})]).text
    assert text.endswith("Training brought neurons of one role apart.")


def test_without_a_control_or_a_score_nothing_is_claimed(looked_at):
    run = looked_at(agreement={AFTER: 0.9})
    assert "no untrained control" in specialize([run]).text
    assert "Training" not in specialize([run]).text


def test_without_scores_there_is_no_finding(looked_at, small, tmp_path):
    assert specialize([looked_at()]) is None
    assert specialize([small(tmp_path / "bare")]) is None
