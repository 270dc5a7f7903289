"""A tally of a live network: what it counts is what a forward by hand computes, on every path."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.networks import SmallViT
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from layerwise import data as data_sets
from layerwise.foundation.checks import UserError
from layerwise.recording import tally
from layerwise.units import Tally

N = 50


class Cnn(nn.Module):
    """A ReLU that overwrites what the convolution gave, a bounded layer, a dense one."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.relu = nn.Conv2d(1, 6, 3), nn.ReLU(inplace=True)
        self.pool, self.drop = nn.MaxPool2d(2), nn.Dropout()
        self.bounded, self.fc, self.squash = nn.ReLU6(), nn.Linear(54, 5), nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.squash(self.fc(self.drop(self.bounded(self.pool(self.relu(self.conv(x))))
                                             .flatten(1))))  # fmt: skip


def images() -> Tensor:
    return torch.randn(N, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def labels() -> np.ndarray:
    return np.arange(N) % 3


def counted(A: np.ndarray, codes: np.ndarray, n_classes: int, **settings) -> Tally:
    found = Tally(A.shape[1], A.shape[2:], n_classes=n_classes, **settings)
    found.update(A, codes)
    return found


def assert_same(found: Tally, expected: Tally) -> None:
    a, b = found.statistics(), expected.statistics()
    exact = [name for name in a if name not in ("mean", "std")]
    assert a[exact].equals(b[exact])
    np.testing.assert_allclose(a[["mean", "std"]], b[["mean", "std"]], rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(found.class_counts, expected.class_counts)
    if found.has_maps:
        np.testing.assert_allclose(found.class_maps(), expected.class_maps(), rtol=1e-6)
        np.testing.assert_array_equal(found.winners().index, expected.winners().index)
        np.testing.assert_array_equal(found.winners().share, expected.winners().share)


def test_reference_every_layer_by_hand():
    model, x, y = Cnn(), images(), labels()
    model.train()
    found = tally(model, x, labels=y, batch_size=7)
    assert model.training
    assert list(found) == ["conv", "relu", "pool", "bounded", "fc", "squash"]
    model.eval()
    with torch.no_grad():
        conv = torch.nn.functional.conv2d(x, model.conv.weight, model.conv.bias)
        relu = conv.relu()
        pool = torch.nn.functional.max_pool2d(relu, 2)
        fc = model.fc(pool.clamp(max=6).flatten(1))
    for name, by_hand in (("relu", relu), ("pool", pool), ("conv", conv), ("fc", fc)):
        ours, theirs = found[name].class_maps(), counted(by_hand.numpy(), y, 3).class_maps()
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert (found["conv"].statistics()["min"] < 0).all()  # seen before it was overwritten
    assert (found["relu"].statistics()["min"] == 0).all()
    known = {name: not one.statistics()["saturated"].isna().any() for name, one in found.items()}
    assert known == {"conv": False, "relu": False, "pool": False, "bounded": True, "fc": False,
                     "squash": True}  # fmt: skip


def test_law_batches_and_layouts_do_not_matter():
    model, x = Cnn(), images()
    one = tally(model, x, "relu", labels=labels())["relu"]
    last = tally(model.to(memory_format=torch.channels_last),
                 x.contiguous(memory_format=torch.channels_last), "relu", labels=labels(),
                 batch_size=11)["relu"]  # fmt: skip
    np.testing.assert_allclose(one.class_maps(), last.class_maps(), atol=1e-5)
    np.testing.assert_allclose(one.statistics()["std"], last.statistics()["std"], rtol=1e-5)


class Tokens(nn.Module):
    """Embeds tokens, and leaves padding to the mask."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.mix = nn.Embedding(9, 6), nn.Linear(6, 6)
        self.act, self.head = nn.GELU(), nn.Linear(6, 2)

    def forward(self, ids: Tensor, attention_mask: Tensor) -> Tensor:
        h = self.act(self.mix(self.embed(ids)))
        weight = attention_mask[..., None].float()
        return self.head((h * weight).sum(1) / weight.sum(1))


def test_reference_padded_tokens_count_nowhere():
    rng = np.random.default_rng(0)
    ids, lengths = rng.integers(1, 9, (N, 10)), rng.integers(1, 10, N)
    mask = np.arange(10) < lengths[:, None]
    model = Tokens().eval()
    batch = {"ids": torch.from_numpy(ids * mask), "attention_mask": torch.from_numpy(1 * mask)}
    found = tally(model, batch, labels=labels(), batch_size=8)
    with torch.no_grad():
        h = model.act(model.mix(model.embed(batch["ids"]))).numpy()
    assert (found["act"].n_units, found["act"].positions) == (6, (10,))
    frame, maps = found["act"].statistics(), found["act"].class_maps()
    assert (frame["n"] == mask.sum()).all()
    np.testing.assert_allclose(frame["mean"], h[mask].mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(frame["min"], h[mask].min(axis=0), rtol=1e-5)
    for c in range(3):
        for t in range(10):
            there = (labels() == c) & mask[:, t]
            if there.any():
                np.testing.assert_allclose(maps[c, :, t], h[there, t].mean(axis=0), atol=1e-5)
            else:
                assert np.isnan(maps[c, :, t]).all()
    assert (found["head"].statistics()["n"] == N).all()


def test_outcome_channels_are_found_wherever_they_are():
    found = tally(SmallViT(), torch.randn(6, 3, 8, 8), labels=[0, 1] * 3)
    assert found["patches"].n_units == 12
    assert found["patches"].positions == (4, 4)
    assert found["encoder.0.norm1"].n_units == 12
    assert found["encoder.0.norm1"].positions == (16,)
    turned = tally(SmallViT(), torch.randn(6, 3, 8, 8), "encoder.0.norm1", axes={"encoder.*": 0})
    assert turned["encoder.0.norm1"].n_units == 16


def test_contract_labels_from_wherever_they_are():
    model, x, y = Cnn(), images(), labels()
    expected = tally(model, x, "relu", labels=y)["relu"]
    one_form = {"labels": {"digit": y, "other": y[::-1]}}
    assert_same(tally(model, x, "relu", **one_form)["relu"], expected)
    assert_same(tally(model, x, "relu", **one_form, label="digit")["relu"], expected)
    dataset = TensorDataset(x, torch.from_numpy(y))
    assert_same(tally(model, dataset, "relu")["relu"], expected)
    assert_same(tally(model, DataLoader(dataset, batch_size=3, shuffle=True), "relu")["relu"],
                expected)  # fmt: skip
    named = tally(model, x, "relu", labels={"pet": np.array(["b", "a", "c"])[y]})["relu"]
    assert named.class_names == ("a", "b", "c")
    assert named.class_counts.tolist() == [17, 17, 16]
    some = tally(model, x, "relu", labels={"pet": np.where(y == 2, -1, y)},
                 class_names={"pet": ["cat", "dog", "emu"]})["relu"]  # fmt: skip
    assert some.class_names == ("cat", "dog", "emu")
    assert some.class_counts.tolist() == [17, 17, 0]
    assert some.n_observations == N
    none = tally(model, x, "relu")["relu"]
    assert none.n_classes == 0
    np.testing.assert_allclose(none.statistics()["mean"], expected.statistics()["mean"])


def test_contract_a_dataset_with_targets_is_read_once():
    class Once(Dataset):
        def __init__(self) -> None:
            self.targets, self.reads = labels().tolist(), 0

        def __len__(self) -> int:
            return N

        def __getitem__(self, i: int) -> tuple[Tensor, int]:
            self.reads += 1
            return images()[i], self.targets[i]

    data = Once()
    found = tally(Cnn(), data, "relu")["relu"]
    assert found.class_counts.tolist() == [17, 17, 16]
    assert data.reads <= N + 2


def test_outcome_a_named_data_set_brings_its_classes():
    digits = data_sets.load("digits", split="test").take(range(60))
    torch.manual_seed(0)
    found = tally(nn.Sequential(nn.Flatten(), nn.Linear(64, 4), nn.Sigmoid()), digits)
    assert found["2"].class_names == tuple("0123456789")
    assert found["2"].class_maps().shape == (10, 4)
    assert found["2"].n_observations == 60


def test_law_half_precision_models_are_counted_in_single():
    model = Cnn().to(torch.bfloat16)
    found = tally(model, images(), ["fc", "input"], labels=labels())
    with torch.no_grad():
        model.eval()
        expected = model.fc(model.bounded(model.pool(model.conv(images().bfloat16()).relu()))
                            .flatten(1)).float().numpy()  # fmt: skip
    np.testing.assert_allclose(found["fc"].statistics()["mean"], expected.mean(axis=0), atol=1e-2)
    assert found["input"].n_units == 1


def test_contract_maps_and_winners_can_be_left_out():
    found = tally(Cnn(), images(), labels=labels(), maps=False, winners=False)["conv"]
    assert not found.has_maps
    assert not found.has_winners
    assert found.by_class().mean.shape == (3, 6)


class Broken(nn.Module):
    """Divides by zero from the 20th observation on."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.layer(1 / x))


class Ragged(Dataset):
    """Observations that grow longer."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, i: int) -> Tensor:
        return torch.ones(1, 4 + i // 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": "relu9"}, "no layer 'relu9' in Cnn"),
        ({"labels": {"digit": labels()}, "label": "pet"}, "no label column 'pet' in the data"),
        ({"labels": [0, 1]}, r"tally: labels\['label'\] must be 1-D .*\(50\); got shape \(2,\)"),
        ({"labels": {"pet": labels()}, "class_names": {"pet": ["a"]}}, "below 1, the number of"),
        ({"batch_size": 0}, "tally: batch_size must be an integer >= 1"),
        ({"max_bytes": 100}, r"tally: max_bytes must be at least .* GB for the class maps and "
         r"winners of 3 classes \(layer 'conv' takes .*Choose fewer layers"),
        ({"axes": {"conv": 1}}, "axes"),
        ({"data": images()[:, :, :2]}, "Cnn failed on a batch of shape"),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(change, message):
    given = {"model": Cnn(), "data": images(), "labels": labels(), **change}
    with pytest.raises(UserError, match=message) as caught:
        tally(**given)
    assert "\n" not in str(caught.value)


def test_contract_what_cannot_be_counted_names_layer_and_rows():
    x = torch.ones(40, 3)
    x[25] = 0
    with pytest.raises(UserError, match=r"tally: layer 'relu', observations from 20: .* finite"):
        tally(Broken(), x, "relu", batch_size=10)
    net = nn.Sequential(nn.Conv1d(1, 2, 1), nn.ReLU())
    with pytest.raises(UserError, match=r"layer '0' has shape \(2, 5\) .* and \(2, 4\) for the f"):
        tally(net, Ragged(), batch_size=3)
