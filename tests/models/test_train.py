"""Closed form (updates by hand), round trip (killed and called again), outcome (it learns)."""

from __future__ import annotations

import json
import math
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from layerwise.foundation.checks import UserError
from layerwise.models import accuracy, checkpoint, convnet, lenet, mlp, train
from layerwise.models.train import clip_filters
from layerwise.network.weights import fingerprint, load_weights

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
Y = np.arange(40) % 4
SETTINGS = {"epochs": 4, "batch_size": 16, "learning_rate": 0.1, "test": (X[:10], Y[:10])}


def build(**settings: object) -> nn.Sequential:
    return mlp((1, 8, 8), 4, **{"hidden": (16, 8), "dropout": (0.2, 0.5), **settings})


def content(folder: Path) -> dict[str, bytes]:
    """Return what must not depend on interruptions: all but the clock."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    rows = pd.read_json(folder / "history.json").drop(columns="seconds")
    return {**found, "history.json": rows.to_csv().encode()}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Networks this small only wait for a second thread, the more so on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every epoch, not only those after a few seconds."""
    monkeypatch.setattr(checkpoint, "COMMIT_EVERY", 0.0)


# Closed form


@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.9, 0.0), (0.9, 0.5)])
def test_updates_by_hand(tmp_path: Path, momentum: float, decay: float) -> None:
    """Softmax regression with one batch per epoch: the gradient is (p - onehot) x / n."""
    x, y, rate = X[:6].reshape(6, -1).astype(np.float64) / 255, Y[:6], 0.3
    model = nn.Sequential(nn.Linear(64, 4)).double()
    weight = model[0].weight.detach().numpy().copy()
    bias = model[0].bias.detach().numpy().copy()
    list(train(model, x, y, to=tmp_path, epochs=3, batch_size=6, learning_rate=rate,
               momentum=momentum, decay=decay))  # fmt: skip
    speed = [np.zeros_like(weight), np.zeros_like(bias)]
    for step in range(3):
        exponential = np.exp(x @ weight.T + bias)
        wrong = exponential / exponential.sum(1, keepdims=True) - np.eye(4)[y]
        speed[0] = momentum * speed[0] + wrong.T @ x / 6
        speed[1] = momentum * speed[1] + wrong.mean(0)
        weight -= rate / (1 + decay * step) * speed[0]
        bias -= rate / (1 + decay * step) * speed[1]
    assert np.allclose(model[0].weight.detach().numpy(), weight, atol=1e-12)
    assert np.allclose(model[0].bias.detach().numpy(), bias, atol=1e-12)


def test_filters_above_the_root_mean_square_are_scaled_back_by_hand() -> None:
    conv = nn.Conv2d(3, 5, 2, groups=1)
    model = nn.Sequential(conv, nn.ConvTranspose2d(5, 2, 2), nn.Flatten(), nn.Linear(8, 2))
    with torch.no_grad():
        for one in model.parameters():
            one.copy_(torch.from_numpy(RNG.normal(size=tuple(one.shape)) * 0.3))
        conv.weight[2] *= 0.01
    before = {name: one.detach().numpy().copy() for name, one in model.named_parameters()}
    clip_filters(model, 0.1)
    for name, one in model.named_parameters():
        if name == "0.weight":
            continue
        assert (one.detach().numpy() == before[name]).all()
    for k, filter_ in enumerate(before["0.weight"]):
        rms = np.sqrt((filter_**2).mean())
        expected = filter_ if rms <= 0.1 else filter_ * 0.1 / rms
        assert np.allclose(conv.weight[k].detach().numpy(), expected, rtol=1e-6)
    assert (conv.weight[2].detach().numpy() == before["0.weight"][2]).all()


def _rms(model: nn.Module) -> np.ndarray:
    return model.conv1.weight.detach().flatten(1).square().mean(1).sqrt().numpy()


def test_outcome_clipping_holds_after_every_update_and_resumes(tmp_path: Path) -> None:
    def network() -> nn.Sequential:
        return lenet((1, 8, 8), 4, channels=(6,), kernel_size=3, pools=(2,), hidden=())

    settings = {**SETTINGS, "learning_rate": 0.5, "filter_rms": 0.1}
    free = network()
    list(train(free, X, Y, to=tmp_path / "free", **{**settings, "filter_rms": None}))
    assert _rms(free).max() > 0.2
    clipped = network()
    for found in train(clipped, X, Y, to=tmp_path / "whole", **settings):
        assert found.epoch == 0 or _rms(clipped).max() <= 0.1 * (1 + 1e-6)
    again = network()
    for found in train(again, X, Y, to=tmp_path / "parts", **settings):
        if found.epoch == 2:
            break
    list(train(network(), X, Y, to=tmp_path / "parts", **settings))
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
    assert "filter_rms" not in json.loads((tmp_path / "free" / "training.json").read_bytes())


