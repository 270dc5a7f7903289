"""Questions that a recorded run answers without the network.

Maps, how they evolve, scores, neurons and their roles, what the maps reveal. Each answer is a tidy
table kept in the run with its provenance, so asking again costs a read. Left out: how a map or a
score is computed (projection, scores, units) and how it is drawn (figures).
"""

from layerwise.analysis.activity import keep_tallies, tally
from layerwise.analysis.class_maps import ClassMaps, class_maps_of
from layerwise.analysis.class_statistics import class_statistics, compare_classes
from layerwise.analysis.evolution import USUAL, evolve, maps_of, motion, paths_of, trails
from layerwise.analysis.feature_maps import (
    feature_map_images,
    feature_map_table,
    keep_feature_maps,
    main_layers,
)
from layerwise.analysis.filters import FilterTables, filter_tables, keep_filters
from layerwise.analysis.lines import affine, keep_affine, lines, points
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
    "ClassMaps",
    "FilterTables",
    "accuracy",
    "affine",
    "class_codes",
    "class_label",
    "class_maps_of",
    "class_statistics",
    "compare_classes",
    "confusions",
    "contrast",
    "discriminate",
    "evolve",
    "feature_map_images",
    "feature_map_table",
    "filter_tables",
    "hidden_layers",
    "importances",
    "keep_affine",
    "keep_feature_maps",
    "keep_filters",
    "keep_tallies",
    "lines",
    "main_layers",
    "maps_of",
    "motion",
    "neurons",
    "outliers",
    "paths_of",
    "points",
    "predictions",
    "project",
    "rows_of",
    "score",
    "score_errors",
    "score_neurons",
    "sub_clusters",
    "subsets",
    "tally",
    "tidy",
    "trails",
]
