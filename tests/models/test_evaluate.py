"""Closed form and contract: outputs are the model's own, and the model is left as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.foundation.checks import UserError
from layerwise.models import accuracy, mlp, predict


def test_equals_the_model_in_eval_mode() -> None:
    model = mlp((1, 4, 4), 3, hidden=(8,), dropout=(0.5,))
    X = np.random.default_rng(0).random((7, 1, 4, 4), np.float32)
    model.eval()
    expected = model(torch.from_numpy(X)).detach().numpy()
    model.train()
    assert np.allclose(predict(model, X, batch_size=3), expected, atol=1e-6)
    assert predict(model, torch.from_numpy(X)).shape == (7, 3)


def test_flags_buffers_and_trainability_are_kept() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    model.train()
    model[3].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    X = np.ones((5, 4), np.float32)
    predict(model, X)
    assert [module.training for module in model] == [True, True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    model(torch.from_numpy(X)).sum().backward()  # nothing became an inference tensor


def test_lazy_model_can_be_trained_after() -> None:
    model = nn.LazyLinear(2)
    predict(model, np.ones((3, 4), np.float32))
    model(torch.ones(1, 4)).sum().backward()


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_any_number_type_and_uint8_is_scaled(dtype: type) -> None:
    X = np.full((2, 3), 255 if dtype is np.uint8 else 1, dtype)
    assert predict(nn.Flatten(), X).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_read_only_memory_map(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(3, dtype=np.float32))
    X = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert accuracy(nn.Flatten(), X, np.arange(3)) == 1.0
    assert accuracy(nn.Flatten(), X, torch.tensor([0, 1, 1])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), "accuracy|predict: inputs must be .* not empty"),
        (np.zeros(3), np.zeros(3, int), r"inputs must be \(n_observations, ...\)"),
        (np.zeros((3, 2)), np.zeros(2, int), r"labels must be 1-D with one entry .* \(3\)"),
        (np.zeros((2, 2)), np.array(["a", "b"]), "labels must be integers"),
        (np.array([["a"], ["b"]]), np.zeros(2, int), "inputs must be numeric"),
        ([[1.0], [2.0]], np.zeros(2, int), "inputs must be a numpy array or a tensor; got list"),
    ],
)
def test_refusals(inputs: object, labels: np.ndarray, message: str) -> None:
    with pytest.raises(UserError, match=message):
        accuracy(nn.Flatten(), inputs, labels)
