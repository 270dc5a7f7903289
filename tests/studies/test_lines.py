"""Lines while a network learns: outcome (circles, moons), contract of the run, round trip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from layerwise import analysis, models, units
from layerwise.foundation.checks import UserError
from layerwise.studies import Lines, lines, lines_of

MOMENTS = (1, 34, 400)


@pytest.fixture(scope="module")
def circles(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    return lines("circles", iterations=MOMENTS, to=tmp_path_factory.mktemp("lines") / "circles")


def test_outcome_circles_are_learned_and_the_control_stands_beside(circles: Lines) -> None:
    table = circles.table
    assert table["iteration"].tolist() == [0, *MOMENTS]
    assert (table["units"] == 20).all()
    first, last = table.iloc[0], table.iloc[-1]
    assert max(first["train_accuracy"], first["test_accuracy"]) < 0.75
    assert min(last["train_accuracy"], last["test_accuracy"]) > 0.95
    assert table["lines"].between(15, 20).all()
    assert (table["reached"] <= table["cells"]).all()


def test_outcome_moons_and_three_blobs_are_learned_by_two_layers(tmp_path: Path) -> None:
    for name, hidden in (("moons", (12, 8)), ("blobs", (5,))):
        found = lines(name, hidden=hidden, iterations=[500], to=tmp_path / name)
        assert found.table["test_accuracy"].iloc[-1] > 0.95, name
        assert found.table["units"].iloc[0] == sum(hidden)


def test_round_trip_the_table_computes_what_the_checkpoint_does(circles: Lines) -> None:
    run = circles.run
    X = analysis.points(run)
    for checkpoint, (weights, biases) in analysis.affine(run).items():
        state = load_file(run.path / "training" / f"{checkpoint}.safetensors")
        model = models.mlp((2,), 2, hidden=(20,), dropout=(0,))
        model.load_state_dict(state)
        patterns, outputs = units.responses(weights, biases, X)
        expected = models.predict(model, X.astype(np.float32))
        np.testing.assert_allclose(outputs, expected, atol=1e-4)
        np.testing.assert_allclose(outputs, run.activations("output", checkpoint), atol=1e-4)
        active = np.asarray(run.activations("relu1", checkpoint)[:]) > 0
        assert (active == patterns).mean() > 0.999


def test_contract_of_the_run(circles: Lines) -> None:
    run = circles.run
    assert list(run.layers) == ["input", "relu1", "output"]
    assert run.class_names("class") == ("outer", "inner")
    assert sorted(analysis.subsets(run)) == ["test", "train"]
    assert run.provenance["network"] == "2 → 20 → 2"
    assert "Adam, learning rate 0.003, 400 iterations" in run.provenance["training"]
    history = run.table("training")
    assert history["epoch"].is_monotonic_increasing
    assert set(MOMENTS) < set(history["epoch"])
    assert len(history) <= 130
    assert circles.report.read_text().count('class="frames"') == 1


def test_called_again_nothing_is_trained_and_the_page_is_the_same(circles: Lines) -> None:
    before = circles.report.read_bytes()
    file = circles.run.path / "training" / "history.json"
    stamp = file.stat().st_mtime_ns
    again = lines("circles", iterations=MOMENTS, to=circles.run.path)
    assert file.stat().st_mtime_ns == stamp
    assert again.table.equals(circles.table)
    assert again.report.read_bytes() == before
    with pytest.raises(UserError, match="where a training differs in"):
        lines("circles", iterations=[3], to=circles.run.path)


def test_a_network_of_ones_own_beside_its_untrained_control(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 2))
    torch.save(model.state_dict(), tmp_path / "a.pt")
    own = {name: value.clone() for name, value in model.state_dict().items()}
    found = lines_of(model, "moons", to=tmp_path / "own")
    assert found.table["checkpoint"].tolist() == ["untrained", "trained"]
    assert (found.table["iteration"] == -1).all()
    # Its inputs are the data as they are.
    from layerwise import data

    np.testing.assert_array_equal(analysis.points(found.run)[:200], data.load("moons").observations)
    weights, _ = analysis.affine(found.run)["trained"]
    np.testing.assert_array_equal(weights[0], own["0.weight"])
    filed = lines_of(model, "moons", weights=[tmp_path / "a.pt"], to=tmp_path / "filed")
    assert filed.table["checkpoint"].tolist() == ["untrained", "a"]
    assert filed.table["cells"].tolist() == found.table["cells"].tolist()


def test_bad_input_is_one_sentence(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    for wrong, words in (
        ({"hidden": ()}, "hidden must be one layer or more"),
        ({"hidden": (0,)}, "hidden must be an integer >= 1; got 0"),
        ({"iterations": ()}, "iterations must be one or more"),
        ({"iterations": (0, 3)}, "iterations must be an integer >= 1; got 0"),
        ({"n": 1}, "n must be an integer >= 2"),
    ):
        with pytest.raises(UserError, match=words):
            lines("moons", to=tmp_path / "run", **wrong)
    with pytest.raises(UserError, match="two columns, for a network of your own; got none, of 64"):
        lines_of(net, "digits", to=tmp_path / "run")
    with pytest.raises(UserError, match="It takes its inputs as they are"):
        lines_of(net, "digits", features="pca", to=tmp_path / "run")
    with pytest.raises(UserError, match="files of different names; got a, a"):
        lines_of(net, "moons", weights=["x/a.pt", "y/a.pt"], to=tmp_path / "run")
    assert not (tmp_path / "run").exists()
