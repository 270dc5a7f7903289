"""How alike covered parts change features, kept in a run beside the untrained network.

The numbers come from a live network (:func:`layerwise.attribution.correspondence`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from layerwise.foundation import checks
from layerwise.store import Run

KEPT_CORRESPONDENCE = "keep_correspondence"
"""The function in the provenance of these tables."""

CORRESPONDENCE = "correspondence"
"""The table of these numbers."""


def keep_correspondence(
    run: Run, checkpoints: Mapping[str, pd.DataFrame], *, data: str = ""
) -> pd.DataFrame:
    """Keep how alike covered parts change features: table "correspondence".

    Parameters
    ----------
    run : Run
    checkpoints : tables of :func:`layerwise.attribution.correspondence` by checkpoint of the run
    data : what the pictures were: "20 faces"

    Returns
    -------
    DataFrame
        Their rows, with checkpoint and data. Kept again, they take the place of the earlier ones.

    Raises
    ------
    UserError
        If there is no checkpoint, or one that the run does not have.
    """
    if not checkpoints:
        raise checks.invalid("keep_correspondence", "checkpoints", "one or more", "none")
    frames = []
    for checkpoint, table in checkpoints.items():
        run.checkpoint(checkpoint)
        frame = table.assign(checkpoint=checkpoint, data=data)
        about = {"function": KEPT_CORRESPONDENCE, "checkpoint": checkpoint}
        run.write_table(CORRESPONDENCE, frame, about)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
