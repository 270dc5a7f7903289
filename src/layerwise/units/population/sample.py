"""A sample of a stream, and its quantiles, in memory that does not grow with it.

Rows go by once. A reservoir keeps some of them, each as likely as any other (Vitter 1985, algorithm
R); a t-digest of each unit (Dunning and Ertl 2019, as Apache DataSketches has it) keeps the
quantiles of all. Blocks of rows are sorted and thinned before they reach the digests, which would
otherwise cost as much as the network that computes the rows.
"""

from __future__ import annotations

import datasketches
import numpy as np

from layerwise.foundation.shapes import Activations, Array, PerUnit

KEPT = 2048
"""Rows of the reservoir: near-copies (a correlation above 0.99) are told apart by far fewer."""

BLOCK = 2048
"""Rows that are sorted together; of so many or fewer in all, quantiles are exact."""

THINNED = 16
"""A digest is given every so many-th order statistic of a block: an error of rank below 0.4 %."""

DIGEST = 500
"""The k of the digests, 9 kB each: an error of rank of some 0.3 %."""


class Sample:
    """Rows of a stream and the quantiles of its columns.

    Parameters
    ----------
    n_units : columns
    rng : from which two numbers a row are drawn, whatever the sizes of the batches
    """

    def __init__(self, n_units: int, rng: np.random.Generator) -> None:
        self.n = 0
        self._rng = rng
        self._kept = np.empty((0, n_units), np.float32)
        self._block = np.empty((0, n_units), np.float32)
        self._filled = 0
        self._digests: list[datasketches.tdigest_double] = []

    def draw(self, n: int) -> tuple[Array, Array]:
        """Return for each of the next `n` rows two numbers in [0, 1): which position, which place.

        They are to be drawn for every observation, seen or not, so that a stream cut into other
        batches takes the same.
        """
        position, place = self._rng.random((n, 2)).T
        return position, place

    def add(self, rows: Activations, place: Array) -> None:
        """Take the next rows (n, n_units), with a number in [0, 1) each from :meth:`draw`."""
        self._keep(rows, place)
        self.n += len(rows)
        while len(rows):
            if self._filled == BLOCK:
                self._digest()
            self._block = _grown(self._block, self._filled + len(rows), BLOCK)
            taken = min(len(rows), BLOCK - self._filled)
            self._block[self._filled : self._filled + taken] = rows[:taken]
            self._filled += taken
            rows = rows[taken:]

    @property
    def rows(self) -> Activations:
        """The reservoir, (at most :data:`KEPT`, n_units) float32."""
        return self._kept[: min(self.n, KEPT)]

    def quantiles(self, ranks: PerUnit) -> Array:
        """Return quantiles (n_units, n_ranks); NaN if there was no row."""
        n_units = self._block.shape[1]
        if self.n == 0:
            return np.full((n_units, len(ranks)), np.nan)
        rest = self._block[: self._filled].T
        if not self._digests:
            exact: Array = np.quantile(rest, ranks, axis=1).T
            return exact
        thinned, found = _thinned(rest), np.empty((n_units, len(ranks)))
        for unit, digest in enumerate(self._digests):
            whole = datasketches.tdigest_double(DIGEST)
            whole.merge(digest)
            whole.update(thinned[unit])
            found[unit] = [whole.get_quantile(rank) for rank in ranks]
        return found

    def _keep(self, rows: Activations, place: Array) -> None:
        """Fill the reservoir, then let row t (from 0) displace one with probability KEPT/(t+1)."""
        self._kept = _grown(self._kept, self.n + len(rows), KEPT)
        order = self.n + np.arange(len(rows))
        slot = np.where(order < KEPT, order, (place * (order + 1)).astype(np.int64))
        chosen = np.flatnonzero(slot < KEPT)
        # Of several rows for one slot the last is to stay, and numpy does not say which would.
        _, last = np.unique(slot[chosen][::-1], return_index=True)
        chosen = chosen[::-1][last]
        self._kept[slot[chosen]] = rows[chosen]

    def _digest(self) -> None:
        if not self._digests:
            self._digests = [
                datasketches.tdigest_double(DIGEST) for _ in range(self._block.shape[1])
            ]
        for digest, values in zip(self._digests, _thinned(self._block.T), strict=True):
            digest.update(values)
        self._filled = 0


def _thinned(columns: Array) -> Array:
    """Return the middle order statistic of every :data:`THINNED`, (n_units, fewer) float64."""
    ordered = np.array(columns, order="C")  # columns side by side are sorted three times as fast
    ordered.sort(axis=1)
    return ordered[:, THINNED // 2 :: THINNED].astype(np.float64)


def _grown(rows: Array, wanted: int, most: int) -> Array:
    """Return room for the wanted rows, doubled as it fills up, `most` at the most."""
    if wanted <= len(rows) or len(rows) == most:
        return rows
    room = np.empty((min(most, max(wanted, 2 * len(rows))), rows.shape[1]), rows.dtype)
    room[: len(rows)] = rows
    return room
