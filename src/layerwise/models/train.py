"""One plain loop: minibatch gradient descent on cross-entropy that yields at checkpoints.

Same data, model and settings give the same bytes, also when the training was killed and called
again: each epoch draws its order and its dropout from its own seed, so no random state is saved.
Left out: schedules beyond Keras' decay, augmentation, several devices. Whoever needs them keeps
their own loop and records its checkpoints.

Source: Rauber et al. 2017 train by stochastic gradient descent with momentum; see
:mod:`layerwise.models.mlp` for what is known of their settings.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xxhash
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from layerwise.foundation import checks, progress
from layerwise.foundation.checks import invalid
from layerwise.foundation.shapes import Array
from layerwise.models import checkpoint
from layerwise.models.checkpoint import Checkpoint, Folder, Row
from layerwise.models.evaluate import accuracy, batch, classes, observations, predict
from layerwise.network.model import as_it_was, unwrap
from layerwise.network.weight_files import reason
from layerwise.network.weights import fingerprint

Inputs = Array | Tensor
Settings = Mapping[str, Any]

UNTRAINED_SAMPLE = 2000
"""Observations enough to see that the untrained network is at chance; all would take long."""


def train(
    model: nn.Module,
    inputs: Inputs,
    labels: Inputs,
    *,
    to: str | os.PathLike[str],
    epochs: int,
    batch_size: int = 16,
    learning_rate: float = 0.01,
    momentum: float = 0.9,
    decay: float = 0.0,
    optimizer: str = "sgd",
    filter_rms: float | None = None,
    test: tuple[Inputs, Inputs] | None = None,
    checkpoints: Sequence[int] | None = None,
    random_state: int = 0,
    device: str | torch.device | None = None,
) -> Iterator[Checkpoint]:
    r"""Train a classifier; yield each checkpoint once it is saved and the model holds its weights.

    .. math:: v \leftarrow \mu v + g, \quad w \leftarrow w - \frac{\eta}{1 + \delta t} v

    with :math:`g` the gradient of the batch's mean cross-entropy and :math:`t` the updates so far.

    Call it again after a crash, and it goes on where it was; call it on a finished training, and it
    yields the same checkpoints without training. Every module's training flag and torch's global
    random state are as before whenever it yields.

    Parameters
    ----------
    model : returns logits (n, n_classes); its weights are changed in place
    inputs : (n_observations, ...) array or tensor; uint8 pixels are divided by 255, batch by batch
    labels : (n_observations,) integers, class k for output k
    to : folder for ``epoch-003.safetensors`` and the rest (see :mod:`layerwise.models.checkpoint`)
    epochs : passes over the data
    batch_size : observations per update; the last batch of an epoch may be smaller
    learning_rate : :math:`\eta`
    momentum : :math:`\mu` in [0, 0.999]; for Adam the decay of the first moment
    decay : :math:`\delta`, per update, as in Keras
    optimizer : "sgd" or "adam"
    filter_rms : largest root mean square of the weights of one convolution filter: after every
        update, a filter above it is scaled back to it. Zeiler and Fergus take 0.1, to keep a few
        filters from dominating the first layer. By default filters grow as they will.
    test : inputs and labels to measure `test_accuracy` on, at checkpoints
    checkpoints : epochs to save, default all; 0 (untrained, the control) and the last always are
    random_state : seed of order and dropout; the initial weights are the model's own
    device : where to train, default where the model is; the model is moved

    Raises
    ------
    InvalidValue
        If an argument cannot work, if `to` holds another training, or if the loss becomes NaN.

    Examples
    --------
    >>> import tempfile
    >>> from layerwise.models import mlp
    >>> X, y = np.eye(4, dtype=np.float32), np.arange(4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = mlp((4,), 4, hidden=(8,), dropout=(0.0,))
    ...     for checkpoint in train(model, X, y, to=folder, epochs=40, checkpoints=[0, 40],
    ...                             batch_size=4, learning_rate=0.5):
    ...         print(checkpoint.name, checkpoint.train_accuracy > 0.9)
    epoch-000 False
    epoch-040 True
    """
    plain = unwrap(model)
    X, y = observations("train", inputs), classes("train", labels, len(inputs))
    held_out = None
    if test is not None:
        held_out = (
            observations("train", test[0], "test inputs"),
            classes("train", test[1], len(test[0]), "test labels"),
        )
    epochs = checks.integer("train", "epochs", epochs, 1)
    saved = range(epochs + 1) if checkpoints is None else checkpoints
    settings: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": checks.integer("train", "batch_size", batch_size, 1),
        "learning_rate": checks.number("train", "learning_rate", learning_rate, 0),
        "momentum": checks.number("train", "momentum", momentum, 0, 0.999),
        "decay": checks.number("train", "decay", decay, 0),
        "optimizer": checks.choice("train", "optimizer", optimizer, ("sgd", "adam")),
        "checkpoints": sorted(
            {0, epochs} | {checks.integer("train", "checkpoints", e, 0, epochs) for e in saved}
        ),
        "random_state": checks.integer("train", "random_state", random_state, 0),
        **_clipping(filter_rms),
        "inputs": _digest(X),
        "labels": _digest(y),
        "test": held_out and [_digest(part) for part in held_out],
    }
    if device is not None:
        model.to(device)
    if not any(p.requires_grad for p in model.parameters()):
        raise invalid("train", "model", "trainable", "no parameter that requires a gradient")
    with as_it_was(model), _seeded(random_state, _device(model)):  # lazy modules draw weights now
        n_classes = _logits(model, X, torch.arange(min(2, len(X)))).shape[1]
    for indices in (y, held_out[1]) if held_out else (y,):
        if indices.min() < 0 or indices.max() >= n_classes:
            raise invalid(
                "train", "labels", f"in [0, {n_classes - 1}] for {n_classes} outputs",
                f"{indices.min():d} to {indices.max():d}",
            )  # fmt: skip
    # Weights do not tell of dropout, text does; addresses in it differ from process to process.
    settings["model"] = re.sub(r" at 0x[0-9a-f]+", "", str(plain))
    folder = Folder(Path(to), settings)
    folder.claim(model)
    return _train(model, X, y, held_out, folder)


def _train(
    model: nn.Module, X: Tensor, y: Tensor, test: tuple[Tensor, Tensor] | None, folder: Folder
) -> Iterator[Checkpoint]:
    """Yield the checkpoints that exist, then go on from the last epoch that was committed."""
    settings = folder.settings
    rows = folder.rows()
    for row in rows:
        if row["epoch"] in settings["checkpoints"]:
            folder.load(model, row)
            yield folder.checkpoint(row)
    if len(rows) > settings["epochs"]:
        return
    update = _optimizer(model, settings)
    if rows:
        folder.restore(model, update)
    committed = time.monotonic()
    for epoch in range(len(rows), settings["epochs"] + 1):
        row = _learn(model, X, y, update, rows[-1], settings) if epoch else _untrained(model, X, y)
        saved = epoch in settings["checkpoints"]
        row["test_accuracy"] = accuracy(model, *test) if saved and test else None
        row["weights"] = fingerprint(model)
        rows.append(row)
        if saved:
            folder.save(model, row)
        if epoch == settings["epochs"]:
            folder.finish(rows)
        elif time.monotonic() - committed >= checkpoint.COMMIT_EVERY:
            folder.commit(model, update, rows)
            committed = time.monotonic()
        if saved:
            yield folder.checkpoint(row)


def _untrained(model: nn.Module, X: Tensor, y: Tensor) -> Row:
    """Measure the network before its first update, on evenly spaced observations."""
    every = math.ceil(len(X) / UNTRAINED_SAMPLE)
    logits, truth = torch.from_numpy(predict(model, X[::every])), y[::every]
    loss, right = nn.functional.cross_entropy(logits, truth), logits.argmax(1) == truth
    return {
        "epoch": 0, "step": 0, "train_loss": loss.item(),
        "train_accuracy": right.float().mean().item(), "seconds": 0.0,
    }  # fmt: skip


def _learn(
    model: nn.Module, X: Tensor, y: Tensor, update: Optimizer, last: Row, settings: Settings
) -> Row:
    """Pass over the data once; return what training saw on the way."""
    epoch, step, n = last["epoch"] + 1, last["step"], len(X)
    started = time.perf_counter()
    draws = np.random.SeedSequence([settings["random_state"], epoch]).generate_state(2, np.uint64)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(int(draws[0])))
    total, right = 0.0, 0
    with (
        _learning(model),
        _seeded(int(draws[1]), _device(model)),
        progress.bar("training", settings["epochs"] * n, "observations") as advance,
    ):
        advance((epoch - 1) * n)
        for first in range(0, n, settings["batch_size"]):
            rows = order[first : first + settings["batch_size"]]
            rate = settings["learning_rate"] / (1 + settings["decay"] * step)
            for group in update.param_groups:
                group["lr"] = rate
            logits, truth = _logits(model, X, rows), y[rows].to(_device(model))
            loss = nn.functional.cross_entropy(logits, truth)
            update.zero_grad()
            torch.autograd.backward(loss)
            update.step()
            if "filter_rms" in settings:
                clip_filters(model, settings["filter_rms"])
            step += 1
            value = loss.item()
            if not math.isfinite(value):
                raise invalid(
                    "train", "learning_rate", "low enough for a finite loss",
                    f"{settings['learning_rate']:g}, and a loss of {value} at update {step}",
                    "Lower it tenfold, and look for NaN in the inputs.",
                )  # fmt: skip
            total += value * len(rows)
            right += int((logits.detach().argmax(1) == truth).sum())
            advance(len(rows))
    return {
        "epoch": epoch, "step": step, "train_loss": total / n, "train_accuracy": right / n,
        "seconds": last["seconds"] + time.perf_counter() - started,
    }  # fmt: skip


def _logits(model: nn.Module, X: Tensor, rows: Tensor) -> Tensor:
    """Call the model; what it cannot do with the inputs becomes one sentence."""
    chosen = batch(model, X, rows)
    try:
        logits = model(chosen)
    except Exception as error:
        raise invalid(
            "train", "inputs", f"batches that {type(model).__name__} accepts",
            f"shape {tuple(chosen.shape)} and {reason(error)}",
            "Images are (n_observations, channels, height, width).",
        ) from error  # fmt: skip
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise invalid("train", "model", "a network with outputs (n, n_classes)", got)
    return logits


def clip_filters(model: nn.Module, rms: float) -> None:
    """Scale every convolution filter whose root mean square exceeds `rms` back to it, in place.

    Zeiler and Fergus 2014, section 3. A filter is all that one output channel multiplies its input
    by, without the bias; of transposed convolutions nothing is clipped.

    Examples
    --------
    >>> layer = nn.Conv2d(1, 2, 1, bias=False)
    >>> _ = layer.weight.data.copy_(torch.tensor([0.5, -0.05]).reshape(2, 1, 1, 1))
    >>> clip_filters(layer, 0.1)
    >>> layer.weight.flatten().tolist()
    [0.1..., -0.05...]
    """
    for module in model.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            with torch.no_grad():
                size = module.weight.flatten(1).square().mean(1).sqrt()
                scale = rms / size.clamp_min(rms)
                module.weight.mul_(scale.reshape(-1, *[1] * (module.weight.ndim - 1)))


def _clipping(filter_rms: float | None) -> Settings:
    """Return the setting if there is one: trainings of before know no such word."""
    if filter_rms is None:
        return {}
    rms = checks.number("train", "filter_rms", filter_rms, 0)
    if rms == 0:
        raise invalid("train", "filter_rms", "above 0", rms)
    return {"filter_rms": rms}


def _optimizer(model: nn.Module, settings: Settings) -> Optimizer:
    parameters = [p for p in model.parameters() if p.requires_grad]
    # One pass over the weights instead of three: 20 % of an epoch at batch 16.
    fused = all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in parameters)
    rate, momentum = settings["learning_rate"], settings["momentum"]
    if settings["optimizer"] == "adam":
        return Adam(parameters, lr=rate, betas=(momentum, 0.999), fused=fused)
    return SGD(parameters, lr=rate, momentum=momentum, fused=fused)


@contextmanager
def _learning(model: nn.Module) -> Iterator[None]:
    """Put the model into train mode; restore every module's flag after."""
    flags = [(module, module.training) for module in model.modules()]
    model.train()
    try:
        with torch.enable_grad():
            yield
    finally:
        for module, training in flags:
            module.training = training


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch on the CPU and on `device`; put the random states back after."""
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.default_generator.manual_seed(seed)  # manual_seed would reseed every device
        for one in cuda:
            with torch.cuda.device(one):
                torch.cuda.manual_seed(seed)
        yield


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


def _digest(values: Tensor) -> str:
    flat = values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return xxhash.xxh3_128_hexdigest(flat.data) + f" {tuple(values.shape)} {values.dtype}"
