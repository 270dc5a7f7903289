"""One pass over a batch of activations: everything that is counted about them, while it is near.

A batch is read once, observation by observation: what one thread has of it stays in the processor's
caches while sums, extremes, class map and rivals are brought up to date. Moments are summed in
double precision, about a shift near the mean.

Units are shared out among threads in groups, so no sum is split: the result does not depend on the
number of threads. Leaves out what the counts mean (:mod:`layerwise.units.population.tally`).
"""

from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from numba import prange, types

from layerwise.foundation.compiled import greater, kernel, lesser, widest_vectors

SHIFT = np.int32(16)
EQUALS, LOWER = np.int32(2**16), np.int32(2**16 - 1)
"""A rival counts, above its number in the group, how many later units of the group equal it."""

TILE = 2**12
"""Values that are read several times in turn: they fit the first cache with what they change."""

BLOCK = 64
"""Positions that are settled together."""

LARGEST_GROUP = 2**15
"""Units of a group, so that both numbers fit."""

_values = types.Array(types.float32, 2, "C", readonly=True)
_floats, _doubles = types.float32[::1], types.float64[::1]
_counts, _number = types.int64[::1], types.int64


def _describer(adds: bool) -> Any:
    """Return the kernel that describes units, and adds them to a class map in the same loop."""

    @kernel(
        [(_values, _number, _number, _doubles, _floats, _floats, _doubles, _doubles, _counts,
          _counts, types.float64[:, ::1])],
        fastmath={"reassoc", "contract", "nsz"},
    )  # fmt: skip
    @no_type_check
    def describe(A, first, last, shift, low, high, total, squares, active, zeros, sums):
        """Add up units over their positions, and widen their extremes."""
        widest_vectors()
        for u in range(first, last):
            centre, s, q = shift[u], 0.0, 0.0
            above = at_zero = 0.0  # exact, and with the same vectors as the sums
            for p in range(A.shape[1]):
                v = A[u, p]
                d = np.float64(v) - centre
                s += d
                q += d * d
                above += 1.0 if v > 0 else 0.0
                at_zero += 1.0 if v == 0 else 0.0
                if adds:
                    sums[u, p] += np.float64(v)
            least, most = low[u], high[u]
            for p in range(A.shape[1]):
                least, most = lesser(least, A[u, p]), greater(most, A[u, p])
            low[u], high[u] = least, most
            total[u] += s
            squares[u] += q
            active[u] += np.int64(above)
            zeros[u] += np.int64(at_zero)

    return describe


_describe, _describe_and_add = _describer(adds=False), _describer(adds=True)


@kernel
@no_type_check
def _describe_each(x, first, last, shift, low, high, total, squares, active, zeros):
    """Do the same for one position of many units."""
    widest_vectors()
    for u in range(first, last):
        v, a, b = x[u], low[u], high[u]
        d = np.float64(v) - shift[u]
        total[u] += d
        squares[u] += d * d
        active[u] += np.int64(v > 0)
        zeros[u] += np.int64(v == 0)
        low[u] = v if v < a else a
        high[u] = v if v > b else b


@kernel
@no_type_check
def _count_near(x, near):
    """Return how many values are near a bound; exact zeros are silence."""
    n = np.int32(0)
    for p in range(len(x)):
        n += np.int32((x[p] <= near[0] or x[p] >= near[1]) and x[p] != 0)
    return n


@kernel
@no_type_check
def _compete(A, begin, end, first, best, rival):
    """Let units beat the largest so far at every position, or count as its equals; four a time."""
    widest_vectors()
    if begin == first:
        best[:] = -np.inf
    for start in range(begin, end, 4):
        if start + 4 <= end:
            for p in range(len(best)):
                b, r = best[p], rival[p]
                for k in range(4):
                    v, unit = A[start + k, p], np.int32(start + k - first)
                    equal = r + (EQUALS if v == b else np.int32(0))
                    r = unit if v > b else equal
                    b = v if v > b else b
                best[p], rival[p] = b, r
        else:
            for u in range(start, end):
                for p in range(len(best)):
                    v, b, r, unit = A[u, p], best[p], rival[p], np.int32(u - first)
                    equal = r + (EQUALS if v == b else np.int32(0))
                    rival[p] = unit if v > b else equal
                    best[p] = v if v > b else b


@kernel
@no_type_check
def _largest(x, first, last):
    """Return the largest of some units, and its number in the group with the count of equals."""
    top, whose = np.float32(-np.inf), np.int32(0)
    for u in range(first, last):
        if x[u] > top:
            top, whose = x[u], np.int32(u - first)
        elif x[u] == top:
            whose += EQUALS
    return top, whose


