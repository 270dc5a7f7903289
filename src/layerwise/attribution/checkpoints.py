"""The weights of recorded checkpoints, told by their fingerprint, in one network after the other.

Left out: what the network is asked with them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from torch import nn

from layerwise.foundation.checks import InvalidValue, UserError
from layerwise.network.model import unwrap
from layerwise.network.weights import State, apply_weights, fingerprint, load_weights
from layerwise.store import Run


class Checkpoints:
    """A copy of a network that takes the weights of any checkpoint of some runs.

    Parameters
    ----------
    runs : recordings of one network
    model : the network, which is left as it is
    weights : files, in any order and of any name; by default those in the folders "training" of the
        runs, named like the checkpoints, else the network as it is
    trust_pickle : as of :func:`layerwise.network.load_weights`

    Attributes
    ----------
    model : with the weights that were loaded last

    Raises
    ------
    UserError
        If weights do not fit the network, or are those of no checkpoint.

    Examples
    --------
    >>> import tempfile, torch
    >>> from layerwise.recording import record
    >>> net = nn.Sequential(nn.Linear(3, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = record(net, torch.rand(5, 3), to=folder, checkpoint="trained")
    ...     Checkpoints([run], net).load(run, "trained")
    """

    def __init__(
        self,
        runs: Sequence[Run],
        model: nn.Module,
        weights: Sequence[str | Path] = (),
        trust_pickle: str | None = None,
    ) -> None:
        self._runs, self._trust = runs, trust_pickle
        self.model, self._loaded = copy.deepcopy(unwrap(model)), ""
        self._states = self._known([Path(path) for path in weights])

    def load(self, run: Run, checkpoint: str) -> None:
        """Put the weights of a checkpoint into the model.

        Raises
        ------
        UserError
            If its weights are not there, or the file has others by now.
        """
        mark = run.checkpoint(checkpoint).fingerprint
        if mark == self._loaded:
            return
        if mark not in self._states:
            path = _trained(run, checkpoint)  # of a training that goes on
            if not path.is_file():
                raise UserError(
                    f"The weights of checkpoint {checkpoint!r} were not given. "
                    "`layerwise view --weights FILE` gives them."
                )
            self._states[mark] = _reader(path, None)
        self._apply(self._states[mark]())
        if self._loaded != mark:
            raise InvalidValue(
                f"the weights of checkpoint {checkpoint!r} must be those that {run.path.name} "
                "recorded; got others under that name. Give the files it was recorded with."
            )

    def _known(self, files: Sequence[Path]) -> dict[str, Callable[[], State]]:
        """Return how to get weights by their fingerprint."""
        recorded = {
            run.checkpoint(name).fingerprint: (run, name)
            for run in self._runs
            for name in run.checkpoints
        }
        found: dict[str, Callable[[], State]] = {}
        for path in files:
            self._apply(load_weights(path, trust_pickle=self._trust))
            if self._loaded not in recorded:
                raise _of_none(str(path), self._runs)
            found[self._loaded] = _reader(path, self._trust)
        if files:
            return found
        for mark, (run, name) in recorded.items():
            if (path := _trained(run, name)).is_file():
                found[mark] = _reader(path, None)
        if found:
            self._states = found
            self.load(*recorded[[*found][-1]])  # an error now, not when it is asked
            return found
        mark = fingerprint(self.model)
        if mark not in recorded:
            raise _of_none("the network as it is", self._runs)
        state, self._loaded = copy.deepcopy(self.model.state_dict()), mark
        return {mark: lambda: state}

    def _apply(self, state: State) -> None:
        self._loaded = ""  # also if they do not fit
        apply_weights(self.model, state)
        self._loaded = fingerprint(self.model)


def _of_none(what: str, runs: Sequence[Run]) -> InvalidValue:
    names = [f"{run.path.name} ({', '.join(run.checkpoints[:9])})" for run in runs]
    return InvalidValue(
        f"OnDemand: weights must be those of a checkpoint of {' or '.join(names)}; got {what}, "
        "which has others. Give the files that were recorded."
    )


def _trained(run: Run, checkpoint: str) -> Path:
    """Return where a run keeps the weights of a checkpoint that it trained itself."""
    return run.path / "training" / f"{PurePath(checkpoint).name}.safetensors"


def _reader(path: Path, trust_pickle: str | None) -> Callable[[], State]:
    return lambda: load_weights(path, trust_pickle=trust_pickle)
