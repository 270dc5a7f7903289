"""How scores are called in tables of results, for those that write and those that read them."""

from __future__ import annotations

HIT_2D = "neighborhood hit 2-D"
HIT_ND = "neighborhood hit n-D"
TRUSTWORTHINESS = "trustworthiness"
CONTINUITY = "continuity"
ACCURACY = "accuracy"

TRAIL_LENGTH = "trail length"
PEARSON = "Pearson"
SPEARMAN = "Spearman"
KENDALL = "Kendall"
MOTION_STRESS = "normalised stress"
SPREAD_2D = "spread 2-D"
SPREAD_ND = "spread n-D"

STRESS = "stress of the neuron map"
ROLE_AGREEMENT = "role agreement of neighbouring neurons"
SEED_OVERLAP = "top-50 overlap of two forests"
SEED_SPEARMAN = "rank correlation of two forests"
TOP_AUC = "AUC of the top neuron"
LEAST_AUC = "least AUC of a top neuron"
SELECTIVE = "neurons above shuffled labels"

CONFUSION = "rank correlation of confusions in map and network"
PIECES = "correlation of pieces"
"""Of a class cut in two with a label column, which is named after it: "... and polarity"."""
PIECES_SILHOUETTE = "silhouette of pieces"
WITHIN = "hit within classes of"