@kernel(parallel=True)
@no_type_check
def by_unit(
    A, order, own, slots, picked, shift, near, total, squares, active, zeros, saturated, low, high,
    maps, sample, best, rival, groups,
):  # fmt: skip
    """Read activations (n, units, positions), class by class so that class maps stay near.

    Parameters
    ----------
    A : (n, n_units, n_positions) float32
    order : (n,) observations, sorted by class
    own, slots : (n,) class of each among those of the batch, and in `maps`
    picked : (n,) position that is sampled of each
    shift : (n_units,) about which moments are summed
    near : (2,) float32, from where on a value counts as saturated; NaN for none
    total, squares, active : (classes of the batch, n_units), to add to
    zeros, saturated : (n_units,), to add to
    low, high : (n_units,), so far
    maps : (class maps, n_units, n_positions) float64 to add to, or empty
    sample : (n, n_units), to fill
    best, rival : (groups, n, n_positions), to fill with the largest value and whose it is, or empty
    groups : (groups + 1,) units where they begin
    """
    n_maps, competes, bounded = len(maps), best.shape[1] > 0, near[0] == near[0]
    step, nowhere = max(4, TILE // A.shape[2]), np.empty((0, 0))
    for g in prange(len(groups) - 1):
        first, last = groups[g], groups[g + 1]
        for i in order:
            k, slot = own[i], slots[i]
            for begin in range(first, last, step):
                end = min(begin + step, last)
                if slot < n_maps:
                    _describe_and_add(
                        A[i], begin, end, shift, low, high, total[k], squares[k], active[k], zeros,
                        maps[slot],
                    )  # fmt: skip
                else:
                    _describe(
                        A[i], begin, end, shift, low, high, total[k], squares[k], active[k], zeros,
                        nowhere,
                    )  # fmt: skip
                for u in range(begin, end):
                    sample[i, u] = A[i, u, picked[i]]
                    if bounded:
                        saturated[u] += _count_near(A[i, u], near)
                if competes:
                    _compete(A[i], begin, end, first, best[g, i], rival[g, i])


@kernel(parallel=True)
@no_type_check
def by_position(
    A, there, order, own, slots, picked, shift, near, total, squares, active, zeros, saturated, low,
    high, maps, sample, best, rival, groups,
):  # fmt: skip
    """Read activations (n, positions, units) as :func:`by_unit` does.

    `there` is (n, n_positions) bool, what counts; `maps` are (class maps, n_positions, n_units).
    """
    n_maps, competes, bounded = len(maps), best.shape[1] > 0, near[0] == near[0]
    for g in prange(len(groups) - 1):
        first, last = groups[g], groups[g + 1]
        for i in order:
            k, slot = own[i], slots[i]
            sample[i, first:last] = A[i, picked[i], first:last]
            for p in range(A.shape[1]):
                if not there[i, p]:
                    continue
                x = A[i, p]
                _describe_each(
                    x, first, last, shift, low, high, total[k], squares[k], active[k], zeros
                )
                if bounded:
                    for u in range(first, last):
                        saturated[u] += _count_near(x[u : u + 1], near)
                if slot < n_maps:
                    for u in range(first, last):
                        maps[slot, p, u] += np.float64(x[u])
                if competes:
                    best[g, i, p], rival[g, i, p] = _largest(x, first, last)


@kernel
@no_type_check
def _merge(best, rival, first, top, winner, equals):
    """Let the largest of a group, from unit `first` on, beat those of the groups before it."""
    widest_vectors()
    for p in range(len(best)):
        value, before, whose = best[p], top[p], np.int32(first) + (rival[p] & LOWER)
        many, so_far = np.int32(1) + (rival[p] >> SHIFT), equals[p]
        both = so_far + (many if value == before else np.int32(0))
        equals[p] = many if value > before else both
        winner[p] = whose if value > before else winner[p]
        top[p] = value if value > before else before


@kernel(parallel=True)
@no_type_check
def count_wins(best, rival, groups, slots, there, wins, ties):
    """Settle who is largest at every position of every observation, and count it.

    Parameters
    ----------
    best, rival, groups : from :func:`by_unit` or :func:`by_position`
    slots : (n,) class of each observation; those beyond `wins` are not counted
    there : (n, n_positions) bool, or (n, 0) where all count
    wins : (n_classes, n_positions, n_units + 1) int32 to add to; the last is "all equal"
    ties : (n_classes, n_positions) int64 to add to: largest values that several share
    """
    n_units, n_positions = groups[-1], wins.shape[1]
    for block in prange((n_positions + BLOCK - 1) // BLOCK):
        start, stop = block * BLOCK, min((block + 1) * BLOCK, n_positions)
        top = np.empty(stop - start, np.float32)
        winner, equals = np.empty(stop - start, np.int32), np.empty(stop - start, np.int32)
        for i in range(len(slots)):
            slot = slots[i]
            if slot >= len(wins):
                continue
            top[:] = -np.inf
            for g in range(len(groups) - 1):
                _merge(best[g, i, start:stop], rival[g, i, start:stop], groups[g], top, winner,
                       equals)  # fmt: skip
            for p in range(start, stop):
                if there.shape[1] and not there[i, p]:
                    continue
                many = equals[p - start]
                # A unit alone in its layer is silent where it is 0.
                if many == n_units and (n_units > 1 or top[p - start] == 0):
                    wins[slot, p, n_units] += 1
                    continue
                wins[slot, p, winner[p - start]] += 1
                if many > 1:
                    ties[slot, p] += 1
