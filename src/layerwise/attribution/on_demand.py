"""A network that explains single observations of a run whenever somebody asks, as the studio does.

It has the weights of each recorded checkpoint, told by their fingerprint, and the very inputs that
were recorded. Left out: how the answer is drawn, and what becomes of it.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import torch
from torch import nn

from layerwise.foundation import checks
from layerwise.foundation.checks import InvalidValue, UserError
from layerwise.foundation.shapes import Array
from layerwise.network.layout import FIRST, channel_axes
from layerwise.network.model import unwrap
from layerwise.network.placing import Placing
from layerwise.network.question import as_tensors, question
from layerwise.network.sites import INPUT, Survey
from layerwise.network.targets import Target, logit
from layerwise.network.targets import unit as unit_of
from layerwise.network.trace import survey
from layerwise.network.values import Batch
from layerwise.network.weights import State, apply_weights, fingerprint, load_weights
from layerwise.recording.source import Source, as_source
from layerwise.store import Run

METHODS = (
    "gradient", "integrated_gradients", "guided_backpropagation", "grad_cam", "occlusion",
)  # fmt: skip
"""Ways to ask, of :func:`layerwise.attribution.attribute`."""

MOST_WAITING = 8
"""Questions that wait for the one that is being answered; a further one is refused."""

_POOLED: dict[str, str | int | None] = {"mean": None, "max": "max", "cls": 0}
"""Ways of pooling while recording that a target can repeat, as its position."""

_PATIENCE = 0.1
"""Seconds between two looks at whether somebody still waits."""


class OnDemand:
    """The network of some runs, to be asked about their observations one at a time.

    Parameters
    ----------
    runs : a recording, or several of one network
    model : the network; a copy of it is asked
    weights : files of the checkpoints, in any order; by default those that a run trained itself
        (its folder "training"), else the network as it is
    data : what was recorded, if the runs do not hold their "input" layer
    trust_pickle : as of :func:`layerwise.network.load_weights`

    Raises
    ------
    UserError
        If weights are those of no checkpoint, the data are others than those recorded, or there
        are neither inputs nor data.

    Examples
    --------
    >>> import tempfile
    >>> from layerwise.recording import record
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = record(net, torch.rand(5, 3), to=folder, layers=["input", "1", "output"])
    ...     answer = OnDemand(run, net)(run, "final", 2, "gradient", layer="1", unit=3)
    >>> answer["attribution"].shape, answer["target"], answer["output"].shape
    ((3,), '1:3', (2,))
    """

    methods = METHODS

    def __init__(
        self,
        runs: Run | Sequence[Run],
        model: nn.Module,
        *,
        weights: Sequence[str | Path] = (),
        data: Any = None,
        trust_pickle: str | None = None,
    ) -> None:
        self._runs = [runs] if isinstance(runs, Run) else list(runs)
        self._model = copy.deepcopy(unwrap(model))
        self._trust = trust_pickle
        self._source = None if data is None else as_source(data)
        for run in self._runs:
            _check_inputs(run, self._source)
        self._layout: dict[str, int] | None = None
        self._surveyed: Survey | None = None
        self._loaded = ""
        self._states = self._known([Path(path) for path in weights])
        self._turn, self._waiting = threading.Lock(), threading.Semaphore(MOST_WAITING)

    def __call__(
        self,
        run: Run,
        checkpoint: str,
        row: int,
        method: str = METHODS[0],
        *,
        layer: str | None = None,
        unit: int | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> dict[str, Any]:
        """Return what one observation rests on.

        Parameters
        ----------
        run, checkpoint : one of the runs, and one of its checkpoints
        row : of the observation in the run
        method : one of :data:`METHODS`
        layer, unit : a unit by its number in the layer as it was recorded; of the network's output
            if there is no layer, there the predicted class if there is no unit
        stopped : asked before every forward pass; once it says so the work ends with an error

        Returns
        -------
        dict
            "attribution" (of the shape of the input), "target" (its name), "value" (of the target),
            "output" ((n_classes,), or None if it has positions).

        Raises
        ------
        UserError
            If the weights of the checkpoint are not there, the target or method does not fit the
            network, or nobody waits any more.

        Notes
        -----
        Questions from several threads are answered one after the other.
        """
        checks.choice("OnDemand", "method", method, METHODS)
        with self._in_turn(stopped), self._watched(stopped):
            self._load(run, checkpoint)
            batch = self._batch(run, checkpoint, row)
            target = logit(unit or 0) if layer is None else self._target(run, layer, unit, batch)
            value, output = _asked(self._model, target, batch)
            if layer is None and unit is None:
                predicted = int(output.reshape(len(output), -1).mean(axis=1).argmax())
                target = logit(predicted)
                value, output = _asked(self._model, target, batch)
            from layerwise.attribution import attribute

            options = {"layer": self._maps(layer, batch)} if method == "grad_cam" else {}
            found = attribute(self._model, target, batch, method=method, **options)
        return {
            "attribution": found[0], "target": str(target), "value": value,
            "output": output if output.ndim == 1 else None,
        }  # fmt: skip

    @contextmanager
    def _in_turn(self, stopped: Callable[[], bool]) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise UserError("The network is busy with other questions. Ask again.")
        try:
            while not self._turn.acquire(timeout=_PATIENCE):
                _check(stopped)
        finally:
            self._waiting.release()
        try:
            _check(stopped)
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _watched(self, stopped: Callable[[], bool]) -> Iterator[None]:
        """Look before every forward pass whether somebody still waits."""
        hook = self._model.register_forward_pre_hook(lambda *_: _check(stopped))
        try:
            yield
        finally:
            hook.remove()

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
            last = self._runs[0].checkpoints[-1]
            if self._runs[0].checkpoint(last).fingerprint in found:
                self._states = found
                self._load(self._runs[0], last)  # an error now, not when it is asked
            return found
        mark = fingerprint(self._model)
        if mark not in recorded:
            raise _of_none("the network as it is", self._runs)
        state, self._loaded = copy.deepcopy(self._model.state_dict()), mark
        return {mark: lambda: state}

    def _load(self, run: Run, checkpoint: str) -> None:
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

    def _apply(self, state: State) -> None:
        self._loaded = ""  # also if they do not fit
        apply_weights(self._model, state)
        self._loaded = fingerprint(self._model)

    def _batch(self, run: Run, checkpoint: str, row: int) -> Batch:
        checks.integer("OnDemand", "row", row, 0, run.n_observations - 1)
        if self._source is not None:
            return next(self._source.batches([(row, row + 1)]))[0]
        values = run.activations(INPUT, checkpoint)[[row]]
        shaped = np.asarray(values, np.float32).reshape(1, *run.layer(INPUT).shape)
        return torch.from_numpy(shaped)

    def _target(self, run: Run, layer: str, unit: int | None, batch: Batch) -> Target:
        """Return a recorded unit as the target that it is: a channel, here or over positions."""
        recorded = run.layer(layer)
        number = checks.integer("OnDemand", "unit", unit, 0, recorded.n_units - 1)
        if recorded.pooling == "flatten":
            index = [int(place) for place in np.unravel_index(number, recorded.shape)]
            channel = index.pop(self._axes(batch).get(layer, FIRST))
            return unit_of(layer, channel, index or None)
        if recorded.pooling in _POOLED:
            return unit_of(layer, number, _POOLED[recorded.pooling])
        raise InvalidValue(
            f"OnDemand: layer must be recorded position by position, or pooled by "
            f"{', '.join(_POOLED)}; {layer!r} was pooled by {recorded.pooling}."
        )

    def _maps(self, before: str | None, batch: Batch) -> str:
        """Return the last layer whose channels are maps, of those on the way to another."""
        found = ""
        for site in self._survey(batch).sites:
            if site.name == before:
                break
            if (
                site.recordable
                and site.dtype.is_floating_point
                and site.kind != INPUT
                and len(site.shape) > 1
            ):
                found = site.name
        if not found:
            raise InvalidValue(
                "Grad-CAM needs a layer of maps before the target; there is none. "
                "Choose another method."
            )
        return found

    def _axes(self, batch: Batch) -> dict[str, int]:
        if self._layout is None:
            self._layout = channel_axes(self._model, self._survey(batch))
        return self._layout

    def _survey(self, batch: Batch) -> Survey:
        if self._surveyed is None:
            placed = Placing(self._model)(as_tensors("OnDemand", batch))
            self._surveyed = survey(self._model, placed, functions=True)
        return self._surveyed


def _asked(model: nn.Module, target: Target, batch: Batch) -> tuple[float, Array]:
    """Return the value of a target of one observation, and the network's output."""
    with question(model, target, batch, output=True) as ask, torch.no_grad():
        value = float(ask(ask.x)[0])
        return value, ask.output()[0].float().cpu().numpy()


def _check(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise UserError("Nobody waits for this answer any more.")


def _check_inputs(run: Run, source: Source | None) -> None:
    """Refuse a run whose inputs are not there, or data that are not those of the run."""
    name = run.path.name
    if source is not None:
        known = run.fingerprint.get("data")
        if len(source) != run.n_observations or known not in (None, source.fingerprint()):
            raise InvalidValue(
                f"OnDemand: data must be those that {name} recorded; got {len(source):,} other "
                f"observations than its {run.n_observations:,}, or others in another order. "
                "Give what `layerwise record` was given."
            )
    elif INPUT not in run.layers or run.layer(INPUT).pooling != "flatten":
        raise InvalidValue(
            f"OnDemand: data must be given for {name}, which did not record its inputs. Give what "
            "`layerwise record` was given, or record them: --layer input."
        )


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
