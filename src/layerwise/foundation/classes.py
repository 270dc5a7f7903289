"""Labels as numbers, for whatever only asks which of them are equal."""

from __future__ import annotations

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array


def class_codes(function: str, labels: object, n_observations: int) -> tuple[Array, Array]:
    """Return ``(codes, classes)`` with ``classes[codes]`` the labels and the classes sorted."""
    import pandas as pd

    codes, classes = pd.factorize(checks.labels(function, labels, n_observations), sort=True)
    missing = int((codes < 0).sum())
    if missing:
        raise checks.invalid(
            function, "labels", "complete", f"{missing} missing",
            "Drop these observations, or give them a label of their own.",
        )  # fmt: skip
    return codes, classes
