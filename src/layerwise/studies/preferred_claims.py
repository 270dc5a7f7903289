"""What the sources of preferred inputs expected, tested on our numbers, each beside its control.

Named as our notes on the sources name them: E of Erhan et al. 2009, FL of Fleuret's lecture, H of
the practical of HEIG-VD. None of these prints a number for its claims; thresholds are ours, and so
are the calibrations that stand beside some: earlier measurements of this project, on a stacked
denoising auto-encoder of the size of Erhan et al., which are no published values.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.studies.hypotheses import COLUMNS, CONFIRMED, CONTRADICTED, MET, NOT_MET
from layerwise.studies.subject import TRAINED, UNTRAINED
from layerwise.synthesis.portraits import CLASSES

LECTURE, KERAS_VIS = "lecture", "keras-vis"
"""Recipes that two claims are about."""

SAME = 0.999
"""Cosine of a first layer's preferred input and its filter (E1)."""

ALMOST_ALL = 0.9
"""Share of units (E2, FL4), or of the probability (H3), that counts as almost all."""

CALIBRATED = (
    "Calibration (ours, not published; auto-encoder of 3 x 500 sigmoid units, 36 units x 9 starts "
    "x 400 steps)"
)


def claims(run: Run) -> pd.DataFrame:
    """Return each claim with its verdict: name, claim, verdict, numbers, control, published.

    Parameters
    ----------
    run : of the study, with its tables "preferred" and "uniqueness"
    """
    unique, preferred = run.table("uniqueness"), run.table("preferred")
    unique = unique.sort_values("order", kind="stable")
    before, after = run.checkpoints[0], run.checkpoints[-1]
    own = unique[unique["network"] == run.provenance.get("network", "")]
    stacks = {
        str(name): part for name, part in unique.groupby("network")
        if str(name).endswith(" units")
    }  # fmt: skip
    rows = [
        _first_layer(own[own["checkpoint"] == after], own[own["checkpoint"] == before]),
        *_unique(own, before, after, stacks),
        *_linear(stacks),
        _above(preferred, before, after),
        *_classes(preferred, before, after),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


Row = tuple[str, str, str, str, str, str]


def _first_layer(trained: pd.DataFrame, untrained: pd.DataFrame) -> Row:
    least, control = (float(part.iloc[0]["least_linear"]) for part in (trained, untrained))
    layer = trained.iloc[0]["layer"]
    return (
        "E1", "the preferred input of a unit of the first layer is its filter",
        MET if least > SAME else NOT_MET,
        f"{layer}: least cosine over {int(trained.iloc[0]['n_units'])} units {least:.5f}",
        f"untrained {control:.5f}", "identity; no number",
    )  # fmt: skip


def _unique(
    own: pd.DataFrame, before: str, after: str, stacks: dict[str, pd.DataFrame]
) -> Iterator[Row]:
    """Whether every start of almost all units ends at one maximum."""
    networks = {f"here, {own['network'].iloc[0]}": (own, before, after)}
    networks |= {name: (part, UNTRAINED, TRAINED) for name, part in stacks.items()}
    for letter, (name, (part, first, last)) in zip("abc", networks.items(), strict=False):
        trained, untrained = part[part["checkpoint"] == last], part[part["checkpoint"] == first]
        holds = bool((trained["all_agree"] >= ALMOST_ALL).all())
        yield (
            f"E2{letter}", f"almost all units have one maximum: every start ends there ({name})",
            CONFIRMED if holds else CONTRADICTED, _agreed(trained),
            f"untrained: {_agreed(untrained)}",
            "Erhan et al. 2009 in words: almost all units. "
            f"{CALIBRATED}: all starts agree for 100, 100, 61 % of units by layer",
        )  # fmt: skip


def _linear(stacks: dict[str, pd.DataFrame]) -> Iterator[Row]:
    """Whether preferred inputs leave the linear picture with depth."""
    for letter, (name, part) in zip("bc", stacks.items(), strict=False):
        trained, untrained = (
            part.loc[part["checkpoint"] == at, "linear"].to_numpy() for at in (TRAINED, UNTRAINED)
        )
        falls = bool((np.diff(trained) < 0).all())
        yield (
            f"E3{letter}", "with depth preferred inputs leave the linear combination of filters "
            f"({name})",
            CONFIRMED if falls else CONTRADICTED,
            f"median cosine by layer {_series(trained)}", f"untrained {_series(untrained)}",
            f"{CALIBRATED}: layers 2 and 3 0.80, 0.48; untrained 0.91, 0.76",
        )  # fmt: skip


def _above(preferred: pd.DataFrame, before: str, after: str) -> Row:
    """Whether the lecture's images excite units more than any real input."""
    units = preferred[(preferred["layer"] != CLASSES) & (preferred["checkpoint"] == after)]
    shares = {
        str(recipe): float((part["value"] > part["best_real"]).mean())
        for recipe, part in units.groupby("recipe")
    }
    lecture = units[units["recipe"] == LECTURE].sort_values("order", kind="stable")
    by_layer = ", ".join(
        f"{layer} {100 * (part['value'] > part['best_real']).mean():.0f} %"
        for layer, part in lecture.groupby("layer", sort=False)
    )
    others = ", ".join(
        f"{recipe} {100 * share:.0f} %" for recipe, share in shares.items() if recipe != LECTURE
    )
    return (
        "FL4", "the preferred input excites a unit more than any real input does (the lecture's "
        "penalty, 250 steps)", MET if shares[LECTURE] >= ALMOST_ALL else NOT_MET,
        f"{100 * shares[LECTURE]:.0f} % of {len(lecture)} units ({by_layer}), against "
        f"{int(lecture['n_real'].max()):,} real inputs; {others}",
        f"not measured on the untrained network ({before})", "no number; threshold 90 %",
    )  # fmt: skip


def _classes(preferred: pd.DataFrame, before: str, after: str) -> Iterator[Row]:
    """Whether the network is sure of its classes' preferred inputs, which are no real ones."""
    found = preferred[preferred["layer"] == CLASSES].sort_values("recipe", kind="stable")
    trained = found[found["checkpoint"] == after]
    parts = {str(recipe): part for recipe, part in trained.groupby("recipe")}
    sure = {
        recipe: bool(
            (part["as_meant"].astype(bool) & (part["confidence"] > ALMOST_ALL)).all()
            and (part["percentile"] > 0.99).all()
        )
        for recipe, part in parts.items()
    }
    met = sure.get(KERAS_VIS, all(sure.values()))
    least = ", ".join(
        f"{recipe} {100 * part['confidence'].min():.1f} %" for recipe, part in parts.items()
    )
    control = found[found["checkpoint"] == before]
    failed = [recipe for recipe, passed in sure.items() if not passed]
    missed = f"; missed by {', '.join(failed)}" if failed else ""
    yield (
        "H3", "every class's preferred input is taken for it with p above 0.9, its logit above the "
        "99th percentile of real inputs (keras-vis)", MET if met else NOT_MET,
        f"least probability: {least}{missed}",
        f"untrained: median probability {100 * control['confidence'].median():.0f} %",
        "no number; thresholds ours",
    )  # fmt: skip
    yield (
        "H5", "the network is sure of images that are no real inputs: preferred inputs show what "
        "is sufficient, not what is necessary",
        CONFIRMED if trained["confidence"].median() > ALMOST_ALL
        and trained["distance"].median() > 0.1 else CONTRADICTED,
        f"median probability {100 * trained['confidence'].median():.1f} % at a median cosine of "
        f"{1 - trained['distance'].median():.2f} with the nearest real input",
        f"untrained: median probability {100 * control['confidence'].median():.0f} %",
        "a question of the practical; no number",
    )  # fmt: skip


def _agreed(part: pd.DataFrame) -> str:
    return ", ".join(
        f"{row['layer']} {100 * row['all_agree']:.0f} %" for row in part.to_dict("records")
    )


def _series(values: Array) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