def test_epoch_0_is_the_untrained_network(tmp_path: Path) -> None:
    model = build()
    untrained = fingerprint(model)
    expected = accuracy(model, X, Y)
    first = next(train(model, X, Y, to=tmp_path, **SETTINGS))
    assert (first.name, first.epoch, first.step, first.seconds) == ("epoch-000", 0, 0, 0.0)
    assert fingerprint(load_weights(first.path)) == untrained
    assert first.train_accuracy == pytest.approx(expected)
    logits = build().eval()(torch.from_numpy(X) / 255)
    loss = nn.functional.cross_entropy(logits, torch.from_numpy(Y)).item()
    assert first.train_loss == pytest.approx(loss)


def test_every_observation_once_per_epoch_in_another_order(tmp_path: Path) -> None:
    seen: list[int] = []
    model = nn.Sequential(nn.Linear(1, 2))
    model.register_forward_pre_hook(
        lambda m, args: seen.extend(args[0][:, 0].int().tolist()) if m.training else None
    )
    inputs = np.arange(10, dtype=np.float32)[:, None]
    list(train(model, inputs, np.arange(10) % 2, to=tmp_path, epochs=2, batch_size=4,
               learning_rate=1e-6))  # fmt: skip
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]


# Outcome


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("network", [mlp, convnet])
def test_overfits_20_images(tmp_path: Path, network: type, optimizer: str) -> None:
    small = {mlp: {"dropout": (0.0,)}, convnet: {"dropout": (0.0, 0.0), "channels": ((8,),)}}
    model = network((1, 8, 8), 4, hidden=(32,), **small[network])
    rate = 0.05 if optimizer == "sgd" else 0.005
    *_, last = train(model, X[:20], Y[:20], to=tmp_path, epochs=30, checkpoints=[], batch_size=5,
                     learning_rate=rate, optimizer=optimizer)  # fmt: skip
    assert accuracy(model, X[:20], Y[:20]) == 1.0
    assert last.train_accuracy == 1.0


def test_history_is_tidy(tmp_path: Path) -> None:
    found = list(train(build(), X, Y, to=tmp_path, **SETTINGS, checkpoints=[2]))
    assert [c.name for c in found] == ["epoch-000", "epoch-002", "epoch-004"]
    table = pd.read_json(tmp_path / "history.json")
    assert table["epoch"].tolist() == [0, 1, 2, 3, 4]
    assert table["step"].tolist() == [0, 3, 6, 9, 12]
    assert table["test_accuracy"].isna().tolist() == [False, True, False, True, False]
    assert table["seconds"].is_monotonic_increasing
    assert {p.name for p in tmp_path.iterdir()} == {
        "training.json", "history.json",
        "epoch-000.safetensors", "epoch-002.safetensors", "epoch-004.safetensors",
    }  # fmt: skip
    assert found[-1].path.stat().st_mode & 0o444 == 0o444


def test_without_test_set_test_accuracy_is_nan(tmp_path: Path) -> None:
    assert math.isnan(next(train(build(), X, Y, to=tmp_path, epochs=1)).test_accuracy)


# Contract: the model and torch are left as they were


def test_flags_random_state_and_weights_at_each_yield(tmp_path: Path) -> None:
    model = build()
    model.eval()
    model.dropout1.train()
    flags = [module.training for module in model.modules()]
    torch.manual_seed(3)
    state = torch.get_rng_state()
    for _ in range(2):  # the second time from disk
        for found in train(model, X, Y, to=tmp_path, **SETTINGS):
            assert torch.equal(torch.get_rng_state(), state)
            assert [module.training for module in model.modules()] == flags
            assert fingerprint(model) == fingerprint(load_weights(found.path))


def test_the_global_seed_does_not_matter(tmp_path: Path) -> None:
    for seed in (1, 2):
        torch.manual_seed(seed)
        list(train(build(), X, Y, to=tmp_path / str(seed), **SETTINGS))
    assert content(tmp_path / "1") == content(tmp_path / "2")
    list(train(build(), X, Y, to=tmp_path / "other", **SETTINGS, random_state=1))
    assert content(tmp_path / "1") != content(tmp_path / "other")


