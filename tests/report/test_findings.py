"""The sentences: outcome (they say what was put into the tables) and contract (the control)."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pandas as pd
import pytest

from layerwise.report import findings
from layerwise.report.scores import Scores

RAW = ("epoch-000", "input")
B1, B2 = ("epoch-000", "relu1"), ("epoch-000", "relu2")
A1, A2 = ("epoch-009", "relu1"), ("epoch-009", "relu2")


@pytest.fixture
def say(small, rows, tmp_path):
    """Return what writes scores into a run and gives all its sentences about layers."""

    def write(values, **more):
        checkpoints = tuple(dict.fromkeys(checkpoint for checkpoint, _ in values))
        run = small(tmp_path / "run", checkpoints=checkpoints)
        run.write_table("scores", rows.scores(values, **more), {})
        scores = Scores([run])
        return SimpleNamespace(
            separation=findings.separation([run], scores, "").text,
            depth=findings.depth([run], scores, "").text,
            faithfulness=findings.faithfulness([run], scores, ""),
        )

    return write


def test_separation_names_every_control(say):
    text = say({RAW: 0.89, B1: 0.8, B2: 0.783, A1: 0.91, A2: 0.971}).separation
    assert text.replace("\xa0", " ") == (
        "After training, 97.1 % of the neighbours of an observation in the map of layer relu2 "
        "share its animal (before training 78.3 %; raw input 89.0 %; shuffled labels 50.0 %). "
        "Training changed it by +18.8 points in the map."
    )


def test_separation_says_if_training_changed_nothing_or_the_input_is_better(say):
    text = say({RAW: 0.99, B1: 0.8, B2: 0.8, A1: 0.8, A2: 0.801}).separation
    assert "Training changed nothing beyond the error: +0.1 points in the map." in text
    assert "raw input itself does better" in text


@pytest.mark.parametrize(
    ("flat", "full", "sentence"),
    [
        (0.005, 0.005, "Training changed nothing beyond the error: +0.5 points in the map, "
                       "+0.5 points in the layer itself."),
        (0.005, 0.1, "Training changed it by +0.5 points in the map (within the error) and "
                     "+10.0 points in the layer itself."),
        (-0.1, 0.005, "Training changed it by −10.0 points in the map and +0.5 points in the layer "
                      "itself (within the error)."),
    ],
)  # fmt: skip
def test_training_changed_nothing_only_if_neither_map_nor_layer_moved(
    small, rows, tmp_path, flat, full, sentence
):
    run = small(tmp_path / "run")
    run.write_table("scores", rows.scores({B2: 0.8, A2: 0.8 + flat}), {"score": "2-D"})
    hits = rows.scores({B2: 0.8, A2: 0.8 + full}, score="neighborhood hit n-D")
    run.write_table("scores", hits, {"score": "n-D"})
    assert findings.separation([run], Scores([run]), "").text.endswith(sentence)


def test_a_single_checkpoint_makes_no_claim_about_training(say):
    found = say({A1: 0.8, A2: 0.9})
    assert "no untrained control" in found.separation
    assert not found.separation.startswith("After training")
    assert "training may not be the reason" in found.depth


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [(0.80, 0.95, "better after"), (0.95, 0.80, "worse after"), (0.900, 0.905, "no better after")],
)
def test_depth_is_called_better_only_beyond_the_error_and_beside_the_untrained_step(
    say, first, last, verdict
):
    text = say({B1: 0.8, B2: 0.75, A1: first, A2: last}).depth.replace("\xa0", " ")
    assert text.startswith(f"Deeper layers separate the classes {verdict} training: relu1")
    assert "the same step in the untrained network: −5.0 points" in text
    assert "rises as much" not in text


def test_depth_says_if_the_untrained_network_rises_as_much(say):
    assert "rises as much" in say({B1: 0.5, B2: 0.8, A1: 0.7, A2: 0.9}).depth


@pytest.mark.parametrize(("n", "verdict"), [(50, "no better"), (5000, "classes better")])
def test_the_same_difference_counts_with_many_observations_and_not_with_few(say, n, verdict):
    assert verdict in say({B1: 0.8, B2: 0.8, A1: 0.90, A2: 0.95}, n=n).depth


@pytest.mark.parametrize(
    ("gap_before", "gap_after", "verdict"),
    [(0.0, 0.0, "alike"), (0.0, 0.1, "a sign of over-fitting"), (0.1, 0.1, "hardly more")],
)
def test_over_fitting_is_a_gap_that_the_untrained_network_lacks(
    small, rows, tmp_path, gap_before, gap_after, verdict
):
    run = small(tmp_path / "run")
    run.write_table("observations", pd.DataFrame({"subset": ["test", "train"] * 4}), {})
    base = 0.7
    for subset, sign in (("test", 0), ("train", 1)):
        hits = {B2: base + sign * gap_before, A2: base + sign * gap_after}
        run.write_table("scores", rows.scores(hits, subset=subset), {"subset": subset})
    text = findings.generalization([run], Scores([run])).text
    assert verdict in text
    assert "before training +" in text


@pytest.mark.parametrize(
    ("full", "verdict"), [(0.95, "blame the projection"), (0.80, "keeps"), (0.6, "tidier")]
)
def test_faithfulness_compares_the_map_with_the_layer(small, rows, tmp_path, full, verdict):
    run = small(tmp_path / "run")
    run.write_table("scores", rows.scores({A2: 0.8}), {"score": "2-D"})
    run.write_table("scores", rows.scores({A2: full}, score="neighborhood hit n-D"), {})
    assert verdict in findings.faithfulness([run], Scores([run]), "").text


def test_error_over_seeds_is_that_of_their_mean(small, rows, tmp_path):
    runs = []
    for seed, value in enumerate((0.90, 0.92, 0.94)):
        run = small(tmp_path / str(seed))
        run.write_table("scores", rows.scores({A2: value}, seed=seed), {})
        runs.append(run)
    score = Scores(runs).get("neighborhood hit 2-D", "", "epoch-009", "relu2")
    assert score.seeds == 3
    assert score.error == pytest.approx(0.02 / 3**0.5)
    assert str(score).replace("\xa0", " ") == "92.0 ± 2.0 %"


def test_a_second_projection_method_does_not_pass_for_the_first(small, rows, tmp_path):
    run = small(tmp_path / "run")
    run.write_table("scores", rows.scores({A1: 0.7, A2: 0.8}, method="tsne"), {"how": 1})
    run.write_table("scores", rows.scores({A2: 0.3}, method="pca"), {"how": 2})
    scores = Scores([run])
    assert scores.get("neighborhood hit 2-D", "", "epoch-009", "relu2").value == 0.8
    assert scores.get("neighborhood hit 2-D", "", "epoch-009", "relu2", "pca").value == 0.3
    assert scores.get("neighborhood hit 2-D", "", "epoch-009", "relu2", "mds") is None


def test_the_main_k_is_the_most_frequent_and_six_if_two_are(small, rows, tmp_path):
    for name, first, main in (("a", (A1, A2), 3), ("b", (A2,), 6)):
        run = small(tmp_path / name)
        less = rows.scores(dict.fromkeys(first, 0.3), method="tsne", n_neighbors=3)
        run.write_table("scores", less, {"how": 1})
        run.write_table("scores", rows.scores({A2: 0.6}, method="tsne", n_neighbors=6), {"how": 2})
        scores = Scores([run])
        assert scores.n_neighbors == main
        assert scores.get("neighborhood hit 2-D", "", *A2).value == main / 10
        assert set(scores.others["n_neighbors"]) == {9 - main}


def test_a_result_measured_twice_counts_once_with_more_observations(small, rows, tmp_path):
    run = small(tmp_path / "run")
    for n, value in ((100, 0.5), (900, 0.7), (300, 0.6)):
        run.write_table("scores", rows.scores({A2: value}, n=n), {"n": n})
    scores = Scores([run])
    assert scores.get("neighborhood hit 2-D", "", *A2).value == 0.7
    assert scores.others["value"].tolist() == [0.6]


def test_damage_names_layer_checkpoint_and_count(small, tmp_path):
    run = small(tmp_path / "run", bad=3)
    assert re.search(r"relu2 at epoch-000 \(3 values\)", findings.damage([run]).text)
    assert findings.damage([small(tmp_path / "sound")]) is None
