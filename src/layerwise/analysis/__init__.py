"""Questions that a recorded run answers without the network.

Maps, how they evolve, scores, neurons and their roles, what the maps reveal. Each answer is a tidy
table kept in the run with its provenance, so asking again costs a read. Left out: how a map or a
score is computed (projection, scores, units) and how it is drawn (figures).
"""

from layerwise.analysis.evolution import USUAL, evolve, maps_of, motion, paths_of, trails
from layerwise.analysis.maps import project
from layerwise.analysis.reveal import confusions, outliers, score_errors, sub_clusters
from layerwise.analysis.rows import (
    SUBSET,
    class_codes,
    class_label,
    hidden_layers,
    rows_of,
    subsets,
)
from layerwise.analysis.separation import accuracy, predictions, score
from layerwise.analysis.tidy import ROWS, tidy
from layerwise.analysis.units import (
    RANKINGS,
    contrast,
    discriminate,
    importances,
    neurons,
    score_neurons,
)

__all__ = [
    "RANKINGS",
    "ROWS",
    "SUBSET",
    "USUAL",
    "accuracy",
    "class_codes",
    "class_label",
    "confusions",
    "contrast",
    "discriminate",
    "evolve",
    "hidden_layers",
    "importances",
    "maps_of",
    "motion",
    "neurons",
    "outliers",
    "paths_of",
    "predictions",
    "project",
    "rows_of",
    "score",
    "score_errors",
    "score_neurons",
    "sub_clusters",
    "subsets",
    "tidy",
    "trails",
]
