"""The strongest observations of every unit: exact, streamed, the network left as it was."""

from __future__ import annotations

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.awkward import Keywords
from tests.networks import Signals, SmallViT
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from layerwise.data import load
from layerwise.foundation.checks import InvalidType, InvalidValue, NotFound
from layerwise.recording import top


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 5, 3), nn.BatchNorm2d(5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(45, 7),
    )  # fmt: skip


def by_hand(A: np.ndarray, n: int) -> list[list[tuple[float, int, tuple[int, ...]]]]:
    """Return (value, row, position) of the best n of every channel of (rows, channels, ...)."""
    found = []
    for channel in range(A.shape[1]):
        best = []
        for row in range(len(A)):
            map_ = A[row, channel]
            place = max(np.ndindex(map_.shape), key=lambda at: (map_[at], [-k for k in at]))
            best.append((float(map_[place]), row, tuple(map(int, place))))
        found.append(sorted(best, key=lambda entry: (-entry[0], entry[1]))[:n])
    return found


class Values(nn.Module):
    """Hands on what it is given: the data are the activations."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.same(x)


def test_reference_the_best_nine_of_a_whole_set_at_odd_batch_sizes(net: nn.Sequential) -> None:
    data = load("digits", split="test")
    x = data.inputs()
    net.eval()
    with torch.no_grad():
        maps = net[:3](torch.from_numpy(x)).numpy()
        dense = net(torch.from_numpy(x)).numpy()
    for batch_size in (1, 7, 64, 10_000):
        part = slice(0, 40 if batch_size == 1 else len(x))
        found = top(net, x[part], ["2", "5"], batch_size=batch_size)
        for name, A in (("2", maps[part]), ("5", dense[part])):
            one, expected = found[name], by_hand(A, 9)
            for unit, best in enumerate(expected):
                assert one.rows[unit].tolist() == [row for _, row, _ in best]
                assert [tuple(p) for p in one.positions[unit].tolist()] == [p for *_, p in best]
                np.testing.assert_allclose(one.values[unit], [v for v, *_ in best], rtol=1e-4)
            assert one.n_observations == len(A)
    assert found["5"].positions.shape == (7, 9, 0)
    assert {(one.layer, one.kind) for one in found.values()} == {("2", "ReLU"), ("5", "Linear")}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 4), st.integers(1, 5), st.integers(1, 12),
    st.integers(1, 50), st.integers(0, 10_000),
)  # fmt: skip
def test_reference_with_ties_everywhere(
    rows: int, channels: int, side: int, n: int, batch_size: int, seed: int
) -> None:
    x = np.random.default_rng(seed).integers(-1, 3, (rows, channels, side, 2)).astype(np.float32)
    found = top(Values(), x, "input", n=n, batch_size=batch_size)["input"]
    for unit, best in enumerate(by_hand(x, n)):
        assert found.rows[unit].tolist() == [row for _, row, _ in best]
        assert [tuple(p) for p in found.positions[unit].tolist()] == [p for *_, p in best]


def test_law_one_patch_an_observation_in_falling_order_ties_to_the_lower_row(
    net: nn.Sequential,
) -> None:
    found = top(net, load("digits", split="test"), ["0", "2", "3"], batch_size=50)
    for one in found.values():
        for rows, values in zip(one.rows.tolist(), one.values.tolist(), strict=True):
            assert len(set(rows)) == 9
            for (a, row), (b, later) in pairwise(zip(values, rows, strict=True)):
                assert a > b or (a == b and row < later)


def test_law_memory_does_not_grow_with_the_data() -> None:
    import tracemalloc

    def peak(n: int) -> int:
        x = torch.rand(1, 1, 12, 12).expand(n, 1, 12, 12)  # the data themselves take none
        tracemalloc.start()
        top(nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU()), x, "1", batch_size=160)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(640)
    # the peaks alone would be 12 bytes a row; the list of batches is about one, a progress bar, if
    # the machine is slow, less than 100,000 in all
    assert peak(40_000) - peak(1600) < 6 * (40_000 - 1600)


def test_contract_fewer_observations_than_asked_for(net: nn.Sequential) -> None:
    found = top(net, torch.rand(4, 1, 8, 8), "2", n=9)["2"]
    assert found.rows.shape == found.values.shape == (5, 4)
    assert all(sorted(rows) == [0, 1, 2, 3] for rows in found.rows.tolist())


def test_outcome_silent_units_are_told() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU())
    with torch.no_grad():
        net[0].weight[:] = torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1)
        net[0].bias[:] = 0
    found = top(net, torch.rand(12, 1, 4, 4), "1")["1"]
    assert found.silent.tolist() == [False, True]
    assert found.rows[1].tolist() == list(range(9))
    assert not found.values[1].any()


def test_outcome_signals_tokens_and_dense_layers() -> None:
    torch.manual_seed(0)
    x = torch.rand(20, 2, 40)
    signals = Signals().eval()
    found = top(signals, x, ["conv2", "fc"], n=3)
    with torch.no_grad():
        conv2 = signals.conv2(torch.relu(signals.conv1(x)))
    assert found["conv2"].positions.shape == (6, 3, 1)
    assert found["conv2"].rows[:, 0].tolist() == conv2.amax(2).argmax(0).tolist()
    assert found["fc"].positions.shape == (3, 3, 0)
    tokens = top(SmallViT(), torch.rand(6, 3, 8, 8), ["encoder.0.norm1"], n=2)
    assert tokens["encoder.0.norm1"].positions.shape == (12, 2, 1)


def test_outcome_tokens_that_the_mask_leaves_out_do_not_count() -> None:
    torch.manual_seed(0)
    net = Keywords().eval()
    ids = torch.tensor([[1, 2, 3], [3, 2, 1], [2, 2, 2]])
    mask = torch.tensor([[1.0, 0, 0], [1, 1, 1], [0, 0, 0]])
    found = top(net, {"input_ids": ids, "attention_mask": mask}, "embed", n=3)["embed"]
    with torch.no_grad():
        values = net.embed(ids)
    for unit in range(values.shape[2]):
        shown = {0: values[0, :1, unit].max(), 1: values[1, :, unit].max()}
        assert found.rows[unit].tolist() == [*sorted(shown, key=lambda k: -float(shown[k])), -1]
        assert found.values[unit, 2] == -np.inf
        assert found.positions[unit][found.rows[unit] == 0].tolist() == [[0]]


def test_contract_every_form_of_data(net: nn.Sequential) -> None:
    x = torch.rand(30, 1, 8, 8)
    expected = top(net, x, "2")["2"]
    for form in (x.numpy(), (x,), TensorDataset(x, torch.zeros(30)), x.double()):
        found = top(net, form, "2", batch_size=11)["2"]
        np.testing.assert_array_equal(found.rows, expected.rows)


def test_law_the_model_is_left_as_it_was(net: nn.Sequential) -> None:
    net.train()
    state = copy.deepcopy(net.state_dict())
    random = torch.get_rng_state()
    top(net, torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    bad = torch.full((5, 1, 8, 8), torch.nan)
    with pytest.raises(InvalidValue):
        top(net, bad)
    assert all(module.training for module in net.modules())
    assert not any(module._forward_hooks for module in net.modules())
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())


def test_contract_what_a_user_can_get_wrong_is_one_sentence(net: nn.Sequential) -> None:
    x = torch.rand(40, 1, 8, 8)
    x[33, 0, 4, 4] = torch.nan
    with pytest.raises(InvalidValue, match=r"layer '0' must be finite; .* 1 rows, first 33"):
        top(net, x, batch_size=16)
    with pytest.raises(NotFound, match="no layer '9' in Sequential"):
        top(net, x, ["9"])
    with pytest.raises(InvalidValue, match="n must be an integer >= 1; got 0"):
        top(net, x, n=0)
    with pytest.raises(InvalidType, match="batch_size must be an integer"):
        top(net, x, batch_size=2.5)
