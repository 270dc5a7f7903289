"""The study: one command from data to page, resumable, with the paper's values in their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerwise import data, projection, scores
from layerwise.scores import names
from layerwise.studies import hidden_activity
from layerwise.studies.hidden_activity import Study
from layerwise.studies.rauber2017 import HIDDEN, published

SETTINGS: dict[str, Any] = {
    "seeds": 2, "epochs": 6, "batch_size": 16, "learning_rate": 0.02, "n_train": 600,
    "n_shown": 200, "n_trees": 20,
}  # fmt: skip

JUDGED = ("hypotheses", "scores", "training", "tables")
"""Tables (the last: of observations) that a second call writes again, the same, uncomputed."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("study")
    return hidden_activity("digits", to=folder, **SETTINGS)


def values(study: Study, score: str, subset: str, checkpoint: str) -> dict[str, float]:
    rows = study.summary
    rows = rows[(rows["score"] == score) & (rows["subset"] == subset)]
    rows = rows[rows["checkpoint"] == checkpoint]
    return dict(zip(rows["layer"], rows["value"], strict=True))


def test_outcome_every_layer_has_its_scores_and_controls(study: Study) -> None:
    hidden = set(HIDDEN["mlp"])
    for subset in ("test", "train"):
        for score in (scores.HIT_2D, scores.HIT_ND):
            before = values(study, score, subset, "epoch-000")
            after = values(study, score, subset, "epoch-006")
            assert set(before) == {"input", *hidden}
            assert set(after) == hidden
            assert all(0.5 < value <= 1 for value in (before | after).values())
    hits = study.summary[study.summary["score"].isin([scores.HIT_2D, scores.HIT_ND])]
    assert hits["floor"].between(0.05, 0.2).all()
    assert (study.summary["seeds"] == 2).all()
    assert study.summary["spread"].notna().all()


def test_outcome_training_teaches(study: Study) -> None:
    before = values(study, scores.ACCURACY, "test", "epoch-000")[""]
    after = values(study, scores.ACCURACY, "test", "epoch-006")[""]
    assert before < 0.35 < 0.8 < after


def test_a_second_call_computes_nothing(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, **settings: object) -> None:
            raise AssertionError("computed again")

    for method in projection.METHODS:
        monkeypatch.setitem(projection.METHODS, method, Broken)  # type: ignore[arg-type]
    folder = study.report.parent
    kept = [*folder.rglob("*.npy"), *folder.rglob("*.safetensors")]
    kept += [path for path in folder.rglob("*.parquet") if path.parent.name not in JUDGED]
    times = {path: path.stat().st_mtime_ns for path in kept}
    page = study.report.read_bytes()
    again = hidden_activity("digits", to=folder, **SETTINGS)
    assert {path: path.stat().st_mtime_ns for path in kept} == times
    assert again.hypotheses.equals(study.hypotheses)
    assert again.report.read_bytes() == page, "same study, same page"


def test_the_runs_hold_together(study: Study) -> None:
    for run in study.runs:
        assert run.verify() == []
        subset = run.labels["subset"]
        assert [int((subset == name).sum()) for name in ("test", "train")] == [200, 200]
        assert run.class_names("digit") == tuple("0123456789")
        assert run.thumbnails() is not None


def test_closed_form_published_values_are_the_papers() -> None:
    rows = published("mlp", "mnist", "epoch-000", "epoch-010")
    found = {(r["score"], r["checkpoint"], r["layer"]): r["value"] for r in rows}
    assert found == {
        (scores.HIT_2D, "epoch-000", "input"): 0.8912,
        (scores.HIT_2D, "epoch-000", "relu4"): 0.8378,
        (scores.HIT_2D, "epoch-010", "relu4"): 0.9836,
        (scores.ACCURACY, "epoch-010", ""): 0.9915,
        ("accuracy, whole test set", "epoch-010", ""): 0.9852,
    }
    assert published("mlp", "digits", "a", "b") == []


@pytest.mark.needs_data
def test_real_mnist_small(shared_data: Path, tmp_path: Path) -> None:
    study = hidden_activity("mnist", data_dir=shared_data / "mnist", to=tmp_path, epochs=1,
                            n_train=3000, n_shown=500, n_trees=20)  # fmt: skip
    raw = values(study, scores.HIT_2D, "test", "epoch-000")["input"]
    assert 0.6 < raw < 0.95
    named = study.summary.dropna(subset=["published"])
    assert set(named["source"].str.startswith("Rauber et al. 2017")) == {True}
    assert "60,000" not in study.runs[0].provenance["scale_down"]


@pytest.mark.slow
@pytest.mark.needs_data
def test_trend_the_paper_claims_on_mnist(shared_data: Path, tmp_path: Path) -> None:
    study = hidden_activity("mnist", data_dir=shared_data / "mnist", to=tmp_path, seeds=2)
    raw = values(study, scores.HIT_2D, "test", "epoch-000")["input"]
    after = study.runs[0].checkpoints[-1]
    before_last = values(study, scores.HIT_2D, "test", "epoch-000")["relu4"]
    after_last = values(study, scores.HIT_2D, "test", after)["relu4"]
    assert 0.85 <= raw <= 0.91
    assert before_last < raw
    assert after_last >= 0.93
    np.testing.assert_array_less(before_last, after_last)
    assert len(data.load("mnist", data_dir=shared_data / "mnist")) == 10_000
    verdicts = dict(zip(study.hypotheses["name"], study.hypotheses["verdict"], strict=True))
    expected = {"H1": "contradicted", "H2": "confirmed", "H3": "confirmed", "H4'": "confirmed",
                "A1": "met", "A5": "met", "A6": "met", "A7": "met"}  # fmt: skip
    assert verdicts.items() >= expected.items()
    control = study.motion.query(
        "over == 'layers' and at == 'epoch-000' and method == 'sequential'"
    )
    untrained = control[control["measure"] == names.SPREAD_ND].groupby("time")["value"].mean()
    assert untrained.is_monotonic_increasing, "depth alone draws no class together"


@pytest.mark.slow
@pytest.mark.needs_data
def test_edges_erase_the_polarity_that_the_map_of_svhn_shows(
    shared_data: Path, tmp_path: Path
) -> None:
    study = hidden_activity("svhn", network="cnn", data_dir=shared_data / "svhn", to=tmp_path)
    rows = study.rows[study.rows["score"] == f"{names.WITHIN} polarity"].set_index("data")
    assert rows.loc["svhn", "value"] > rows.loc["svhn", "floor"] + 0.1
    assert abs(rows.loc["svhn edges", "value"] - rows.loc["svhn edges", "floor"]) < 0.05
    verdicts = dict(zip(study.hypotheses["name"], study.hypotheses["verdict"], strict=True))
    assert {verdicts["H2"], verdicts["H4'"]} == {"confirmed"}
