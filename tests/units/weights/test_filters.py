"""Filters in numbers: reference (literal loops, singular values), closed form, contract."""

from __future__ import annotations

import math

import numpy as np
import pytest

from layerwise import units

rng = np.random.default_rng(0)


def layer(*shape, zeros=0.0):
    weights = rng.normal(size=shape).astype(np.float32)
    return np.where(rng.random(shape) < zeros, np.float32(0), weights)


@pytest.mark.parametrize(("shape", "groups"), [((12, 3, 5, 5), 1), ((8, 2, 3), 4), ((9, 40), 1)])
def test_reference_statistics_by_loops(shape, groups):
    W = layer(*shape, zeros=0.3)
    W[1] = 0
    W[2] = -2 * W[0]
    if groups == 1:
        W[5] = W[0] * 1.5 + 1e-4
    W[4] = 3 * W[0]  # of another group where there are groups of two
    table = units.filter_statistics(W, groups)
    leaders: list[int] = []
    for k, row in enumerate(table.to_dict("records")):
        own = [float(w) for w in W[k].ravel()]
        norm = math.sqrt(sum(w * w for w in own))
        assert row["unit"] == k
        assert row["norm"] == pytest.approx(norm)
        assert row["mean"] == pytest.approx(sum(own) / len(own))
        assert row["zeros"] == pytest.approx(sum(w == 0 for w in own) / len(own))
        assert row["state"] == ("dead" if norm == 0 else "live")
        twin = k
        for j in leaders:
            other = [float(w) for w in W[j].ravel()]
            size = math.sqrt(sum(w * w for w in other))
            dot = sum(a * b for a, b in zip(own, other, strict=True))
            same_group = j // (len(W) // groups) == k // (len(W) // groups)
            if same_group and norm and size and abs(dot) / norm / size > 0.99:
                twin = j
                break
        leaders += [k] if twin == k else []
        assert row["twin"] == twin
    expected = 0 if groups == 1 else 4 if len(W) // groups == 1 else None
    assert table["twin"][4] == (expected if expected is not None else 4)


@pytest.mark.parametrize(
    ("shape", "groups"), [((16, 3, 5, 5), 1), ((64, 10), 1), ((12, 2, 3, 3), 4), ((8, 1, 3), 8)]
)
def test_reference_effective_rank_from_singular_values(shape, groups):
    W = layer(*shape)
    per = shape[0] // groups
    values = np.concatenate([
        np.linalg.svd(W[k : k + per].reshape(per, -1).astype(float), compute_uv=False)
        for k in range(0, shape[0], per)
    ])  # fmt: skip
    p = values / values.sum()
    expected = math.exp(-sum(x * math.log(x) for x in p if x > 0))
    found = units.effective_rank(W, groups)
    assert found == pytest.approx(expected, rel=1e-6)
    assert 1 <= found <= units.max_rank(W, groups) == len(values)


def test_closed_form_effective_rank():
    assert units.effective_rank(np.zeros((3, 4))) == 0
    assert units.effective_rank(np.outer(np.arange(1, 5), np.ones(7))) == pytest.approx(1, abs=1e-5)
    assert units.effective_rank(np.diag([5.0, 5, 0])) == pytest.approx(2)
    rotation = np.linalg.qr(rng.normal(size=(9, 9)))[0]
    assert units.effective_rank(rotation) == pytest.approx(9)


def test_contract_one_weight_has_no_twin():
    assert units.filter_statistics(layer(9, 1, 1, 1), 9)["twin"].tolist() == list(range(9))
    assert units.filter_statistics(layer(9, 1))["twin"].tolist() == list(range(9))


def test_contract_many_filters_in_blocks_have_the_same_twins():
    W = layer(1300, 6)
    W[1299] = W[3]
    W[700] = -W[699]
    twins = units.filter_statistics(W)["twin"].to_numpy()
    V = W / np.linalg.norm(W, axis=1, keepdims=True)
    expected = units.duplicates(np.maximum(1 - np.abs(V @ V.T), 0), below=0.01)
    np.testing.assert_array_equal(twins, expected)
    assert (twins[1299], twins[700]) == (3, twins[699])


@pytest.mark.needs_data
def test_outcome_a_pruned_network_shows_its_zeros(shared_data):
    arrays = np.load(shared_data / "weights" / "squeezenet_v1.0_imagenet.npz")
    weights = {name: arrays[name] for name in arrays.files if name.endswith("/w")}
    tables = {name: units.filter_statistics(W) for name, W in weights.items()}
    zeros = sum(float(table["zeros"].mean()) * weights[name].size for name, table in tables.items())
    assert zeros / sum(W.size for W in weights.values()) == pytest.approx(0.66, abs=0.01)
    assert (tables["conv1/w"]["state"] == "live").all()
