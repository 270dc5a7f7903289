"""Questions at once: as the formula's own loops answer, of the rows shown; or one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studio.odd import odd_run

from layerwise import units
from layerwise.foundation.checks import NotFound, UserError
from layerwise.store import Layer, Run, StoreError
from layerwise.studio.data import Contents
from layerwise.studio.host import questions

N = 60
PLACE = {"run": 0, "layer": 1, "checkpoint": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    subset = np.where(np.arange(N) % 3 == 1, "train", "test")
    folder = tmp_path_factory.mktemp("questions") / "run"
    return odd_run(folder, n=N, maps=False, columns={"subset": subset}, n_recorded=N // 2)


@pytest.fixture(scope="module")
def contents(run: Run) -> Contents:
    return Contents([run], subset="test", live=True)


@pytest.fixture(scope="module")
def X(run: Run) -> np.ndarray[Any, Any]:
    """The rows that are shown of the layer that is asked about."""
    return np.asarray(run.activations("layer2", "epoch-001"))[np.arange(N) % 3 != 1].astype(float)


def test_reference_contrast(contents: Contents, X: np.ndarray[Any, Any]) -> None:
    selection = [0, 3, 11, 39]
    answer = questions.ask(contents, "contrast", {**PLACE, "selection": selection})
    assert len(answer["contrast"]) == X.shape[1]
    for unit, value in enumerate(answer["contrast"]):
        column = X[:, unit].tolist()
        inside = [x for i, x in enumerate(column) if i in selection]
        outside = [x for i, x in enumerate(column) if i not in selection]
        mean = sum(column) / len(column)
        deviation = (sum((x - mean) ** 2 for x in column) / len(column)) ** 0.5
        difference = sum(inside) / len(inside) - sum(outside) / len(outside)
        assert value == pytest.approx(difference / deviation if deviation else 0, abs=1e-4)


def test_reference_neighbors(contents: Contents, X: np.ndarray[Any, Any]) -> None:
    answer = questions.ask(contents, "neighbors", {**PLACE, "observation": 7, "k": 5})
    distances = [
        (sum((a - b) ** 2 for a, b in zip(X[7], row, strict=True)) ** 0.5, i)
        for i, row in enumerate(X)
        if i != 7
    ]
    expected = sorted(distances)[:5]
    assert answer["observations"] == [i for _, i in expected]
    assert answer["distances"] == pytest.approx([d for d, _ in expected], abs=1e-5)


def test_a_page_that_shows_other_observations_is_told_so(contents: Contents) -> None:
    asked = {**PLACE, "observation": 7, "k": 5}
    data = contents.manifest()["runs"][0]["data"]
    same = questions.ask(contents, "neighbors", {**asked, "data": data})
    assert same == questions.ask(contents, "neighbors", asked)
    with pytest.raises(UserError, match="Reload the page"):
        questions.ask(contents, "neighbors", {**asked, "data": "another"})


def test_all_others_are_neighbors_at_most(contents: Contents, X: np.ndarray[Any, Any]) -> None:
    found = questions.ask(contents, "neighbors", {**PLACE, "observation": 0, "k": 1000})
    assert sorted(found["observations"]) == list(range(1, len(X)))


def test_blocks_change_nothing(contents: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    near = {**PLACE, "observation": 2, "k": 9}
    apart = {**PLACE, "selection": [1, 2]}
    whole = questions.ask(contents, "neighbors", near), questions.ask(contents, "contrast", apart)
    read: list[int] = []
    rows = questions._Rows.__getitem__

    def noted(X: questions._Rows, wanted: slice) -> Any:
        read.append(len(range(len(X))[wanted]))
        return rows(X, wanted)

    monkeypatch.setattr(questions._Rows, "__getitem__", noted)
    monkeypatch.setattr("layerwise.units.blocks.BLOCK", 24 * 7)
    questions._contrasts.cache_clear()
    assert questions.ask(contents, "neighbors", near) == whole[0]
    assert questions.ask(contents, "contrast", apart) == whole[1]
    assert max(read) == 7


def test_the_same_question_again_is_not_computed_again(
    contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {**PLACE, "selection": [5, 6]}
    first = questions.ask(contents, "contrast", body)
    monkeypatch.setattr(units, "contrast", None)
    assert questions.ask(contents, "contrast", dict(body)) == first
    for change in ({"selection": [5, 7]}, {"layer": 0}, {"checkpoint": 0}):
        with pytest.raises(TypeError):
            questions.ask(contents, "contrast", {**body, **change})


CONTRAST = {**PLACE, "selection": [1]}
NEIGHBORS = {**PLACE, "observation": 1, "k": 3}
BAD = [
    ("gossip", {}, "no question 'gossip'"),
    ("contrast", None, "the question must be an object; got None"),
    ("contrast", [], "the question must be an object"),
    ("contrast", {}, "run must be an integer in [0, 0]; got None"),
    ("contrast", {**CONTRAST, "run": 1}, "run must be an integer in [0, 0]; got 1"),
    ("contrast", {**CONTRAST, "run": True}, "run must be an integer"),
    ("contrast", {**CONTRAST, "run": "../../etc"}, "run must be an integer"),
    ("contrast", {**CONTRAST, "layer": 99}, "layer must be an integer in [0, 3]; got 99"),
    ("contrast", {**CONTRAST, "layer": 1.0}, "layer must be an integer"),
    ("contrast", {**CONTRAST, "checkpoint": -1}, "checkpoint must be an integer in [0, 2]"),
    ("contrast", {**CONTRAST, "checkpoint": 10**30}, "checkpoint must be an integer in"),
    ("contrast", {**CONTRAST, "selection": None}, "selection must be a list of observations"),
    ("contrast", {**CONTRAST, "selection": {"0": 1}}, "selection must be a list"),
    ("contrast", {**CONTRAST, "selection": [[1], [2, 3]]}, "selection must be a list"),
    ("contrast", {**CONTRAST, "selection": [1.5]}, "selection must be a list"),
    ("contrast", {**CONTRAST, "selection": [True]}, "selection must be a list"),
    ("contrast", {**CONTRAST, "selection": [-1]}, "selection must be a list"),
    ("contrast", {**CONTRAST, "selection": [10**30]}, "selection must be a list"),
    ("contrast", {**CONTRAST, "selection": [40]}, "selected must be rows in [0, 39]; got 40"),
    ("contrast", {**CONTRAST, "selection": []}, "selected must be some observations, not all"),
    ("contrast", {**CONTRAST, "selection": list(range(40))}, "not all; got 40 of 40"),
    ("neighbors", {**NEIGHBORS, "observation": 40}, "observation must be an integer in [0, 39]"),
    ("neighbors", {**NEIGHBORS, "observation": None}, "observation must be an integer"),
    ("neighbors", {**NEIGHBORS, "k": 0}, "k must be an integer in [1, 1000]; got 0"),
    ("neighbors", {**NEIGHBORS, "k": "3"}, "k must be an integer"),
    ("neighbors", {**NEIGHBORS, "checkpoint": 2}, "'epoch-002' is incomplete"),
]


@pytest.mark.parametrize(("kind", "body", "sentence"), BAD)
def test_bad_questions_are_one_sentence(
    kind: str, body: object, sentence: str, contents: Contents
) -> None:
    with pytest.raises(UserError) as error:
        questions.ask(contents, kind, body)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, NotFound) == (kind == "gossip")


def test_activity_that_is_not_finite_is_named(tmp_path: Path) -> None:
    run = Run.create(
        tmp_path / "run", n_observations=6, rows_per_part=6, fingerprint={}, provenance={},
        layers=[Layer("relu", (3,), "float32", "ReLU")],
    )  # fmt: skip
    values = np.eye(6, 3, dtype=np.float32)
    values[3, 1] = np.nan
    with run.lock():
        run.add_checkpoint("final", fingerprint="w")
        with run.write("final", 0) as append:
            append("relu", values)
    contents = Contents([run], live=True)
    place = {"run": 0, "layer": 0, "checkpoint": 0}
    for kind, rest in (("contrast", {"selection": [1]}), ("neighbors", {"observation": 1, "k": 2})):
        with pytest.raises(UserError, match="NaN or infinity in 1 rows, first 3"):
            questions.ask(contents, kind, {**place, **rest})


def test_a_damaged_recording_is_named(tmp_path: Path) -> None:
    run = odd_run(tmp_path / "run", n=20, maps=False)
    contents = Contents([run], live=True)
    contents.manifest()
    for part in (tmp_path / "run" / "activations").rglob("*.npy"):
        part.write_bytes(part.read_bytes()[:-1] + b"?")
    with pytest.raises(StoreError, match="damaged"):
        questions.ask(contents, "neighbors", NEIGHBORS)


def wide(path: Path, value: float, code: str) -> Run:
    """Return a recording whose values are as large as `value`."""
    run = Run.create(
        path, n_observations=4, rows_per_part=4, provenance={}, fingerprint={"code": code},
        layers=[Layer("relu", (2,), "float64", "ReLU")],
    )  # fmt: skip
    with run.lock():
        run.add_checkpoint("last", "w")
        with run.write("last", 0) as append:
            append("relu", np.array([[0, 1], [0, 2], [0, 3], [value, 4]]))
    return run


def test_an_overflow_is_one_sentence(tmp_path: Path) -> None:
    contents = Contents(wide(tmp_path / "run", 1e300, "1"), live=True)
    place = {"run": 0, "layer": 0, "checkpoint": 0, "observation": 0}
    near = questions.ask(contents, "neighbors", {**place, "k": 2})
    assert near == {"observations": [1, 2], "distances": [1, 2]}
    with pytest.raises(UserError, match="activations must be small enough to be squared"):
        questions.ask(contents, "neighbors", {**place, "k": 3})


def test_a_run_that_is_replaced_answers_for_itself(tmp_path: Path) -> None:
    found = []
    for number, value in enumerate((1.0, -1.0)):
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        contents = Contents(wide(tmp_path / "run", value, str(number)), live=True)
        body = {"run": 0, "layer": 0, "checkpoint": 0, "selection": [3, 3]}
        found.append(questions.ask(contents, "contrast", body)["contrast"][0])
    assert found[0] == -found[1] > 0
