"""Verdicts: closed forms on made-up numbers, in both directions, with one and with more seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import pytest

from layerwise.scores import names
from layerwise.studies.hypotheses import COLUMNS, Evidence, hypotheses
from layerwise.studies.training import TEST_ACCURACY

BEFORE, AFTER = "epoch-000", "epoch-005"

Place = tuple[str, str, str, str]

MNIST: dict[Place, float] = {
    (names.HIT_2D, "input", BEFORE, "test"): 0.89,
    (names.HIT_2D, "relu1", BEFORE, "test"): 0.86,
    (names.HIT_2D, "relu4", BEFORE, "test"): 0.80,
    (names.HIT_2D, "relu4", BEFORE, "train"): 0.80,
    (names.HIT_2D, "relu1", AFTER, "test"): 0.94,
    (names.HIT_2D, "relu4", AFTER, "test"): 0.98,
    (names.HIT_2D, "relu4", AFTER, "train"): 0.999,
    (names.ACCURACY, "", AFTER, "test"): 0.985,
    (names.ACCURACY, "", AFTER, "train"): 0.999,
    (TEST_ACCURACY, "", AFTER, "test"): 0.984,
    (names.ROLE_AGREEMENT, "relu4", BEFORE, "test"): 0.4,
    (names.ROLE_AGREEMENT, "relu4", AFTER, "test"): 0.9,
    (names.LEAST_AUC, "relu4", BEFORE, "test"): 0.7,
    (names.LEAST_AUC, "relu4", AFTER, "test"): 0.97,
}


def rows(values: Mapping[Place, float], seeds: int = 1) -> pd.DataFrame:
    found = [
        {"score": score, "layer": layer, "checkpoint": checkpoint, "subset": subset,
         "value": value + 0.001 * seed, "floor": 0.1, "seed": seed, "n_observations": 2000}
        for seed in range(seeds)
        for (score, layer, checkpoint, subset), value in values.items()
    ]  # fmt: skip
    return pd.DataFrame(found)


def motion(layers: list[float], epochs: list[float]) -> pd.DataFrame:
    places = {("layers", AFTER, "sequential"): layers, ("layers", BEFORE, "sequential"): [1.0] * 4,
              ("epochs", "relu4", "joint"): epochs}  # fmt: skip
    return pd.DataFrame(
        {"over": over, "at": at, "method": method, "time": time, "measure": "spread 2-D",
         "value": value, "seed": 0}
        for (over, at, method), values in places.items()
        for time, value in enumerate(values)
    )  # fmt: skip


def evidence(seeds: int = 1) -> Evidence:
    return Evidence(
        rows=rows(MNIST, seeds), motion=motion([0.5, 0.4, 0.3, 0.2], [0.9, 0.5, 0.4, 0.45, 0.3]),
        network="mlp", data="mnist", before=BEFORE, after=AFTER, chance=0.1,
    )  # fmt: skip


def verdicts(e: Evidence) -> dict[str, str]:
    table = hypotheses(e)
    assert tuple(table.columns) == COLUMNS
    return dict(zip(table["name"], table["verdict"], strict=True))


@pytest.mark.parametrize("seeds", [1, 3])
def test_numbers_like_the_papers_give_the_papers_verdicts(seeds: int) -> None:
    assert verdicts(evidence(seeds)) == {
        "H1": "contradicted", "H2": "confirmed", "H3": "confirmed", "H4'": "confirmed",
        "A1": "met", "A2": "met", "A5": "met", "A6": "met", "A7": "met",
    }  # fmt: skip


def changed(**values: float) -> Evidence:
    """Return evidence with scores of the last layer replaced: before, after, train, role, auc."""
    keys = {
        "before": (names.HIT_2D, "relu4", BEFORE, "test"),
        "after": (names.HIT_2D, "relu4", AFTER, "test"),
        "train": (names.HIT_2D, "relu4", AFTER, "train"),
        "role": (names.ROLE_AGREEMENT, "relu4", AFTER, "test"),
        "auc": (names.LEAST_AUC, "relu4", AFTER, "test"),
    }
    return replace(evidence(), rows=rows(MNIST | {keys[k]: v for k, v in values.items()}))


def test_the_opposite_numbers_give_the_opposite_verdicts() -> None:
    assert verdicts(changed(before=0.3))["H1"] == "confirmed"
    assert verdicts(changed(after=0.7))["H2"] == "contradicted"
    assert verdicts(changed(after=0.805))["H2"] == "not decided"
    assert verdicts(changed(after=0.9))["H3"] == "contradicted"
    assert verdicts(changed(after=0.95))["A2"] == "not met"
    assert verdicts(changed(train=0.9))["H4'"] == "contradicted"
    assert verdicts(changed(role=0.65))["A5"] == "not met"
    assert verdicts(changed(auc=0.8))["A7"] == "not met"
    rises = replace(evidence(), motion=motion([0.2, 0.3, 0.4, 0.5], [0.9, 0.5]))
    assert verdicts(rises)["A6"] == "not met"
    twice = replace(evidence(), motion=motion([0.9, 0.8], [0.9, 0.5, 0.6, 0.5, 0.6, 0.1]))
    assert verdicts(twice)["A6"] == "not met"
    biased = replace(evidence(), chance=0.2)
    assert verdicts(biased)["A1"] == "not met"


def test_seeds_that_agree_by_luck_decide_nothing_beyond_the_sample() -> None:
    close = rows(MNIST | {(names.HIT_2D, "relu4", AFTER, "test"): 0.944}, seeds=3)
    assert verdicts(replace(evidence(), rows=close))["H3"] == "not decided"


def test_what_was_missed_is_named() -> None:
    table = hypotheses(changed(after=0.95)).set_index("name")
    assert "missed: trained at least 97" in table.loc["A2", "numbers"]
    assert "untrained: 86.0 % to 80.0 %" in table.loc["H3", "control"]


def test_polarity_is_judged_where_a_network_saw_edges() -> None:
    pieces = f"{names.PIECES} and polarity"

    def seen(r: float, silhouette: float, accuracy: float) -> dict[Place, float]:
        return {
            (pieces, "relu6", AFTER, "test"): r,
            (names.PIECES_SILHOUETTE, "relu6", AFTER, "test"): silhouette,
            (TEST_ACCURACY, "", AFTER, "test"): accuracy,
            (f"{names.WITHIN} polarity", "relu6", AFTER, "test"): 0.5 + r / 4,
        }

    hits = {(s, {"relu1": "relu5", "relu4": "relu6"}.get(layer, layer), c, subset): value
            for (s, layer, c, subset), value in MNIST.items()}  # fmt: skip
    plain = rows(hits | seen(0.8, 0.6, 0.80))
    edges = rows(seen(0.1, 0.4, 0.85))
    e = replace(evidence(), rows=plain, network="cnn", data="svhn", edges=edges)
    found = verdicts(e)
    assert (found["H4"], found["A4"], found["A3"]) == ("confirmed", "met", "not met")
    assert verdicts(replace(e, edges=plain))["A4"] == "not met"
    assert verdicts(replace(e, edges=plain))["H4"] == "not decided"
