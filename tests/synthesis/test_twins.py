"""What layers make of twins is what a recording of them would hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.attacked import digits, trained

from layerwise import record
from layerwise.foundation.checks import NotFound
from layerwise.synthesis import layer_values


def test_reference_the_same_bytes_as_a_recording(tmp_path):
    x, _ = digits(30)
    run = record(
        trained(), x, to=tmp_path / "run", layers=["input", "relu2", "pool2", "output"],
        pooling={"relu2": "max"},
    )  # fmt: skip
    layers = {name: run.layer(name).pooling for name in ("input", "relu2", "pool2", "output")}
    found = layer_values(trained(), x, layers)
    assert list(found) == list(layers)
    for name, values in found.items():
        stored = np.asarray(run.activations(name))
        assert values.tobytes() == stored.tobytes()
        assert values.shape == (30, run.layer(name).n_units)


def test_law_parts_of_a_large_recording_follow_each_other():
    net = torch.nn.Sequential(torch.nn.Linear(3, 2))
    x = np.random.default_rng(0).random((70, 3), dtype=np.float32)
    small, whole = (layer_values(net, x, {"0": "flatten"}, batch_size=n)["0"] for n in (7, 70))
    np.testing.assert_allclose(small, whole, atol=1e-6)


def test_contract_unknown_layers_are_named():
    with pytest.raises(NotFound, match="no layer 'relu9'"):
        layer_values(trained(), digits(3)[0], {"relu9": "flatten"})
