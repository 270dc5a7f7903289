"""Array types: the shapes of the cube, written once.

The tests check them at run time (jaxtyping with beartype); for everybody else they cost nothing
and are documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int, Num, Shaped, UInt8

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]
else:
    Array = np.ndarray

Activations = Num[Array, "n_observations n_units"]
"""Activations of one layer: one row per observation, one column per unit."""

Snapshot = Num[Array, "n_observations _"]
"""Activations at one of several times (a layer, an epoch), whose units may be its own."""

OtherActivations = Num[Array, "n_observations n_other_units"]
"""The same observations in a second space: a projection, another layer, another network."""

Points = Float[Array, "n_observations n_components"]
"""A projection: one point per observation (or per unit)."""

NewPoints = Float[Array, "n_new n_components"]
"""The places of further observations in that projection."""

Labels = Shaped[Array, "n_observations"]
"""One label per observation: integers or strings."""

PerObservation = Float[Array, "n_observations"]
"""One score per observation."""

Maps = Float[Array, "n_times n_observations 2"]
"""Projections of the same observations at several times: layers or epochs."""

Trails = Float[Array, "n_observations n_places 2"]
"""The path of every observation through its maps, in equal steps of time."""

PerUnit = Float[Array, "n_units"]
"""One number per unit."""

PerClass = Float[Array, "n_classes"]
"""One number per class, the classes sorted."""

ClassByClass = Float[Array, "n_classes n_classes"]
"""One number per ordered pair of classes, the classes sorted."""

Discrimination = Float[Array, "n_units n_classes"]
"""How well each unit tells each class from the rest."""

Roles = Int[Array, "n_units"]
"""The class that each unit tells best, as a column of its discrimination; -1 for none."""

Dissimilarity = Float[Array, "n n"]
"""Symmetric, zero diagonal, not negative."""

Images = UInt8[Array, "n_observations height width channels"]
"""Pictures of the observations, 0 to 255; channels is 1 (grey) or 3 (RGB)."""

OneChannel = UInt8[Array, "n_observations height width 1"]
"""Grey pictures made of others of the same size."""

GreyImages = UInt8[Array, "n_observations height width"]
"""The same without channels."""

Neighbors = Int[Array, "n_observations n_neighbors"]
"""Row numbers of each observation's nearest others, nearest first."""
