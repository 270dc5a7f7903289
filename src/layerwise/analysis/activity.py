"""What units do over a population, kept beside a run.

Tables "activity", "selectivity", "class_maps", and pictures of these. The numbers come from a
:class:`layerwise.units.Tally`, of a live network (:func:`layerwise.recording.tally`, which sees any
amount of data) or, here, of what a run holds. Layers in these tables need not be recorded. Leaves
out what is concluded from them (:mod:`.class_statistics`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from layerwise.analysis.class_pictures import class_pictures
from layerwise.analysis.rows import checkpoint_name, class_codes, class_label, rows_of
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.units import Tally, selectivity
from layerwise.units.population.room import MOST_BYTES, check_room
from layerwise.units.population.tally import BOUNDS

FEATURES_LAST = frozenset({
    "linear", "layernorm", "rmsnorm", "embedding", "multiheadattention", "rnn", "lstm", "gru",
    "transformerencoder", "transformerencoderlayer",
})  # fmt: skip
"""Kinds of recorded layers, in small letters, whose last dimension counts the units."""

PIECE = 2**21
"""Values that are read from the run at once."""

MOST_MAPS = 2**18
"""Mean maps of one layer that are kept in a run: of 256 filters, those of 1,024 classes."""


def tally(
    run: Run,
    layer: str,
    *,
    checkpoint: str | None = None,
    subset: str = "",
    label: str | None = None,
    maps: bool = True,
    winners: bool = True,
    axis: int | None = None,
    random_state: int = 0,
    max_bytes: int = MOST_BYTES,
) -> Tally:
    """Return what a recorded layer does over all observations of a run, and over each class.

    Parameters
    ----------
    run, layer, checkpoint, subset, random_state : as in :func:`project`
    label : the class column; by default the run's, if it has one
    maps, winners : whether to keep class maps, and winners at each position
    axis : which dimension of one observation counts the units, 0 or -1; by default -1 for layers
        that act on features (Linear, LayerNorm, attention), 0 for all others
    max_bytes : refuse what would take more memory for class maps and winners

    Returns
    -------
    layerwise.units.Tally
        That of the recorded values: what was pooled has no positions, half precision is as stored.
        Padded tokens are recorded like others and count.

    Raises
    ------
    UserError
        For unknown names, or if maps do not fit.
    """
    checkpoint, stored = checkpoint_name(run, checkpoint), run.layer(layer)
    if axis not in (None, 0, -1):
        raise checks.invalid("tally", "axis", "0 (units first) or -1 (last)", axis)
    if axis is None:
        axis = -1 if stored.kind.lower() in FEATURES_LAST else 0
    codes, names = None, list[str]()
    if label is not None or any(name != "subset" for name in run.labels):
        codes, names = class_codes(run, class_label(run, label))
    shape = np.moveaxis(np.empty(stored.shape, bool), axis, 0).shape
    check_room("tally", {layer: shape}, len(names), maps=maps, winners=winners,
               max_bytes=max_bytes)  # fmt: skip
    found = Tally(
        shape[0], shape[1:], n_classes=len(names), maps=maps, winners=winners,
        bounds=BOUNDS.get(stored.kind.removeprefix("function ").lower()),
        random_state=random_state, class_names=names,
    )  # fmt: skip
    X = run.activations(layer, checkpoint)
    step = max(1, PIECE // stored.n_units)
    for rows in _pieces(rows_of(run, subset), step):
        A = np.asarray(X[rows]).reshape(-1, *stored.shape)
        own = None if codes is None else codes[rows]
        found.update(np.moveaxis(A, -1, 1) if axis else A, own)
    return found


def keep_tallies(
    run: Run,
    tallies: Mapping[str, Tally],
    *,
    checkpoint: str,
    subset: str = "",
    label: str = "",
    data: str = "",
) -> None:
    """Keep what tallies have counted in a run: numbers, class maps, pictures of these.

    Parameters
    ----------
    run : Run
    tallies : by layer, recorded in the run or not
    checkpoint : the weights they were counted with: a checkpoint of the run, or ""
    subset : which observations: a subset of the run, or any other word
    label, data : what the classes are, and of which data, for whoever reads the tables

    Raises
    ------
    UserError
        If the run has no such checkpoint, or a layer has more mean maps than a table should hold.

    Notes
    -----
    Columns. "activity": layer, checkpoint, subset, class, then as of
    :meth:`layerwise.units.Tally.statistics`; rows of a class hold n, mean, std and active alone,
    those of all observations have class -1; order, the place of the layer among the tallies, which
    are in the order of the network. "selectivity": layer, checkpoint, subset, then as of
    :func:`layerwise.units.selectivity`. "class_maps": layer, checkpoint, subset, kind ("mean",
    "winner", "share"), class, unit (-1 but for means), n (observations), height, width, values
    (float32, little-endian, row by row; one row of a signal or of tokens, one value of a dense
    layer). "images": see :mod:`.class_pictures`. Asked again for the same layer, checkpoint and
    subset, it takes the place of the earlier tables.
    """
    if checkpoint:
        run.checkpoint(checkpoint)
    for layer, tally in tallies.items():
        if tally.has_maps and tally.n_classes * tally.n_units > MOST_MAPS:
            raise checks.invalid(
                "keep_tallies", "tallies", f"of at most {MOST_MAPS:,} mean maps a layer",
                f"{tally.n_classes:,} classes of {tally.n_units:,} units in {layer!r}",
                "Tally with maps=False, or choose classes.",
            )  # fmt: skip
    for order, (layer, tally) in enumerate(tallies.items()):
        place = {"layer": layer, "checkpoint": checkpoint, "subset": subset}
        about = {"function": "keep_tallies", **place, "label": label, "data": data}
        activity = activity_rows(tally).assign(order=order)
        run.write_table("activity", activity.pipe(_placed, place), about)
        if tally.class_counts.any():
            told = selectivity(tally.by_class())
            run.write_table("selectivity", told.pipe(_placed, place), about)
            if tally.has_maps or tally.has_winners:
                maps = class_map_rows(tally)
                run.write_table("class_maps", maps.pipe(_placed, place), about)
            images = class_pictures(tally, **place)
            if len(images):
                run.write_table("images", images, about)


def activity_rows(tally: Tally) -> pd.DataFrame:
    """Return statistics of a tally as rows: of all observations (class -1), then of each class."""
    whole = tally.statistics().assign(**{"class": -1})
    moments, units = tally.by_class(), np.arange(tally.n_units)
    frames = [whole]
    for code in np.flatnonzero(tally.class_counts):
        own = {"mean": moments.mean[code], "std": moments.std[code], "active": moments.active[code]}
        frames.append(pd.DataFrame({
            "class": code, "unit": units, "n": moments.n[code], **own, "state": "", "twin": -1,
        }))  # fmt: skip
    found = pd.concat(frames, ignore_index=True)
    return found[["class", *(name for name in whole if name != "class")]]


def class_map_rows(tally: Tally) -> pd.DataFrame:
    """Return the class maps of a tally as rows, those that it keeps, of all classes."""
    positions, n = tally.positions, tally.class_counts
    height, width = (1, 1, *positions)[-2:] if len(positions) < 3 else (
        positions[0], math.prod(positions[1:]))  # fmt: skip
    kinds: list[tuple[str, Array]] = []
    if tally.has_maps:
        kinds.append(("mean", tally.class_maps()))
    if tally.has_winners:
        won = tally.winners()
        kinds += [("winner", won.index[:, None]), ("share", won.share[:, None])]
    frames = []
    for kind, values in kinds:
        n_maps = values.shape[1]
        rows = values.reshape(tally.n_classes * n_maps, -1).astype("<f4")
        classes = np.repeat(np.arange(tally.n_classes), n_maps)
        unit = np.tile(np.arange(n_maps) if kind == "mean" else [-1], tally.n_classes)
        frames.append(pd.DataFrame({
            "kind": kind, "class": classes, "unit": unit, "n": n[classes], "height": height,
            "width": width, "values": [row.tobytes() for row in rows],
        }))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def _placed(frame: pd.DataFrame, place: Mapping[str, str]) -> pd.DataFrame:
    frame = frame.assign(**place)
    return frame[[*place, *(name for name in frame if name not in place)]]


def _pieces(rows: Array, step: int) -> Iterator[slice | Array]:
    """Yield rows a few at a time, as slices where they follow each other: these are not copied."""
    for start in range(0, len(rows), step):
        piece = rows[start : start + step]
        if piece[-1] - piece[0] == len(piece) - 1:
            yield slice(int(piece[0]), int(piece[-1]) + 1)
        else:
            yield piece
