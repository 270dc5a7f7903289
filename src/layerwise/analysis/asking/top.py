"""What excites each unit most, as a table and as pictures kept beside a run.

A picture a unit: its strongest observations as the unit sees them, and the deconvnet projections
that say what in them excites it. Over checkpoints the strongest observation of each unit tells how
its feature came about. Both come from a live network (:func:`layerwise.recording.top`,
:func:`layerwise.attribution.top_patches`); here they become tables and pixels.

Sources: Zeiler and Fergus 2014, Fig. 2 (top 9) and Fig. 4 (evolution).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, PerUnit
from layerwise.store import Run
from layerwise.store.media import pictures as picture_rows
from layerwise.units.pictures import pixels
from layerwise.units.pictures.grid import PAPER, enlarged, grid

if TYPE_CHECKING:
    from layerwise.attribution.patches import TopPatches
    from layerwise.recording.top import Top

KEPT_TOP, KEPT_EVOLUTION = "keep_top", "keep_feature_evolution"
"""The functions in the provenance of these tables."""

PICTURES, EVOLUTION_PICTURES = "top patches", "feature evolution"
"""The kinds of these pictures in the table "images"."""

MOST_UNITS = 16
"""Units with pictures if none are named."""

LEAST_SIDE = 30
"""Pixels of the longer side of a patch, at least; smaller ones are enlarged pixel by pixel."""

SATURATED = 0.995
"""Share of the values of a typical projection within the scale of its unit: a few large ones would
leave the rest invisible."""

GAP, MIDDLE = 2, 8
"""Pixels between patches, and between projections and patches."""


@dataclass(frozen=True, eq=False)
class TopImages:
    """One picture a unit: projections of its strongest activations, left, and the patches, right.

    Attributes
    ----------
    pixels : (n, height, width, 3) uint8
    units : (n,) int, without the silent ones
    values : (n, 2) the largest and the smallest activation in each picture
    silent : (n_silent,) int, chosen units without an activation above 0: no picture
    limits : (n,) size of a projection's value at the end of the scale of each unit
    ramp : "rgb" or "signed", how projections are painted
    n_top : observations in each picture, at most
    """

    pixels: Array
    units: Array
    values: Array
    silent: Array
    limits: PerUnit
    ramp: str
    n_top: int


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


def top_images(found: TopPatches) -> TopImages:
    """Return one picture a unit: its projections in a square beside its patches in a square.

    The strongest stands first, row by row. Projections of a unit share one scale, and each unit has
    its own; it ends at the median, over its projections, of the size below which :data:`SATURATED`
    of the values lie. White is outside the input, or an observation with no activation above 0.

    Parameters
    ----------
    found : from :func:`layerwise.attribution.top_patches`

    Raises
    ------
    InvalidValue
        If all units are silent.

    Examples
    --------
    >>> import torch
    >>> from layerwise.attribution import top_patches
    >>> from layerwise.recording import top
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Sigmoid())
    >>> x = torch.rand(20, 1, 8, 8)
    >>> images = top_images(top_patches(net, x, top(net, x, "1")["1"]))
    >>> images.pixels.shape, images.ramp, images.silent.tolist()
    ((2, 94, 196, 3), 'signed', [])
    """
    speaks = ~found.top.silent[found.units]
    if not speaks.any():
        raise checks.invalid(
            "top_images", "found", "of a unit with an activation above 0",
            f"{len(found.units)} silent units of {found.top.layer!r}",
        )  # fmt: skip
    numbers = found.units[speaks]
    projections, patches = found.projections[speaks], found.patches[speaks]
    limits = _limits(projections)
    ramp = _ramp(found)
    left = grid(_painted(projections, limits, ramp), gap=GAP)
    right = grid(_as_they_are(patches, found.is_picture), gap=GAP)
    between = np.full((*left.shape[:2], MIDDLE, 3), PAPER, np.uint8)
    values = found.top.values[numbers, : projections.shape[1]]
    ends = np.stack([values[:, 0], np.where(values > 0, values, np.inf).min(axis=1)], axis=1)
    return TopImages(
        np.concatenate([left, between, right], axis=2), numbers, ends, found.units[~speaks],
        limits, ramp, values.shape[1],
    )  # fmt: skip


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


def feature_evolution(table: pd.DataFrame, checkpoints: Sequence[str]) -> pd.DataFrame:
    """Return when each unit found the observations that it ends with.

    Parameters
    ----------
    table : of :func:`top_table` with a column checkpoint, of one layer or more
    checkpoints : early to late

    Returns
    -------
    DataFrame, one row a unit and checkpoint
        layer, unit, checkpoint, time (its number), observation and value (of the strongest),
        jumped (whether it is another observation than at the checkpoint before), final (whether it
        is that of the last checkpoint, from here on), shared (the share of the last checkpoint's
        strongest observations that are among the strongest here). Units that are silent at the last
        checkpoint are left out: they have no feature.

    Examples
    --------
    >>> table = pd.DataFrame({"layer": "fc", "unit": 0, "rank": 0, "observation": [4, 7, 7],
    ...                       "value": 1.0, "checkpoint": ["a", "b", "c"]})
    >>> feature_evolution(table, ["a", "b", "c"])[["observation", "jumped", "final"]].values
    array([[4, False, False], [7, True, True], [7, False, True]], dtype=object)
    """
    if not checkpoints:
        raise checks.invalid("feature_evolution", "checkpoints", "one or more", "none")
    time = {name: number for number, name in enumerate(checkpoints)}
    shown = table[table["checkpoint"].isin(checkpoints)]
    shown = shown.assign(time=shown["checkpoint"].map(time))
    key, last = ["layer", "unit"], shown[shown["checkpoint"] == checkpoints[-1]]
    at_last = last.loc[last["value"] > 0, [*key, "observation"]]
    alive = last.loc[(last["rank"] == 0) & (last["value"] > 0), [*key, "observation"]]
    first = shown[shown["rank"] == 0].merge(alive.rename(columns={"observation": "end"}), on=key)
    first = first.sort_values([*key, "time"], kind="stable").reset_index(drop=True)
    by = first.groupby(key)
    before = by["observation"].shift()
    is_end = first["observation"] == first["end"]
    stays = is_end[::-1].groupby([first["layer"], first["unit"]]).cummin()[::-1]
    common = shown[shown["value"] > 0].merge(at_last, on=[*key, "observation"])
    counts = common.groupby([*key, "time"]).size().rename("both").reset_index()
    total = at_last.groupby(key).size().rename("total").reset_index()
    first = first.merge(counts, on=[*key, "time"], how="left").merge(total, on=key)
    told = first.assign(
        jumped=before.notna() & (before != first["observation"]), final=stays.astype(bool),
        shared=first["both"].fillna(0) / first["total"],
    )  # fmt: skip
    return told[[*key, "checkpoint", "time", "observation", "value", "jumped", "final", "shared"]]


def evolution_images(checkpoints: Mapping[str, TopPatches]) -> tuple[Array, Array]:
    """Return of every unit its strongest observation at each checkpoint: projection over patch.

    Each projection has its own scale. White is outside the input, or a unit that is silent there.

    Parameters
    ----------
    checkpoints : of the same units of one layer, by checkpoint, early to late

    Returns
    -------
    pixels : (n_units, n_checkpoints, height, width, 3) uint8
    units : (n_units,) int, without those silent at the last checkpoint

    Raises
    ------
    InvalidValue
        If they are not of the same units, or all units are silent.
    """
    *_, last = checkpoints.values()
    for found in checkpoints.values():
        if found.top.layer != last.top.layer or not np.array_equal(found.units, last.units):
            raise checks.invalid(
                "evolution_images", "checkpoints", "of the same units of one layer", "others"
            )
    speaks = ~last.top.silent[last.units]
    if not speaks.any():
        raise checks.invalid("evolution_images", "checkpoints",
                             "of a unit with an activation above 0", "silent units")  # fmt: skip
    ramp = _ramp(last)
    cells = []
    for found in checkpoints.values():
        projections, patches = found.projections[speaks, :1], found.patches[speaks, :1]
        if projections.ndim != last.projections.ndim:  # all units were silent there
            projections, patches = (
                np.full_like(one[speaks, :1], np.nan) for one in (last.projections, last.patches)
            )
        over = _painted(projections, _limits(projections), ramp)
        under = _as_they_are(patches, last.is_picture)
        cells.append(grid(np.concatenate([over, under], axis=1), 1, GAP))
    return np.stack(cells, axis=1), last.units[speaks]


def jumps_of(moved: pd.DataFrame, layer: str, units: Array, n_checkpoints: int) -> Array:
    """Return where units of a layer jumped to another strongest observation.

    Parameters
    ----------
    moved : from :func:`feature_evolution`
    layer : str
    units : (n_units,) int
    n_checkpoints : int

    Returns
    -------
    (n_units, n_checkpoints) bool

    Examples
    --------
    >>> moved = pd.DataFrame({"layer": "fc", "unit": 3, "time": [0, 1], "jumped": [False, True]})
    >>> jumps_of(moved, "fc", np.array([3]), 2).tolist()
    [[False, True]]
    """
    found = np.zeros((len(units), n_checkpoints), bool)
    own = moved[(moved["layer"] == layer) & moved["jumped"] & moved["unit"].isin(units)]
    place = {int(unit): row for row, unit in enumerate(units)}
    found[own["unit"].map(place).to_numpy(int), own["time"].to_numpy(int)] = True
    return found


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
                rule=found.rule if has_pictures else "", ramp=_ramp(found) if has_pictures else "",
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
        title = (
            f"{layer}: the strongest observation at {', '.join(over)}; projection over patch, each "
            "projection on its own scale"
        )
        part = picture_rows(
            EVOLUTION_PICTURES, grid(cells, len(over), GAP), title=title,
            layer=layer if _is_unit(run, last) else "", about="unit", index=numbers,
        )  # fmt: skip
        run.write_table("images", part, {**provenance, "layer": layer})


def _has_pictures(found: TopPatches) -> bool:
    return found.projections.ndim > 3 and not found.top.silent[found.units].all()


def _ramp(found: TopPatches) -> str:
    """Return how projections are painted: as colours of the input, or by sign and size."""
    return "rgb" if found.is_picture and found.projections.shape[2:3] == (3,) else "signed"


def _stored(run: Run, found: TopPatches, checkpoint: str, subset: str) -> pd.DataFrame:
    images = top_images(found)
    many = f"{found.top.n_observations:,} {subset}".rstrip()
    title = (
        f"{found.top.layer}: the {images.n_top} of {many} observations that excite each unit most; "
        "projections left, one scale a unit, patches right"
    )
    return picture_rows(
        PICTURES, images.pixels, title=title,
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


def _limits(projections: Array) -> PerUnit:
    """Return where the scale of each unit ends; 0 where it has no projection."""
    n_units, n = projections.shape[:2]
    sizes = np.abs(projections).reshape(n_units * n, -1)
    is_there = ~np.isnan(sizes).all(axis=1)
    each = np.full(n_units * n, np.nan)
    each[is_there] = np.nanquantile(sizes[is_there], SATURATED, axis=1)
    # Where almost everything is 0, so is the quantile.
    each[each == 0] = np.nanmax(sizes[each == 0], axis=1, initial=0)
    each = each.reshape(n_units, n)
    each[np.isnan(each).all(axis=1)] = 0
    limits: PerUnit = np.nanmedian(each, axis=1)
    return limits


def _painted(projections: Array, limits: PerUnit, ramp: str) -> Array:
    """Return projections (n_units, n, n_channels, *size) as pictures, one scale a unit."""
    values = _spread(projections)
    ends = limits.reshape(-1, *[1] * (values.ndim - 1))
    missing = np.isnan(values).any(axis=-1)
    if ramp == "rgb":
        painted = pixels.rgb(values, ends)
    else:
        painted = pixels.signed(values.mean(axis=-1), ends[..., 0])
    painted[missing] = PAPER
    return enlarged(painted, LEAST_SIDE)


def _as_they_are(patches: Array, is_picture: bool) -> Array:
    """Return patches of inputs as pictures in RGB."""
    values = _spread(patches)
    missing = np.isnan(values).any(axis=-1)
    if is_picture:
        shown = np.rint(255 * np.nan_to_num(values).clip(0, 1)).astype(np.uint8)
        shown = np.broadcast_to(shown, (*shown.shape[:-1], 3)).copy()
    else:
        one = values.mean(axis=-1)
        sizes = np.nan_to_num(np.abs(one)).reshape(len(one), -1).max(axis=1)
        shown = pixels.signed(one, sizes.reshape(-1, *[1] * (one.ndim - 1)))
    shown[missing] = PAPER
    return enlarged(shown, LEAST_SIDE)


def _spread(values: Array) -> Array:
    """Return (n_units, n, n_channels, *size) as (n_units, n, height, width, n_channels).

    Of a signal the channels are its rows, of features their numbers are one row.
    """
    if values.ndim == 5:
        return np.moveaxis(values, 2, -1)
    if values.ndim in (3, 4):
        return values.reshape(*values.shape[:2], -1, values.shape[-1])[..., None]
    raise checks.invalid(
        "top_images", "found", "of pictures, signals or features", f"shape {values.shape[2:]}"
    )
