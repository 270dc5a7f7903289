"""A network that explains single observations of a run whenever somebody asks, as the studio does.

It has the weights of each recorded checkpoint, told by their fingerprint, and the very inputs that
were recorded. Left out: how the answer is drawn, and what becomes of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.attribution.axes import input_axis
from layerwise.attribution.checkpoints import Checkpoints
from layerwise.attribution.methods import METHODS, attribute
from layerwise.attribution.windows import Windows
from layerwise.foundation import checks
from layerwise.foundation.checks import InvalidValue, UserError
from layerwise.foundation.shapes import Array
from layerwise.network.layout import LAST, channel_axes
from layerwise.network.placing import Placing
from layerwise.network.question import as_tensors, question
from layerwise.network.sites import INPUT, Survey
from layerwise.network.targets import Target, logit, of_layer
from layerwise.network.trace import survey
from layerwise.network.values import Batch
from layerwise.recording.pooling import pool
from layerwise.recording.source import Source, as_source
from layerwise.store import Run

LIVE = ("gradient", "integrated_gradients", "guided_backpropagation", "grad_cam", "occlusion")
"""Methods of :func:`layerwise.attribution.attribute` that answer while somebody waits."""

N_STEPS, BATCH = 20, 16
"""Gradients of one integral, and inputs in one forward pass: who leaves waits for no more."""

PLACES = {1: 100, 2: 12}
"""Places of a cover along each axis of positions, by how many axes there are; 5 if more."""

MOST_WAITING = 8
"""Questions that wait for the one that is being answered; a further one is refused."""

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

    methods = LIVE

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
        if not self._runs:
            raise checks.invalid("OnDemand", "runs", "at least one run", "none")
        self._checkpoints = Checkpoints(self._runs, model, weights, trust_pickle)
        self._model = self._checkpoints.model
        self._source = None if data is None else as_source(data)
        for run in self._runs:
            _check_inputs(run, self._source)
        self._layout: dict[str, int] | None = None
        self._surveyed: Survey | None = None
        self._turn, self._waiting = threading.Lock(), threading.Semaphore(MOST_WAITING)

    def __call__(
        self,
        run: Run,
        checkpoint: str,
        row: int,
        method: str = LIVE[0],
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
        method : one of :data:`LIVE`
        layer, unit : a unit by its number in the layer as it was recorded; of the network's output
            if there is no layer, there the predicted class if there is no unit
        stopped : asked before every forward pass; once it says so the work ends with an error

        Returns
        -------
        dict
            "attribution" (one number a position of the input), "channels" (how many each number
            adds up), "layer" (whose maps Grad-CAM took, or ""), "target" (its name), "value" (of
            the target), "output" ((n_classes,), or None if it has positions).

        Raises
        ------
        UserError
            If the weights of the checkpoint are not there, the target or method does not fit the
            network, or nobody waits any more.

        Notes
        -----
        Questions from several threads are answered one after the other. At most 20 gradients or
        150 forward passes each: integrals and covers are coarser than usual.
        """
        checks.choice("OnDemand", "method", method, LIVE)
        with self._in_turn(stopped), self._watched(stopped):
            self._checkpoints.load(run, checkpoint)
            batch = self._batch(run, checkpoint, row)
            target = logit(unit or 0) if layer is None else self._target(run, layer, unit, batch)
            value, output, shape = _asked(self._model, target, batch)
            if layer is None and unit is None:
                predicted = int(output.reshape(len(output), -1).mean(axis=1).argmax())
                target = logit(predicted)
                value, output, _ = _asked(self._model, target, batch)
            axis, how = input_axis(self._model, batch), METHODS[method]
            options: dict[str, Any] = {"batch_size": BATCH}
            if method == "grad_cam":
                options["layer"] = self._maps(layer, batch)
            elif method == "integrated_gradients":
                options["n_steps"] = N_STEPS
            elif method == "occlusion":
                options |= _cover(shape, axis)
            found = attribute(self._model, target, batch, method=method, **options)
        summed = shape[axis] if axis and how.reading != "one" else 1
        return {
            "attribution": how.map(found, axis)[0], "channels": summed,
            "layer": options.get("layer", ""), "target": str(target), "value": value,
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

    def _batch(self, run: Run, checkpoint: str, row: int) -> Batch:
        checks.integer("OnDemand", "row", row, 0, run.n_observations - 1)
        if self._source is not None:
            return next(self._source.batches([(row, row + 1)]))[0]
        values = run.activations(INPUT, checkpoint)[[row]]
        shaped = np.asarray(values, np.float32).reshape(1, *run.layer(INPUT).shape)
        return torch.from_numpy(shaped)

    def _target(self, run: Run, layer: str, unit: int | None, batch: Batch) -> Target:
        """Return a unit as it was recorded, so at its position or pooled over all."""
        recorded = run.layer(layer)
        number = checks.integer("OnDemand", "unit", unit, 0, recorded.n_units - 1)
        is_last = self._axes(batch).get(layer) == LAST
        mask = batch.get("attention_mask") if isinstance(batch, Mapping) else None

        def value(A: Tensor) -> Tensor:
            as_computed = A.movedim(1, -1) if is_last and A.ndim > 2 else A
            tokens = None if mask is None else mask.to(A.device).expand(len(A), -1)
            return pool(as_computed, recorded.pooling, tokens).flatten(1)[:, number]

        return of_layer(layer, value, f"{layer}:{number}")

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


def _asked(model: nn.Module, target: Target, batch: Batch) -> tuple[float, Array, tuple[int, ...]]:
    """Return the value of a target of one observation, the output, and the shape of the input."""
    with question(model, target, batch, output=True) as ask, torch.no_grad():
        value = float(ask(ask.x)[0])
        return value, ask.output()[0].float().cpu().numpy(), tuple(ask.x.shape)


def _cover(shape: Sequence[int], axis: int) -> dict[str, Any]:
    """Return how a cover moves over an input of (1, ...), so that it has not too many places."""
    size = [side for at, side in enumerate(shape[1:], start=1) if at != axis]
    steps = [-(-side // PLACES.get(len(size), 5)) for side in size]
    if not axis:  # features, which have no neighbours: one at a time, or as few as may be
        return {"window": steps, "stride": steps}
    usual = Windows.over("occlusion", size, None, None).window
    return {"window": usual, "stride": [*map(min, steps, usual)]}


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
