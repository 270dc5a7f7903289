"""Which filters classes share and which tell them apart, in numbers; what the winner maps hold.

The questions of the practical that shows class means and winner maps. Nothing here is about one
picture: every number is an average over observations that the class maps of the run already hold,
so it costs milliseconds. Read it beside the same number of the untrained network: random filters
share and tell too.

Source: HEIG-VD, Machine Learning, practical "Understanding Deep Neural Networks" (2017).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layerwise.analysis.class_maps import PLACE, ClassMaps, class_maps_of
from layerwise.foundation import checks
from layerwise.foundation.random import generator
from layerwise.foundation.shapes import Array
from layerwise.store import Run

ALIKE = "correlation of class means"
COMMON = "strongest filters in common"
SERVED = "classes that a filter is strongest for"
BETWEEN = "variance between classes"
SAME = "same winner"
SILENCE = "silent positions"
DISTINCT = "distinct winners"
AGREED = "share of the winner"

MEASURES = (ALIKE, COMMON, SERVED, BETWEEN, SAME, SILENCE, DISTINCT, AGREED)
"""What :func:`class_statistics` measures, each defined there."""

COLUMNS = (*PLACE, "measure", "class", "other", "unit", "value", "floor")

PART = 4
"""The strongest filters of a class are at most one in so many: of more, chance shares most."""

MOST_PAIRS = 4950
"""Pairs of classes that are compared, all those of 100 classes; of more, a seeded sample."""


def class_statistics(run: Run, *, top: int = 10) -> pd.DataFrame:
    """Return, and keep in the run, what its class maps say about classes and filters.

    Parameters
    ----------
    run : Run
        With the table "class_maps"; "selectivity" and "activity" add the variance.
    top : int >= 1
        How many filters are "the strongest" of a class: those with the greatest class mean, of
        which only means above 0 count, and at most a quarter of the layer's.

    Returns
    -------
    DataFrame
        Columns layer, checkpoint, subset, measure, class, other (class), unit (-1 where there is
        none), value, floor (what chance gives; NaN where only the untrained network can tell).

        For every pair of classes:

        - "correlation of class means": Pearson's r, over the filters, of the mean activation in one
          class and in the other, averaged over positions; filters silent in all classes left out.
          1: the classes drive the filters alike. Floor 0: filters of one class shuffled.
        - "strongest filters in common": how many of the strongest are the same, over how many there
          are (of the class that has more). Floor: k / n for k of n filters drawn at random.
        - "same winner": share of the positions with the same winner, among those where at least
          one of the two classes is not silent. Floor: positions of one of them shuffled.

        For every class:

        - "silent positions": share of the positions where most observations silence every filter.
        - "distinct winners": how many filters win a position.
        - "share of the winner": share of the observations in which it wins, mean over positions
          that are not silent.

        For filters:

        - "classes that a filter is strongest for": share of the classes among whose strongest it
          is; of filters that are so for one class at least. Floor: k / n.
        - "variance between classes": share of a filter's variance, over observations and positions,
          that lies between classes (eta squared), `class` being that of its greatest mean; with
          unit -1 that of the layer: the sum between classes over the sum in all. Floor of a dense
          layer: what shuffled labels give on average, (classes - 1) / (observations - 1). Positions
          of one observation are alike, so of a layer that has them the floor is not known (NaN).

    Raises
    ------
    NotFound
        If the run holds no class maps.

    Notes
    -----
    Shuffled labels would make all classes alike: correlations and shares in common would be near 1.
    So a low number says that classes are told apart, a number near its floor that they have
    nothing to do with each other.
    """
    checks.integer("class_statistics", "top", top, 1)
    frame = run.table("class_maps")
    known = {kind: run.table(kind) for kind in ("activity", "selectivity") if kind in run.tables}
    parts = [
        compare_classes(maps, known.get("activity"), known.get("selectivity"), top=top)
        for maps in class_maps_of(frame)
    ]
    found = pd.concat(parts, ignore_index=True)
    run.write_table("class_statistics", found, {"function": "class_statistics", "top": top})
    return found


def compare_classes(
    maps: ClassMaps,
    activity: pd.DataFrame | None = None,
    selectivity: pd.DataFrame | None = None,
    *,
    top: int = 10,
) -> pd.DataFrame:
    """Return the rows of :func:`class_statistics` about one layer at one checkpoint.

    Examples
    --------
    >>> means = np.array([[3.0, 2, 0, 0], [3, 0, 2, 0]])[:, :, None, None]   # 2 classes, 4 filters
    >>> maps = ClassMaps("fc", "trained", "", np.arange(2), np.arange(4), means, None, None)
    >>> compare_classes(maps, top=1)[["measure", "value", "floor"]].round(2).values.tolist()[:2]
    [['correlation of class means', 0.14, 0.0], ['strongest filters in common', 1.0, 0.25]]
    """
    rows = [
        *_shared(maps, top),
        *_winners(maps),
        *_variance(maps, activity, selectivity),
    ]
    found = pd.DataFrame(rows, columns=["measure", "class", "other", "unit", "value", "floor"])
    place = {name: getattr(maps, name) for name in PLACE}
    types = {"class": int, "other": int, "unit": int, "value": float, "floor": float}
    return found.astype(types).assign(**place)[list(COLUMNS)]


def n_strongest(n_units: int, top: int) -> int:
    """Return how many filters of a layer count as the strongest of a class.

    Examples
    --------
    >>> n_strongest(64, 10), n_strongest(32, 10), n_strongest(1, 10)
    (10, 8, 1)
    """
    return max(1, min(top, n_units // PART))


Row = tuple[str, int, int, int, float, float]


def _shared(maps: ClassMaps, top: int) -> Iterator[Row]:
    """Yield what two classes have in common, and the filters that many have."""
    profile, classes = maps.profile[maps.seen], maps.classes[maps.seen]
    n_units = len(maps.units)
    k = n_strongest(n_units, top)
    best = np.argsort(-profile, axis=1, kind="stable")[:, :k]
    strongest = np.zeros(profile.shape, dtype=bool)
    np.put_along_axis(strongest, best, np.take_along_axis(profile, best, axis=1) > 0, axis=1)

    first, second = _pairs(len(classes))
    r = _correlations(profile[:, (profile != 0).any(axis=0)])
    many = strongest.sum(axis=1)
    for i, j in zip(first, second, strict=True):
        pair = int(classes[i]), int(classes[j]), -1
        yield (ALIKE, *pair, r[i, j], 0.0)
        larger, smaller = max(many[i], many[j]), min(many[i], many[j])
        if larger:
            common = (strongest[i] & strongest[j]).sum() / larger
            yield (COMMON, *pair, common, smaller / n_units)
    for unit in np.flatnonzero(strongest.any(axis=0)):
        served = strongest[:, unit].mean()
        yield (SERVED, -1, -1, int(maps.units[unit]), served, k / n_units)


def _winners(maps: ClassMaps) -> Iterator[Row]:
    """Yield what the winner maps of classes hold, and how alike they are."""
    if maps.winners is None or maps.shares is None or maps.n_positions == 1:
        return
    classes = maps.classes[maps.seen]
    Z = maps.winners[maps.seen].reshape(len(classes), -1)
    shares = maps.shares[maps.seen].reshape(len(classes), -1)
    there = ~np.isnan(shares)
    heard = (Z >= 0) & there
    for c, code in enumerate(classes.tolist()):
        yield (SILENCE, code, -1, -1, 1 - heard[c].sum() / max(there[c].sum(), 1), np.nan)
        yield (DISTINCT, code, -1, -1, len(np.unique(Z[c, heard[c]])), np.nan)
        if heard[c].any():
            yield (AGREED, code, -1, -1, shares[c, heard[c]].mean(), np.nan)
    numbers = int(maps.units.max()) + 1
    won = np.array([np.bincount(z[h], minlength=numbers) for z, h in zip(Z, heard, strict=True)])
    for i, j in zip(*_pairs(len(classes)), strict=True):
        counted = int((heard[i] | heard[j]).sum())
        if counted:
            same = ((Z[i] == Z[j]) & heard[i] & heard[j]).sum() / counted
            # Shuffled positions: the expected number of equal winners over that of counted ones.
            n = int((there[i] | there[j]).sum())
            silent = (n - int(heard[i].sum())) * (n - int(heard[j].sum()))
            floor = float(won[i] @ won[j]) / (n**2 - silent)
            yield (SAME, int(classes[i]), int(classes[j]), -1, same, floor)


def _variance(
    maps: ClassMaps, activity: pd.DataFrame | None, selectivity: pd.DataFrame | None
) -> Iterator[Row]:
    """Yield the share of the variance between classes, of every filter and of the layer."""
    if activity is None or selectivity is None:
        return
    told = _here(maps, selectivity).drop_duplicates("unit").set_index("unit")
    whole = _here(maps, activity)
    whole = whole[whole["class"] < 0].drop_duplicates("unit").set_index("unit")
    both = told.index.intersection(whole.index)
    eta, code = (told.loc[both, name].to_numpy(dtype=float) for name in ("eta2", "class"))
    variance = whole.loc[both, "std"].to_numpy(dtype=float) ** 2
    n = whole["n"].max() if len(whole) and maps.n_positions == 1 else 0
    floor = min(1.0, (maps.seen.sum() - 1) / (n - 1)) if n > 1 else np.nan
    counted = ~np.isnan(eta)
    if variance[counted].sum() > 0:
        value = (eta * variance)[counted].sum() / variance[counted].sum()
        yield (BETWEEN, -1, -1, -1, value, floor)
    for unit, preferred, share in zip(both[counted], code[counted], eta[counted], strict=True):
        yield (BETWEEN, int(preferred), -1, int(unit), share, floor)


def _here(maps: ClassMaps, frame: pd.DataFrame) -> pd.DataFrame:
    place = [getattr(maps, name) for name in PLACE]
    return frame[(frame[PLACE].astype(str) == place).all(axis=1)]


def _pairs(n: int) -> tuple[Array, Array]:
    """Return every pair of n things, of very many a seeded sample."""
    first, second = np.triu_indices(n, 1)
    if len(first) <= MOST_PAIRS:
        return first, second
    kept = np.sort(generator(0).choice(len(first), MOST_PAIRS, replace=False))
    return first[kept], second[kept]


def _correlations(rows: Array) -> Array:
    """Return Pearson's r of every two rows; NaN where one is constant."""
    centred = rows - rows.mean(axis=1, keepdims=True) if rows.size else np.zeros((len(rows), 1))
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, length, out=np.full_like(centred, np.nan), where=length > 0)
    r: Array = unit @ unit.T
    return np.clip(r, -1, 1)
