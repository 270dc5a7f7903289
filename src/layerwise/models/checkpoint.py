"""A training on disk: its settings, its history, its checkpoints, and where to go on after a crash.

::

    training.json              settings, and fingerprints of data and model
    history.json               one row per epoch: read it with pandas.read_json
    epoch-000.safetensors ...  weights; the settings are in the metadata
    state.safetensors          weights, optimizer and history to go on from, while training

Every file is whole or absent. The state holds the history up to itself, so one rename commits all
epochs so far; what is written after it and lost in a crash is written again with the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from layerwise.foundation.checks import UserError, invalid
from layerwise.network.weights import apply_weights, fingerprint, load_weights
from layerwise.store.durable import sweep, write_atomically

COMMIT_EVERY = 5.0
"""Seconds of learning that a crash may cost beyond its epoch; every commit waits for the disk."""

Row = dict[str, Any]
"""One epoch in the history: the fields of :class:`Checkpoint` that are not its file."""


@dataclass(frozen=True)
class Checkpoint:
    """The network at the end of an epoch, saved.

    Attributes
    ----------
    name : "epoch-000" is the untrained network
    epoch : passes over the data so far
    step : updates of the weights so far
    path : safetensors file with the state dict
    train_loss : cross-entropy in nats, averaged over the epoch's batches with dropout active, as
        training saw them; at epoch 0 on at most 2000 observations, without dropout
    train_accuracy : in [0, 1], measured like `train_loss`
    test_accuracy : in [0, 1], without dropout; NaN if there is no test set
    seconds : wall time spent on learning so far
    """

    name: str
    epoch: int
    step: int
    path: Path
    train_loss: float
    train_accuracy: float
    test_accuracy: float
    seconds: float


def name_of(epoch: int) -> str:
    """Return the name of the checkpoint at the end of an epoch.

    Examples
    --------
    >>> name_of(3)
    'epoch-003'
    """
    return f"epoch-{epoch:03d}"


@dataclass(frozen=True)
class Folder:
    """The folder of one training."""

    path: Path
    settings: Mapping[str, Any]

    def claim(self, model: nn.Module) -> None:
        """Make the folder this training's, or find that it is another's.

        The model may be in its initial state or in that of any epoch of the history.
        """
        file, given = self.path / "training.json", fingerprint(model)
        if not file.exists():
            if stray := sorted(self.path.glob("epoch-*.safetensors")):
                raise self._refusal(f"a folder with {stray[0].name} of unknown origin")
            write_atomically(file, _json({**self.settings, "weights": given}))
            return
        sweep(self.path)
        there = _read_json(file)
        other = [
            f"{name} ({there.get(name)} there, {value} here)" if _short(value) else f"other {name}"
            for name, value in self.settings.items()
            if there.get(name) != value
        ]
        if not other and given not in {there.get("weights"), *(r["weights"] for r in self.rows())}:
            other = ["other initial weights"]
        if other:
            raise self._refusal(f"{self.path}, where a training differs in " + ", ".join(other))

    def rows(self) -> list[Row]:
        """Return the epochs that are done and can be continued from."""
        history, state = self.path / "history.json", self.path / "state.safetensors"
        rows: list[Row] = _read_json(history) if history.exists() else []
        if len(rows) > self.settings["epochs"]:
            return rows
        if not state.exists():
            return []
        try:
            with safetensors.safe_open(state, framework="pt") as file:
                rows = json.loads(file.metadata()["layerwise"])["history"]
        except (safetensors.SafetensorError, TypeError, LookupError, ValueError) as error:
            raise UserError(f"{state}: damaged ({error}). Delete the folder.") from error
        return rows

    def checkpoint(self, row: Row) -> Checkpoint:
        """Return the row as a user sees it."""
        name = name_of(row["epoch"])
        test = row["test_accuracy"]
        return Checkpoint(
            name, row["epoch"], row["step"], self.path / f"{name}.safetensors",
            row["train_loss"], row["train_accuracy"], math.nan if test is None else test,
            row["seconds"],
        )  # fmt: skip

    def save(self, model: nn.Module, row: Row) -> None:
        """Write a checkpoint; the same training writes the same bytes."""
        note = {key: value for key, value in row.items() if key != "seconds"}
        target = self.checkpoint(row).path
        _write(target, model.state_dict(), {**note, "settings": self.settings})

    def load(self, model: nn.Module, row: Row) -> None:
        """Put a checkpoint's weights into the model, and verify that they are those of `row`."""
        path = self.checkpoint(row).path
        apply_weights(model, load_weights(path))
        if fingerprint(model) != row["weights"]:
            raise UserError(
                f"{path}: the weights are not those that were trained. Delete the folder."
            )

    def commit(self, model: nn.Module, optimizer: Optimizer, rows: list[Row]) -> None:
        """Make the last of `rows` the place to go on from."""
        tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
        for index, slots in optimizer.state_dict()["state"].items():
            tensors |= {
                f"optimizer.{index}.{slot}": value
                for slot, value in slots.items()
                if isinstance(value, Tensor)
            }
        _write(self.path / "state.safetensors", tensors, {"history": rows})
        write_atomically(self.path / "history.json", _json(rows))

    def finish(self, rows: list[Row]) -> None:
        """Keep the whole history and drop the state."""
        write_atomically(self.path / "history.json", _json(rows))
        (self.path / "state.safetensors").unlink(missing_ok=True)

    def restore(self, model: nn.Module, optimizer: Optimizer) -> None:
        """Put model and optimizer back to where :meth:`commit` saw them."""
        tensors = load_weights(self.path / "state.safetensors")
        apply_weights(
            model, {n.removeprefix("model."): t for n, t in tensors.items() if n[:6] == "model."}
        )
        slots: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, index, slot = name.split(".", 2)
                slots.setdefault(int(index), {})[slot] = tensor
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": slots, "param_groups": groups})

    def _refusal(self, got: str) -> UserError:
        return invalid(
            "train", "to", "a new folder, or that of the same training", got,
            "Choose another folder, or build the model anew to go on with this one.",
        )  # fmt: skip


def _write(target: Path, state: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    tensors: dict[str, Tensor] = {}
    storages: set[int] = set()
    for name, tensor in state.items():
        plain = tensor.detach().cpu().contiguous()
        storage = plain.untyped_storage().data_ptr()
        # The format knows no sharing: tied weights are written once per name.
        tensors[name] = plain.clone() if storage in storages else plain
        storages.add(storage)
    # One key only: safetensors writes its metadata in the order of a randomly seeded hash map.
    metadata = {"layerwise": json.dumps({**note, "torch": torch.__version__})}
    write_atomically(target, safetensors.torch.save(tensors, metadata))


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path}: damaged, no JSON ({error}). Delete the folder.") from error


def _short(value: object) -> bool:
    """Tell values worth showing from fingerprints and descriptions of models."""
    return len(str(value)) < 32