# Round trip: abandoned, killed, called again


@pytest.mark.usefixtures("commits")
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("stop", [0, 1, 3, 4])
def test_abandoned_and_called_again_same_bytes(tmp_path: Path, stop: int, optimizer: str) -> None:
    settings = {**SETTINGS, "optimizer": optimizer, "decay": 0.1}
    whole = list(train(build(), X, Y, to=tmp_path / "whole", **settings))
    for found in train(build(), X, Y, to=tmp_path / "parts", **settings):
        if found.epoch == stop:
            break
    again = list(train(build(), X, Y, to=tmp_path / "parts", **settings))
    assert [c.name for c in again] == [c.name for c in whole]
    assert content(tmp_path / "parts") == content(tmp_path / "whole")


def test_without_a_commit_it_starts_again(tmp_path: Path) -> None:
    list(train(build(), X, Y, to=tmp_path / "whole", **SETTINGS))
    for found in train(build(), X, Y, to=tmp_path / "parts", **SETTINGS):
        if found.epoch == 2:
            break
    assert not (tmp_path / "parts" / "state.safetensors").exists()
    list(train(build(), X, Y, to=tmp_path / "parts", **SETTINGS))
    assert content(tmp_path / "parts") == content(tmp_path / "whole")


@pytest.mark.usefixtures("commits")
def test_resumes_where_no_checkpoint_was_saved(tmp_path: Path) -> None:
    """The state of an epoch without a checkpoint is that of the training, not of the last one."""
    settings = {**SETTINGS, "checkpoints": [1]}
    list(train(build(), X, Y, to=tmp_path / "whole", **settings))
    model = build()

    def die(module: nn.Module, args: object) -> None:
        if module.training and (tmp_path / "parts" / "state.safetensors").exists():
            rows = json.loads((tmp_path / "parts" / "history.json").read_bytes())
            if len(rows) == 4:
                raise KeyboardInterrupt

    handle = model.register_forward_pre_hook(die)
    with pytest.raises(KeyboardInterrupt):
        list(train(model, X, Y, to=tmp_path / "parts", **settings))
    handle.remove()
    list(train(build(), X, Y, to=tmp_path / "parts", **settings))
    assert content(tmp_path / "parts") == content(tmp_path / "whole")


def test_finished_training_is_not_trained_again(tmp_path: Path) -> None:
    model = build()
    first = list(train(model, X, Y, to=tmp_path, **SETTINGS))
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    untrained = build()

    def never(module: nn.Module, args: object) -> None:
        assert not module.training

    untrained.register_forward_pre_hook(never)
    assert list(train(untrained, X, Y, to=tmp_path, **SETTINGS)) == first
    assert list(train(model, X, Y, to=tmp_path, **SETTINGS)) == first  # a cell that is run again
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == stamps
    assert fingerprint(untrained) == fingerprint(model)


def test_killed_at_random_moments_same_bytes(tmp_path: Path) -> None:
    """Kill -9 a training process again and again; the folder ends as if nothing had happened."""
    job = textwrap.dedent(
        """
        import numpy as np
        import torch
        from layerwise.models import checkpoint, mlp, train

        def job(folder):
            checkpoint.COMMIT_EVERY = 0.0
            torch.set_num_threads(1)
            X = np.random.default_rng(1).random((256, 64), np.float32)
            model = mlp((64,), 4, hidden=(256,), dropout=(0.5,))
            return train(model, X, np.arange(256) % 4, to=folder, epochs=30, batch_size=8,
                         checkpoints=range(0, 30, 3), learning_rate=0.05)
        """
    )
    here: dict[str, Any] = {}
    exec(job, here)
    patience = checkpoint.COMMIT_EVERY
    try:
        started = time.monotonic()
        list(here["job"](tmp_path / "whole"))
        duration = time.monotonic() - started
        script = job + f"print('start', flush=True); list(job({str(tmp_path / 'parts')!r}))"
        draw, kills = random.Random(0), 0
        for _ in range(2):
            part = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
            assert part.stdout is not None
            assert part.stdout.readline() == b"start\n"
            time.sleep(draw.uniform(0.1, 0.5) * duration)
            part.send_signal(signal.SIGKILL)
            kills += part.wait() == -signal.SIGKILL
            part.stdout.close()
        assert kills > 0
        list(here["job"](tmp_path / "parts"))
    finally:
        checkpoint.COMMIT_EVERY = patience
    assert content(tmp_path / "parts") == content(tmp_path / "whole")


