"""What excites each unit most, as a table and as pictures kept beside a run.

A picture a unit: its strongest observations as the unit sees them, and the deconvnet projections
that say what in them excites it. Over checkpoints the strongest observation of each unit tells how
its feature came about. Both come from a live network (:func:`layerwise.recording.top`,
:func:`layerwise.attribution.top_patches`); here they become tables and pixels.

Sources: Zeiler and Fergus 2014, Fig. 2 (top 9) and Fig. 4 (evolution).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layerwise.analysis.asking.feature_evolution import feature_evolution
from layerwise.analysis.asking.top_images import GAP, evolution_images, ramp_of, top_images
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.store.media import LARGEST
from layerwise.store.media import pictures as picture_rows
from layerwise.units.pictures.grid import grid, thinned

if TYPE_CHECKING:
    from layerwise.attribution.patches import TopPatches
    from layerwise.recording.top import Top

KEPT_TOP, KEPT_EVOLUTION = "keep_top", "keep_feature_evolution"
"""The functions in the provenance of these tables."""

PICTURES, EVOLUTION_PICTURES = "top patches", "feature evolution"
"""The kinds of these pictures in the table "images"."""

MOST_UNITS = 16
"""Units with pictures if none are named."""


def strongest_units(top: Top, n: int | None = None) -> Array:
    """Return the units with the largest activations, the strongest first, without silent ones.

    Parameters
    ----------
    top : from :func:`layerwise.recording.top`
    n : how many; by default :data:`MOST_UNITS`

    Examples
    --------
    >>> from layerwise.recording import Top
    >>> values = np.array([[1.0, 0.5], [0.0, 0.0], [3.0, 2.0]], np.float32)
    >>> places = np.zeros((3, 2, 0), np.int64)
    >>> strongest_units(Top("fc", "ReLU", np.array([[0, 1]] * 3), places, values, 2)).tolist()
    [2, 0]
    """
    n = checks.integer("strongest_units", "n", MOST_UNITS if n is None else n, 1)
    order = np.argsort(-top.values[:, 0], kind="stable")
    chosen: Array = order[~top.silent[order]][:n]
    return chosen


def top_table(top: Top, classes: Sequence[str] | Array | None = None) -> pd.DataFrame:
    """Return the strongest observations of every unit of a layer.

    Parameters
    ----------
    top : from :func:`layerwise.recording.top`
    classes : (n_observations,) name of the class of each observation, optional

    Returns
    -------
    DataFrame, one row a unit and rank
        layer, unit, rank (0 is the strongest), observation (its row in the data), position ("7,7",
        "" for a dense layer), y0, y1, x0, x1 (what the unit sees there of the input, first and
        last; a signal or sequence has x alone; NaN where that is not known or all padding), value
        (the activation), class ("" if not given).

    Examples
    --------
    >>> from layerwise.recording import Top
    >>> top = Top("fc", "Linear", np.array([[4, 0]]), np.zeros((1, 2, 0), int),
    ...           np.array([[2.5, 1.0]], np.float32), 5)
    >>> top_table(top, list("abcde"))[["unit", "rank", "observation", "value", "class"]].values
    array([[0, 0, 4, 2.5, 'e'], [0, 1, 0, 1.0, 'a']], dtype=object)
    """
    n_units, n = top.rows.shape
    names = np.full(top.n_observations, "", object) if classes is None else (
        checks.labels("top_table", classes, top.n_observations, "classes").astype(str)
    )  # fmt: skip
    unit, rank = np.divmod(np.arange(n_units * n), n)
    rows, places = top.rows.ravel(), top.positions.reshape(n_units * n, -1)
    table = pd.DataFrame({
        "layer": top.layer, "unit": unit, "rank": rank, "observation": rows,
        "position": [",".join(map(str, place)) for place in places.tolist()],
        **_boxes(top, unit, places), "value": top.values.ravel().astype(float),
        "class": names[rows],
    })  # fmt: skip
    return table[table["observation"] >= 0].reset_index(drop=True)


def top_classes(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many of each unit's strongest observations are of one class.

    Parameters
    ----------
    table : from :func:`top_table`; observations without an activation above 0 do not count

    Returns
    -------
    DataFrame, one row a unit
        unit, class (the most frequent; of equals the one of the strongest observation), agree (how
        many are of it), n. Units of whose observations no two share a class are left out.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": 7, "rank": range(4), "value": 1.0, "class": list("abab")})
    >>> top_classes(table).values.tolist()
    [[7, 'a', 2, 4]]
    """
    shown = table[(table["value"] > 0) & (table["class"] != "")].sort_values(["unit", "rank"])
    counts = shown.groupby(["unit", "class"], sort=False).size().rename("agree").reset_index()
    best = counts.sort_values("agree", ascending=False, kind="stable")
    best = best.drop_duplicates("unit").query("agree > 1").sort_values("unit", ignore_index=True)
    return best.assign(n=best["unit"].map(shown.groupby("unit").size()))


