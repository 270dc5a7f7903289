r"""Bundle the trails of observations through their maps: what moves alike is drawn together.

Thousands of straight trails are a hairball. Here every point of every trail climbs the density of
all trails, which shrinks onto its ridges as the density is taken ever finer, and the trail is
smoothed after every climb. Leaves out: obstacles, and bundles that mind the direction of motion.

Source: Hurter, Ersoy and Telea 2012, Graph Bundling by Kernel Density Estimation (KDEEB). Two
things differ: a climb is the mean shift :math:`\sigma^2 \nabla \rho / \rho` (Comaniciu and Meer
2002), which cannot overshoot a ridge, and trails that hardly move hardly bend.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, Labels, Maps, Trails

SHRINK = 0.85
"""Factor of the bandwidth from one climb to the next."""

CELLS_A_BANDWIDTH = 3
MOST_CELLS = 1024
"""Grid cells for one bandwidth, and the most a side, where a far outlier stretches the grid."""

SMOOTHING = 0.15
"""Width of the smoothing after each climb, in steps between two maps."""


DETOUR = 0.2
"""The furthest that a trail is drawn aside, in its own lengths: who hardly moves hardly bends."""


def bundle(
    maps: Maps,
    labels: Labels | None = None,
    *,
    bandwidth: float = 0.2,
    n_iter: int = 10,
    pieces: int = 16,
) -> Trails:
    """Return the trails of all observations, drawn together where they run together.

    A picture of the main currents, not of places: only the two ends of a trail are where the first
    and the last map have them. An observation that does not move keeps its place.

    Parameters
    ----------
    maps : (n_times, n_observations, 2), n_times >= 2
    labels : (n_observations,), or None; if given, each class is bundled by itself
    bandwidth : float > 0, how far trails attract each other at first, in standard deviations (root
        mean square distance from the centre) of all points of all maps
    n_iter : int >= 0, climbs; 0 returns the straight trails
    pieces : int >= 1, of equal duration, into which every step between two maps is cut

    Returns
    -------
    (n_observations, pieces (n_times - 1) + 1, 2); place p is at time p / pieces

    Notes
    -----
    Time and memory are linear in the number of places; 2,000 trails through 6 maps in 10 classes
    take about one CPU second. Turning, mirroring, shifting or scaling all maps does the same to the
    trails, up to the error of the grid.

    References
    ----------
    Hurter, Ersoy and Telea 2012; Rauber et al. 2017 bundle the trails of hidden activity.

    Examples
    --------
    Two parallel trails meet halfway, and their ends stay:

    >>> maps = np.array([[[0.0, 0.0], [0.0, 0.2]], [[9.0, 0.0], [9.0, 0.2]]])
    >>> trails = bundle(maps, bandwidth=0.1)
    >>> np.abs(trails[1] - trails[0])[[0, 8, 16], 1].round(1)
    array([0.2, 0. , 0.2])
    """
    checks.number("bundle", "bandwidth", bandwidth, 1e-6)
    checks.integer("bundle", "n_iter", n_iter, 0)
    checks.integer("bundle", "pieces", pieces, 1)
    maps = _validated(maps)
    trails = _straight(maps, pieces)
    n = len(trails)
    # As text, so that missing labels (None, NaN) are one class among the others.
    names = np.zeros(n) if labels is None else checks.labels("bundle", labels, n).astype(str)
    size = np.sqrt(np.square(maps - maps.mean(axis=(0, 1))).sum(axis=2).mean())
    if size == 0:
        return trails
    for name in np.unique(names):
        members = names == name
        trails[members] = _bundled(trails[members], bandwidth * size, n_iter, SMOOTHING * pieces)
    return trails


def _validated(maps: Maps) -> Maps:
    shape = np.shape(maps)
    if len(shape) != 3 or shape[2] != 2:
        raise checks.invalid("bundle", "maps", "(n_times, n_observations, 2)", f"shape {shape}")
    if shape[0] < 2:
        raise checks.invalid(
            "bundle", "maps", "maps of two times or more", shape[0], "One map has no trails."
        )
    flat = checks.matrix("bundle", "maps", np.reshape(maps, (-1, 2)))
    return flat.reshape(shape)


def _straight(maps: Maps, pieces: int) -> Trails:
    """Return the trails that run straight from map to map."""
    places = np.arange(pieces * (len(maps) - 1) + 1)
    step = np.minimum(places // pieces, len(maps) - 2)
    share = (places / pieces - step)[:, None, None].astype(maps.dtype)
    trails = (1 - share) * maps[step] + share * maps[step + 1]
    return np.ascontiguousarray(trails.transpose(1, 0, 2))


def _bundled(trails: Trails, bandwidth: float, n_iter: int, smoothing: float) -> Trails:
    """Let the trails of one class climb their density, again and again, ever finer."""
    straight, ends = trails, trails[:, [0, -1]]
    detour = DETOUR * np.linalg.norm(np.diff(trails, axis=1), axis=2).sum(axis=1)
    for _ in range(n_iter):
        shift = _mean_shift(trails.reshape(-1, 2), bandwidth).reshape(trails.shape)
        offset = _smoothed(trails + shift, smoothing) - straight
        furthest = np.linalg.norm(offset, axis=2).max(axis=1)
        allowed = np.divide(detour, furthest, np.ones_like(detour), where=furthest > detour)
        trails = straight + allowed[:, None, None] * offset
        trails[:, [0, -1]] = ends
        bandwidth *= SHRINK
    return trails


def _mean_shift(points: Array, bandwidth: float) -> Array:
    """Return the way from each point to the mean of all, weighted by a Gaussian around it."""
    low, high = points.min(axis=0), points.max(axis=0)
    cell = max(bandwidth / CELLS_A_BANDWIDTH, (high - low).max() / MOST_CELLS)
    places = (points - low) / cell + 1  # an empty margin: slopes at the border have two sides
    corner = places.astype(int)
    density = np.zeros(corner.max(axis=0) + 3)
    for offset in np.ndindex(2, 2):  # a point is shared out among the four nodes around it
        share = np.abs(1 - np.array(offset) - (places - corner)).prod(axis=1)
        node = np.ravel_multi_index((corner + offset).T, density.shape)
        density += np.bincount(node, share, density.size).reshape(density.shape)
    width = bandwidth / cell
    density = ndimage.gaussian_filter(density, width, mode="constant")
    here, *slope = (
        ndimage.map_coordinates(values, places.T, order=1)
        for values in (density, *np.gradient(density))
    )
    shift: Array = cell * width**2 * np.stack(slope, axis=1) / here[:, None]
    return shift


def _smoothed(trails: Trails, width: float) -> Trails:
    """Smooth along the trails; mirrored through its ends, a straight trail stays as it is."""
    reach = min(trails.shape[1] - 1, int(4 * width) + 1)
    around = np.pad(trails, ((0, 0), (reach, reach), (0, 0)), "reflect", reflect_type="odd")
    return ndimage.gaussian_filter1d(around, width, axis=1)[:, reach:-reach]
