"""Questions to a run: the answers are those of projection and scores, and are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import Run, analysis, projection, record, scores
from layerwise.foundation.checks import UserError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    x = (rng.normal(size=(90, 8)) + 4 * np.eye(3)[labels] @ rng.normal(size=(3, 8))).astype("f")
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    known = {"score": scores.HIT_ND, "subset": "test", "checkpoint": "final", "layer": "1",
             "value": 0.5, "source": "somebody 2017"}  # fmt: skip
    return record(
        net, x, to=tmp_path_factory.mktemp("runs") / "r", layers=["input", "1", "output"],
        labels={"kind": labels, "subset": np.repeat(["test", "train"], 45)},
        provenance={"network": "net", "data": "blobs", "seed": 4, "published": [known]},
    )  # fmt: skip


def test_reference_a_projection_is_that_of_the_method(run: Run) -> None:
    found = analysis.project(run, layer="1", method="pca", subset="test")
    rows = np.flatnonzero(run.labels["subset"] == "test")
    X = np.asarray(run.activations("1"))[rows]
    expected = projection.PCA(random_state=0).fit_transform(X)
    np.testing.assert_allclose(found[["x", "y"]], expected, atol=1e-5)
    assert found["observation"].tolist() == rows.tolist()
    assert set(found["layer"]) == {"1"}


def test_an_aligned_projection_keeps_every_distance(run: Run) -> None:
    before = analysis.project(run, layer="input", method="pca")
    plain = analysis.project(run, layer="1", method="pca")
    turned = analysis.project(run, layer="1", method="pca", align_to=before)
    distance = [
        np.linalg.norm(f[["x", "y"]].to_numpy()[:, None] - f[["x", "y"]].to_numpy(), axis=2)
        for f in (plain, turned)
    ]
    np.testing.assert_allclose(*distance, atol=1e-4)


def test_a_second_question_computes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = analysis.project(run, layer="1", perplexity=5.0)

    class Broken:
        def __init__(self, **settings: object) -> None:
            raise AssertionError("computed again")

    monkeypatch.setitem(projection.METHODS, "tsne", Broken)  # type: ignore[arg-type]
    again = analysis.project(run, layer="1", perplexity=5.0)
    np.testing.assert_array_equal(first["x"], again["x"])
    with pytest.raises(AssertionError, match="computed again"):
        analysis.project(run, layer="1", perplexity=6.0)


def test_reference_scores_are_those_of_the_functions(run: Run) -> None:
    placed = analysis.project(run, layer="1", method="pca", subset="test")
    found = analysis.score(run, layer="1", subset="test", projection=placed).set_index("score")
    rows = placed["observation"].to_numpy()
    X = np.asarray(run.activations("1"))[rows]
    Y = placed[["x", "y"]].to_numpy(dtype=np.float32)
    kind = run.labels["kind"][rows]
    expected = {
        scores.HIT_2D: scores.neighborhood_hit(Y, kind),
        scores.HIT_ND: scores.neighborhood_hit(X, kind),
        scores.TRUSTWORTHINESS: scores.trustworthiness(X, Y, n_neighbors=6),
        scores.CONTINUITY: scores.continuity(X, Y, n_neighbors=6),
    }
    assert found["value"].to_dict() == pytest.approx(expected)
    assert found.loc[scores.HIT_2D, "floor"] == pytest.approx(1 / 3, abs=0.12)
    assert np.isnan(found.loc[scores.CONTINUITY, "floor"])
    assert set(found["network"]) == {"net"}
    assert set(found["seed"]) == {4}
    assert tuple(found.reset_index()[list(analysis.ROWS)].columns) == analysis.ROWS
    assert set(found["n_neighbors"]) == {6}
    assert analysis.accuracy(run)["n_neighbors"].tolist() == [0]


def test_published_values_stand_beside_their_own_row_alone(run: Run) -> None:
    test = analysis.score(run, layer="1", subset="test").iloc[0]
    train = analysis.score(run, layer="1", subset="train").iloc[0]
    assert (test["published"], test["source"]) == (0.5, "somebody 2017")
    assert np.isnan(train["published"])


@pytest.mark.parametrize(
    ("named", "shown"),
    [({}, [1, 1]), ({"method": "tsne"}, [1, 0]), ({"method": "tsne", "n_neighbors": 3}, [0, 0])],
)
def test_a_published_value_that_names_its_method_or_k_stands_beside_these_alone(
    tmp_path: Path, named: dict[str, object], shown: list[int]
) -> None:
    about = {"score": "hit", "checkpoint": "final", "layer": "1", "subset": ""}
    known = {**about, "value": 0.9, "source": "somebody", **named}
    run = record(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), np.zeros((4, 2), "f"), to=tmp_path,
                 provenance={"published": [known]})  # fmt: skip
    table = [("hit", 0.5, np.nan, "tsne"), ("hit", 0.5, np.nan, "pca")]
    place = {key: value for key, value in about.items() if key != "score"}
    found = analysis.tidy(run, table, 4, 6, **place)
    assert found["published"].notna().tolist() == [bool(one) for one in shown]


def test_closed_form_accuracy_is_the_share_of_right_predictions(run: Run) -> None:
    right = np.asarray(run.activations("output")).argmax(1) == run.labels["kind"]
    found = analysis.accuracy(run).iloc[0]
    assert found["value"] == pytest.approx(right.mean())
    assert found["floor"] == pytest.approx(1 / 3)
    predicted = analysis.predictions(run)
    assert predicted["correct"].tolist() == right.tolist()
    assert predicted["confidence"].between(1 / 3, 1).all()


def test_a_sample_is_seeded(run: Run) -> None:
    a, b = (analysis.rows_of(run, "test", 10, seed) for seed in (0, 1))
    assert len(a) == 10
    assert a.tolist() == analysis.rows_of(run, "test", 10, 0).tolist() != b.tolist()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda r: analysis.project(r, layer="relu9"), "no layer 'relu9'"),
        (lambda r: analysis.project(r, layer="1", method="lda"), "method must be one of pca"),
        (lambda r: analysis.project(r, layer="1", checkpoint="x"), "no checkpoint 'x'"),
        (lambda r: analysis.project(r, layer="1", subset="dev"), "no subset 'dev'"),
        (lambda r: analysis.score(r, layer="1", label="phone"), "no label column 'phone'"),
        (lambda r: analysis.score(r, layer="1", n_neighbors=90), r"integer in \[1, 89\]; got 90"),
    ],
)
def test_bad_questions_are_one_sentence(run: Run, call: object, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        call(run)  # type: ignore[operator]


def test_a_run_without_output_says_so(tmp_path: Path) -> None:
    run = record(nn.Linear(2, 2), np.zeros((4, 2), "f"), to=tmp_path, layers=["input"],
                 labels={"kind": [0, 1, 0, 1]})  # fmt: skip
    with pytest.raises(UserError, match="no layer 'output'"):
        analysis.predictions(run)