def keep_top(
    run: Run,
    checkpoints: Mapping[str, Mapping[str, TopPatches]],
    *,
    classes: Sequence[str] | Array | None = None,
    subset: str = "",
    data: str = "",
) -> pd.DataFrame:
    """Keep what excites units: tables "top" and "images", over checkpoints "feature_evolution".

    Parameters
    ----------
    run : Run
    checkpoints : patches by layer and checkpoint of the run, early to late, of one set of data
        The table is of all units; pictures are of the chosen ones, at the first and the last
        checkpoint, and of their strongest observation at every checkpoint.
    classes : (n_observations,) name of the class of each observation, optional
    subset : name of the observations, for example "test"
    data : name of the data

    Returns
    -------
    DataFrame
        The columns of :func:`top_table`, and checkpoint, subset, data, n_observations (how many
        were looked through), rule and ramp (of the projections; "" without pictures). Kept again,
        it takes the place of the earlier answer.

    Raises
    ------
    UserError
        If there is no checkpoint, one that the run does not have, or classes do not fit.

    Examples
    --------
    >>> import tempfile, torch
    >>> from layerwise.attribution import top_patches
    >>> from layerwise.recording import record, top
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Sigmoid())
    >>> x = torch.rand(9, 1, 5, 5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = record(net, x, to=folder, checkpoint="trained")
    ...     found = {"1": top_patches(net, x, top(net, x, "1", n=4)["1"])}
    ...     kept = keep_top(run, {"trained": found}, data="noise")
    ...     list(run.tables)
    ['images', 'top']
    >>> len(kept), kept["layer"].unique().tolist()
    (8, ['1'])
    """
    if not checkpoints or not all(checkpoints.values()):
        raise checks.invalid("keep_top", "checkpoints", "one or more, with layers", "none")
    for checkpoint in checkpoints:
        run.checkpoint(checkpoint)
    names = list(checkpoints)
    frames = []
    for checkpoint, layers in checkpoints.items():
        for layer, found in layers.items():
            about = {
                "function": KEPT_TOP, "layer": layer, "checkpoint": checkpoint, "subset": subset,
            }  # fmt: skip
            has_pictures = checkpoint in (names[0], names[-1]) and _has_pictures(found)
            frame = top_table(found.top, classes).assign(
                checkpoint=checkpoint, subset=subset, data=data,
                n_observations=found.top.n_observations,
                rule=found.rule if has_pictures else "",
                ramp=ramp_of(found) if has_pictures else "",
            )  # fmt: skip
            run.write_table("top", frame, about)
            frames.append(frame)
            if has_pictures:
                run.write_table("images", _stored(run, found, checkpoint, subset), about)
    table = pd.concat(frames, ignore_index=True)
    if len(names) > 1:
        _keep_evolution(run, checkpoints, table, subset)
    return table


def _keep_evolution(
    run: Run,
    checkpoints: Mapping[str, Mapping[str, TopPatches]],
    table: pd.DataFrame,
    subset: str,
) -> None:
    names = list(checkpoints)
    provenance = {"function": KEPT_EVOLUTION, "subset": subset}
    moved = feature_evolution(table, names).assign(subset=subset)
    run.write_table("feature_evolution", moved, provenance)
    for layer, last in checkpoints[names[-1]].items():
        over = {name: found[layer] for name, found in checkpoints.items() if layer in found}
        if not _has_pictures(last):
            continue
        cells, numbers = evolution_images(over)
        room = max(1, LARGEST // len(over) - GAP)
        title = (
            f"{layer}: the strongest observation at {', '.join(over)}; projection over patch, each "
            "projection on its own scale"
        )
        part = picture_rows(
            EVOLUTION_PICTURES, grid(thinned(cells, room), len(over), GAP), title=title,
            layer=layer if _is_unit(run, last) else "", about="unit", index=numbers,
        )  # fmt: skip
        run.write_table("images", part, {**provenance, "layer": layer})


def _has_pictures(found: TopPatches) -> bool:
    """Say whether there is something to draw: of features and volumes there are no pictures."""
    return found.projections.ndim in (4, 5) and not found.top.silent[found.units].all()


def _stored(run: Run, found: TopPatches, checkpoint: str, subset: str) -> pd.DataFrame:
    images = top_images(found)
    many = f"{found.top.n_observations:,} {subset}".rstrip()
    title = (
        f"{found.top.layer}: the {images.n_top} of {many} observations that excite each unit most; "
        "projections left, one scale a unit, patches right"
    )
    return picture_rows(
        PICTURES, thinned(images.pixels, LARGEST), title=title,
        layer=found.top.layer if _is_unit(run, found) else "", checkpoint=checkpoint,
        about="unit", index=images.units,
    )  # fmt: skip


def _is_unit(run: Run, found: TopPatches) -> bool:
    """Say whether these are the channels of a recorded layer, pooled or position by position."""
    layer = found.top.layer
    return layer in run.layers and run.layer(layer).shape[0] == len(found.top.rows)


def _boxes(top: Top, unit: Array, places: Array) -> dict[str, Array]:
    found = {name: np.full(len(unit), np.nan) for name in ("y0", "y1", "x0", "x1")}
    field = top.field
    if field is None or len(field.input_size) > 2:
        return found
    boxes = field.boxes(unit, places).astype(float)
    boxes[(boxes[..., 1] < boxes[..., 0]).any(axis=1)] = np.nan
    for axis, name in enumerate(("y", "x")[-len(field.input_size) :]):
        found[f"{name}0"], found[f"{name}1"] = boxes[:, axis].T
    return found
