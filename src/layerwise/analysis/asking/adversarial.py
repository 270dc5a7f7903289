"""Adversarial samples kept in a run: their numbers, their pictures, and the way of their twins.

The attack is made by a live network (:mod:`layerwise.synthesis`); here its results become tables
and pictures. Where the twins go is asked in :mod:`layerwise.analysis.asking.twins`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layerwise.analysis.asking.twins import twin_places, twin_table
from layerwise.analysis.rows import class_codes
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.store.media import LARGEST
from layerwise.store.media import pictures as picture_rows
from layerwise.units.pictures import pixels

if TYPE_CHECKING:
    from layerwise.synthesis.walks import Adversarial

KEPT_ATTACKS = "keep_attacks"
KEPT_TWINS = "keep_twins"
"""The functions in the provenance of these tables."""

PICTURES = "adversarial samples"
"""The kind of these pictures in the table "images"."""

MOST_PICTURES = 24
"""Twins whose pictures are kept."""

_SEAM = 2
"""Pixels between the three pictures."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Adversarial samples as pictures.

    Attributes
    ----------
    originals, differences, twins : (n, height, width, 1 or 3) uint8; differences in colour
    factors : (n,) by how much each difference is amplified, against the scale of the pictures
    """

    originals: Array
    differences: Array
    twins: Array
    factors: Array


def sample_pictures(
    originals: Array, twins: Array, *, lower: object = 0.0, upper: object = 1.0
) -> Samples | None:
    """Return originals, differences and twins as pictures, or None if they are none.

    Parameters
    ----------
    originals, twins : (n, 1 or 3, height, width) in the network's input space
    lower, upper : the values shown as black and as full brightness, numbers or one per channel;
        None for the smallest and the largest there is

    Returns
    -------
    Samples
        A grey difference is blue where the twin is darker, brown where it is brighter; of RGB each
        colour stands around mid grey. Each is amplified so that its largest value is at the end of
        its scale, which is the whole range from `lower` to `upper` without.

    Examples
    --------
    >>> x = np.full((1, 1, 4, 4), 0.5, np.float32)
    >>> samples = sample_pictures(x, x + 0.05)
    >>> samples.factors.round(2), samples.originals[0, 0, 0], samples.differences.shape
    (array([20.]), array([128], dtype=uint8), (1, 4, 4, 3))
    """
    if originals.ndim != 4 or originals.shape[1] not in (1, 3) or not originals.size:
        return None
    if max(originals.shape[2:]) > LARGEST // 3:
        return None
    both = np.stack([originals, twins]).astype(np.float64)
    low, high = (
        np.asarray(end() if bound is None else bound, dtype=np.float64)
        for bound, end in ((lower, both.min), (upper, both.max))
    )
    low, high = (end.reshape(-1, 1, 1) if end.ndim == 1 else end for end in (low, high))
    shares = (both - low) / np.maximum(high - low, 1e-12)
    d = np.moveaxis(shares[1] - shares[0], 1, -1)
    most = np.abs(d).max(axis=(1, 2, 3))
    limit = most[:, None, None, None]
    shown = pixels.rgb(d, limit) if d.shape[-1] == 3 else pixels.signed(d, limit)[..., 0, :]
    first, second = np.moveaxis(np.rint(255 * shares.clip(0, 1)).astype(np.uint8), 2, -1)
    factors = np.divide(1, most, out=np.full(len(most), np.inf), where=most > 0)
    return Samples(first, shown, second, factors)


def keep_attacks(run: Run, curve: pd.DataFrame, *, checkpoint: str) -> pd.DataFrame:
    """Keep accuracy against radius: table "attacks".

    Parameters
    ----------
    run : Run
    curve : from :func:`layerwise.synthesis.radius_curve`, of one method and norm
    checkpoint : whose; "untrained" for a control that the run does not have

    Returns
    -------
    DataFrame
        The columns of the curve, and checkpoint.
    """
    frame = curve.assign(checkpoint=checkpoint)
    about = {"function": KEPT_ATTACKS, "checkpoint": checkpoint}
    about |= {name: str(curve[name].iloc[0]) for name in ("method", "norm")}
    run.write_table("attacks", frame, about)
    return frame


def keep_twins(
    run: Run,
    found: Adversarial,
    *,
    checkpoint: str,
    rows: Sequence[int] | Array,
    twins: Mapping[str, Array],
    controls: Mapping[str, Array],
    control_after: Array,
    radius: float | None = None,
    n_neighbors: int = 10,
    lower: object = 0.0,
    upper: object = 1.0,
    with_maps: bool = False,
) -> pd.DataFrame:
    """Keep adversarial twins of observations of a run: "adversarial", "twins" and pictures.

    Parameters
    ----------
    run : Run
    found : the attack on these observations, in this order
    checkpoint : of the run, the network that was attacked
    rows : (m,) their numbers in the run
    twins, controls : (m, n_units) by recorded layer, what it makes of the twins and of random steps
        of the same length (:func:`layerwise.synthesis.layer_values`)
    control_after : (m,) the class that the network gives the random steps
    radius : of the attack, if it had one
    n_neighbors : nearest originals whose classes are counted
    lower, upper : of the box, by which values become pictures
    with_maps : also lay out layers that have no t-SNE map at this checkpoint yet

    Returns
    -------
    DataFrame
        :func:`twin_table`, with the checkpoint and the places in each layer's t-SNE map: x, y
        (original), twin_x, twin_y, control_x, control_y; NaN where there is no map. Table
        "adversarial" has a row an observation: before, after, flipped, control_flipped, l2, linf,
        relative, iterations, path (the classes at every iteration, "7 x3, 2 x12"), factor (of the
        picture).

    Raises
    ------
    UserError
        If the run lacks the checkpoint or a row, or numbers of rows disagree.
    """
    where = checks.labels("keep_twins", rows, len(found), "rows").astype(np.int64)
    run.checkpoint(checkpoint)
    if len(where) and not (where.min() >= 0 and where.max() < run.n_observations):
        raise checks.invalid("keep_twins", "rows", f"in [0, {run.n_observations - 1}]",
                             f"{where.min()} to {where.max()}")  # fmt: skip
    about = {"function": KEPT_TWINS, "checkpoint": checkpoint}
    frame = twin_table(
        run, twins, controls, checkpoint=checkpoint, rows=where, before=found.before,
        after=found.after, n_neighbors=n_neighbors,
    )  # fmt: skip
    frame = frame.join(twin_places(run, frame, twins, controls, checkpoint, where, with_maps))
    run.write_table("twins", frame, about)
    samples = sample_pictures(found.originals, found.inputs, lower=lower, upper=upper)
    table = pd.DataFrame({
        "checkpoint": checkpoint, "observation": where, "method": found.method,
        "norm": found.norm, "radius": np.nan if radius is None else radius,
        "target": found.target, "before": found.before, "after": found.after,
        "flipped": found.flipped, "control_flipped": control_after != found.before,
        "l2": found.l2, "linf": found.linf, "relative": found.relative,
        "iterations": found.iterations, "path": [_path(one) for one in found.predictions],
        "factor": np.nan if samples is None else samples.factors,
    })  # fmt: skip
    run.write_table("adversarial", table, about)
    if samples is not None:
        run.write_table("images", _stored(run, table, samples, checkpoint), about)
    return frame


def class_words(run: Run, classes: pd.Series) -> list[str]:
    """Return the names of class numbers, or the numbers if the run has no names for them."""
    try:
        names = class_codes(run)[1]
    except LookupError:
        names = []
    return [names[one] if 0 <= one < len(names) else str(one) for one in classes.tolist()]


def _path(predictions: Array) -> str:
    """Return the classes at every iteration, repeats counted.

    Examples
    --------
    >>> _path(np.array([7, 7, 7, 9, 2, 2]))
    '7 x3, 9, 2 x2'
    """
    runs = [(int(one), len(list(many))) for one, many in groupby(predictions.tolist())]
    return ", ".join(f"{one} x{many}" if many > 1 else f"{one}" for one, many in runs)


def _stored(run: Run, table: pd.DataFrame, samples: Samples, checkpoint: str) -> pd.DataFrame:
    """Return pictures: original, difference and twin side by side, those that flipped first."""
    order = np.argsort(~table["flipped"].to_numpy(), kind="stable")[:MOST_PICTURES]
    n, height = samples.originals[order].shape[:2]
    seam = np.full((n, height, _SEAM, 3), 255, np.uint8)
    pictures = (
        samples.originals[order],
        seam,
        samples.differences[order],
        seam,
        samples.twins[order],
    )
    wide = [np.broadcast_to(part, (n, *part.shape[1:3], 3)) for part in pictures]
    chosen, first = table.iloc[order], table.iloc[0]
    old, new = (class_words(run, chosen[column]) for column in ("before", "after"))
    captions = [
        f"{before} → {after}, × {factor:.3g}"
        for before, after, factor in zip(old, new, chosen["factor"], strict=True)
    ]
    ball = "" if np.isnan(first["radius"]) else f", radius {first['radius']:g}"
    return picture_rows(
        PICTURES, np.concatenate(wide, axis=2),
        title=f"{first['method']} ({first['norm']}{ball}): original, difference amplified, twin",
        checkpoint=checkpoint, about="observation", index=chosen["observation"].to_numpy(),
        names=captions,
    )  # fmt: skip