# Refusals


@pytest.mark.usefixtures("commits")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.2}, r"differs in learning_rate \(0.1 there, 0.2 here\)"),
        ({"epochs": 5}, r"epochs \(4 there, 5 here\)"),
        ({"random_state": 1}, r"random_state \(0 there, 1 here\)"),
        ({"filter_rms": 0.1}, r"filter_rms \(None there, 0.1 here\)"),
        ({"test": None}, r"test"),
        ({"inputs": X[::-1]}, "other inputs"),
        ({"labels": Y[::-1]}, "other labels"),
        ({"model": {"random_state": 1}}, "other initial weights"),
        ({"model": {"dropout": (0.1, 0.5)}}, "other model"),
    ],
)
def test_another_training_in_the_same_folder(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    next(train(build(), X, Y, to=tmp_path, **SETTINGS))
    before = content(tmp_path)
    model = build(**change.pop("model", {}))
    with pytest.raises(UserError, match=message) as caught:
        train(model, **{"inputs": X, "labels": Y, "to": tmp_path, **SETTINGS, **change})
    assert "\n" not in str(caught.value)
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 1e6, "epochs": 60}, "learning_rate must be low enough for a finite"),
        ({"inputs": X.astype(np.float32) * np.nan}, "finite loss; got .* loss of nan at update 1"),
        ({"labels": Y + 1}, r"labels must be in \[0, 3\] for 4 outputs; got 1 to 4"),
        ({"labels": Y - 1}, r"got -1 to 2"),
        ({"test": (X, Y + 1)}, r"got 1 to 4"),
        ({"inputs": X[:, :, :7]}, r"inputs must be batches that Sequential accepts; got shape"),
        ({"epochs": 0}, "epochs must be an integer >= 1"),
        ({"checkpoints": [9]}, r"checkpoints must be an integer in \[0, 4\]; got 9"),
        ({"filter_rms": 0.0}, "filter_rms must be above 0; got 0.0"),
        ({"optimizer": "lion"}, "optimizer must be one of sgd, adam"),
        ({"model": nn.Flatten()}, "model must be trainable"),
        ({"model": nn.Conv2d(1, 2, 3)}, r"model must be a network with outputs \(n, n_classes\)"),
        ({"model": "mlp"}, "must be a torch.nn.Module; got str"),
    ],
)
def test_refusals(tmp_path: Path, change: dict[str, object], message: str) -> None:
    arguments = {"model": build(), "inputs": X, "labels": Y, "to": tmp_path / "new", **SETTINGS}
    with pytest.raises(UserError, match=message) as caught:
        list(train(**{**arguments, **change}))
    assert "\n" not in str(caught.value)


def test_a_changed_checkpoint_is_found(tmp_path: Path) -> None:
    *_, last = train(build(), X, Y, to=tmp_path, **SETTINGS)
    damaged = bytearray(last.path.read_bytes())
    damaged[-1] ^= 1
    last.path.write_bytes(damaged)
    with pytest.raises(UserError, match="the weights are not those that were trained"):
        list(train(build(), X, Y, to=tmp_path, **SETTINGS))


def test_a_folder_of_somebody_else_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "epoch-000.safetensors").write_bytes(b"theirs")
    with pytest.raises(UserError, match="unknown origin"):
        train(build(), X, Y, to=tmp_path, **SETTINGS)
    assert (tmp_path / "epoch-000.safetensors").read_bytes() == b"theirs"


# Awkward models


@pytest.mark.usefixtures("commits")
def test_batch_norm_tied_weights_and_lazy_layers_resume(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up, self.norm = nn.Linear(64, 64), nn.BatchNorm1d(64)
            self.down, self.out = nn.Linear(64, 64), nn.LazyLinear(4)
            self.down.weight = self.up.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(self.down(torch.relu(self.norm(self.up(x.flatten(1))))))

    def tied() -> Tied:
        torch.manual_seed(0)
        return Tied()

    list(train(tied(), X, Y, to=tmp_path / "whole", **SETTINGS))
    for found in train(tied(), X, Y, to=tmp_path / "parts", **SETTINGS):
        if found.epoch == 2:
            break
    list(train(tied(), X, Y, to=tmp_path / "parts", **SETTINGS))
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
