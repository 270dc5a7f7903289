"""Questions that a recorded run answers without the network: maps, scores, predictions.

Each answer is a tidy table kept in the run with its provenance, so asking again costs a read.
Left out: how a map or a score is computed (projection, scores, units) and how it is drawn
(figures).
"""

from layerwise.analysis.maps import project
from layerwise.analysis.rows import SUBSET, class_label, rows_of, subsets
from layerwise.analysis.separation import accuracy, predictions, score
from layerwise.analysis.tidy import ROWS, tidy

__all__ = [
    "ROWS",
    "SUBSET",
    "accuracy",
    "class_label",
    "predictions",
    "project",
    "rows_of",
    "score",
    "subsets",
    "tidy",
]
