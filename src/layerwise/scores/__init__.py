"""Numbers beside every picture: neighbourhoods, distances and classes kept, and their tables."""

from layerwise.scores.names import ACCURACY, CONTINUITY, HIT_2D, HIT_ND, TRUSTWORTHINESS
from layerwise.scores.neighborhood import (
    continuity,
    neighborhood_agreement,
    neighborhood_hit,
    neighborhood_hit_by_class,
    neighborhood_hits,
    shuffled_neighborhood_hit,
    trustworthiness,
)
from layerwise.scores.neighbors import nearest_neighbors
from layerwise.scores.stress import kruskal_stress, shepard_correlation, silhouette
from layerwise.scores.summary import COLUMNS, KEYS, select, summarize, to_json_rows

__all__ = [
    "ACCURACY",
    "COLUMNS",
    "CONTINUITY",
    "HIT_2D",
    "HIT_ND",
    "KEYS",
    "TRUSTWORTHINESS",
    "continuity",
    "kruskal_stress",
    "nearest_neighbors",
    "neighborhood_agreement",
    "neighborhood_hit",
    "neighborhood_hit_by_class",
    "neighborhood_hits",
    "select",
    "shepard_correlation",
    "shuffled_neighborhood_hit",
    "silhouette",
    "summarize",
    "to_json_rows",
    "trustworthiness",
]
