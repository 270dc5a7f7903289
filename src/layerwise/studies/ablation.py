"""What a network loses without some of its layers: others are trained in its place, as it was.

Each variant is a network of its own, trained from several seeds on the same data with the same
settings, and measured on the same test set. Leaves out cutting layers out of a trained network,
which breaks what the rest was trained for.

Source: Zeiler and Fergus 2014, section 5.1 and Table 3; the clipping of filters: Fig. 6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from layerwise import models, units
from layerwise.analysis.asking import ablation as names
from layerwise.data import DataSet
from layerwise.foundation.checks import integer, invalid
from layerwise.foundation.progress import bar
from layerwise.network import kernels
from layerwise.studies import training
from layerwise.studies.training import Profile


@dataclass(frozen=True)
class Variant:
    """One network of an ablation.

    Attributes
    ----------
    name : what was changed: "without layers 2, 3"; the first of an ablation is the whole network
    build : number of classes and seed -> the untrained network
    changes : fields of the profile that are other: ``{"filter_rms": None}``
    """

    name: str
    build: Callable[[int, int], nn.Module]
    changes: Mapping[str, Any] = field(default_factory=dict)


def ablation(
    variants: Sequence[Variant],
    train: DataSet,
    test: DataSet,
    profile: Profile,
    *,
    to: str | Path,
    seeds: int = 3,
) -> pd.DataFrame:
    """Train every variant from several seeds and return what each got wrong.

    Called again after a crash, it goes on where it was.

    Parameters
    ----------
    variants : the whole network first
    train, test : whole; the profile says how much of `train` to take, by seed
    profile : how much work
    to : folder for the trainings
    seeds : trainings of each, each from its own start, on its own draw of the training set

    Returns
    -------
    DataFrame, one number a row
        variant, position, seed, measure, value, n_observations. Measures: "test error" and
        "training error" (fractions, without dropout), "layers with weights", "parameters"; of the
        first layer, if it is a convolution, "dead filters", "twin filters" (as of
        :func:`layerwise.units.filter_statistics`) and "largest filter" (its norm by the median).

    Notes
    -----
    Costs ``len(variants) * seeds`` trainings.

    Examples
    --------
    >>> import tempfile
    >>> from layerwise import data
    >>> train, test = (data.load("digits", split=part) for part in ("train", "test"))
    >>> def network(hidden):
    ...     return lambda n, seed: models.mlp((1, 8, 8), n, hidden=hidden, random_state=seed,
    ...                                       dropout=[0.0] * len(hidden))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = ablation([Variant("whole", network((16,))), Variant("without a hidden layer",
    ...                     network(()))], train, test, Profile(1, 64, 0.1), to=folder, seeds=1)
    >>> rows.query("measure == 'layers with weights'")["value"].tolist()
    [2.0, 1.0]
    """
    seeds = integer("ablation", "seeds", seeds, 1)
    twice = len(variants) - len({variant.name for variant in variants})
    if not variants or twice:
        raise invalid("ablation", "variants", "one or more of different names",
                      f"{twice} repeated" if variants else "none")  # fmt: skip
    rows: list[tuple[str, int, int, str, float, int]] = []
    with bar("ablation", len(variants) * seeds, "networks") as advance:
        for position, variant in enumerate(variants):
            for seed in range(seeds):
                folder = Path(to) / f"variant-{position}-seed-{seed}"
                found = _measured(variant, train, test, profile, folder, seed)
                rows += [
                    (variant.name, position, seed, measure, float(value), n)
                    for measure, (value, n) in found.items()
                ]
                advance(1)
    return pd.DataFrame(rows, columns=list(names.COLUMNS))


def _measured(
    variant: Variant, train: DataSet, test: DataSet, profile: Profile, folder: Path, seed: int
) -> dict[str, tuple[float, int]]:
    """Train one network; return its measures, each with the observations it is of."""
    part = training.part_for(profile, train, seed)
    profile = profile.changed(variant.changes).for_data(len(part))
    model = variant.build(training.n_classes(train, test), seed)
    *_, last = training.trained(model, part, test, profile, [], to=folder, seed=seed)
    label = next(iter(part.labels))
    right = models.accuracy(model, part.inputs(), part.labels[label])
    weights = kernels(model)
    found = {
        names.TEST_ERROR: (1 - last.test_accuracy, len(test)),
        names.TRAIN_ERROR: (1 - right, len(part)),
        names.N_LAYERS: (len(weights), 0),
        names.N_PARAMETERS: (sum(one.numel() for one in model.parameters()), 0),
    }
    first = next(iter(weights.values()))
    if first.weights.ndim > 2:
        table = units.filter_statistics(first.weights, first.groups)
        median = float(np.median(table["norm"]))
        found |= {
            names.DEAD: (int((table["state"] == "dead").sum()), len(table)),
            names.TWINS: (int((table["twin"] != table["unit"]).sum()), len(table)),
            names.LARGEST: (float(table["norm"].max()) / median if median else np.nan, len(table)),
        }
    return found
