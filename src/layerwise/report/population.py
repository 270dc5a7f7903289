"""The neurons of one layer at one checkpoint, as the tables have them, with their roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise import analysis, units
from layerwise.analysis.units import RANKINGS, STRONG
from layerwise.foundation.shapes import Array
from layerwise.report import reading, wording
from layerwise.report.blocks import Finding
from layerwise.report.scores import Score, Scores, differ
from layerwise.scores.names import ROLE_AGREEMENT

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

PLACE = ["layer", "checkpoint", "subset"]


@dataclass(frozen=True)
class Population:
    """The neurons of one layer at one checkpoint.

    Attributes
    ----------
    table : a row a neuron: unit, state, twin, x, y and their statistics
    S : importances (n_units, n_classes); without columns if the neurons were not ranked
    codes : class number of each column
    ranking : how the importances came about, in words
    """

    layer: str
    checkpoint: str
    subset: str
    table: pd.DataFrame
    S: Array
    codes: tuple[int, ...]
    ranking: str

    @property
    def Y(self) -> Array:
        """Places of the neurons (n_units, 2); NaN for the dead and the constant."""
        return self.table[["x", "y"]].to_numpy(dtype=float)

    @property
    def live(self) -> int:
        """How many neurons vary."""
        return int((self.table["state"] == "live").sum())

    @property
    def roles(self) -> Array:
        """Class number that each neuron tells best, -1 if none."""
        roles = units.roles(self.S)
        return np.where(roles < 0, -1, np.array(self.codes)[roles])

    def power(self, code: int) -> Array:
        """Return how well each neuron tells one class; zeros for a class that was not ranked."""
        return self.S[:, self.codes.index(code)] if code in self.codes else np.zeros(len(self.S))

    def when(self, run: Run) -> str:
        """Return "before training" or the like."""
        return reading.when(run, self.checkpoint).split(" (")[0]


def populations(run: Run) -> list[Population]:
    """Return what was looked at: layers shallow to deep, checkpoints early to late.

    What is about the subset that matters most comes last of all.
    """
    frame, ranked = reading.table(run, "units"), reading.table(run, "discrimination")
    found = []
    for key, part in frame.groupby(PLACE, sort=False) if frame is not None else ():
        place = dict(zip(PLACE, map(str, key), strict=True))
        table = reading.first(part, "unit").reset_index(drop=True)
        S, codes, ranking = np.zeros((len(table), 0)), tuple[int, ...](), ""
        if ranked is not None:
            here = ranked[(ranked[PLACE].astype(str) == list(place.values())).all(axis=1)]
            made = [spec for spec in ranked.attrs["provenance"] if place.items() <= spec.items()]
            S, codes, ranking = _ranked(here, made) or (S, codes, ranking)
        found.append(Population(**place, table=table, S=S, codes=codes, ranking=ranking))
    subsets, layers = reading.subsets(run)[::-1], list(run.layers)
    checkpoints = list(run.checkpoints)
    return sorted(
        found,
        key=lambda one: (
            subsets.index(one.subset) if one.subset in subsets else -1,
            layers.index(one.layer), checkpoints.index(one.checkpoint),
        ),
    )  # fmt: skip


def shown_class(run: Run, one: Population) -> int:
    """Return the class whose neurons are shown: the study's, else that of the strongest neuron."""
    names, wanted = reading.classes(run)[1], str(run.provenance.get("shown_class", ""))
    for code in one.codes:
        if wanted and wanted in (str(code), class_name(names, code)):
            return code
    return one.codes[int(one.S.max(axis=0).argmax())]


def class_name(names: Sequence[str], code: int) -> str:
    """Return the name of a class, or its number if it has none."""
    return names[code] if 0 <= code < len(names) else str(code)


def anchor(run: Run, layer: str) -> str:
    """Return the id of the picture of the roles in a layer."""
    return f"figure-roles-{list(run.layers).index(layer)}"


def specialize(runs: Sequence[Run]) -> Finding | None:
    """Say whether neurons that fire together tell the same class, against the untrained network.

    The error is that of a share of the neurons that were compared, not of the observations.
    """
    run, scores = runs[0], Scores.of(runs)
    found = {(one.layer, one.subset, one.checkpoint): one for one in populations(run)}
    trained = [one for one in found.values() if one.checkpoint == reading.after(run)]
    one = next((one for one in trained[::-1] if _agreement(scores, one)), None)
    now = _agreement(scores, one)
    if one is None or now is None:
        return None
    was = _agreement(scores, found.get((one.layer, one.subset, str(reading.before(run)))))
    control = f"before training {was}" if was else "no untrained control"
    verdict = ""
    if was and differ(now, was):
        more = "together" if now.value > was.value else "apart"
        verdict = f" Training brought neurons of one role {more}."
    elif was:
        verdict = " Training changed that no more than the error."
    return Finding(
        f"{now} of the neurons that fire most like a strong neuron of layer {one.layer} tell the "
        f"same {reading.label(run) or 'class'} best ({control}; shuffled roles "
        f"{wording.percent(now.floor)}; {one.ranking}).{verdict}", anchor(run, one.layer),
    )  # fmt: skip


def _agreement(scores: Scores, one: Population | None) -> Score | None:
    if one is None:
        return None
    found = scores.get(ROLE_AGREEMENT, one.subset, one.checkpoint, one.layer)
    return replace(found, n_observations=round(STRONG * one.live)) if found else None


def _ranked(
    here: pd.DataFrame, provenance: Sequence[Mapping[str, Any]]
) -> tuple[Array, tuple[int, ...], str] | None:
    """Return importances by the best ranking that is there, their classes and its name."""
    for name in RANKINGS:
        part = here[here["ranking"] == name].drop_duplicates(["repeat", "unit", "class"])
        if len(part):
            codes = tuple(np.unique(part["class"]).tolist())
            return analysis.importances(part, name), codes, _words(name, provenance)
    return None


def _words(ranking: str, provenance: Sequence[Mapping[str, Any]]) -> str:
    if ranking != "forest":
        return "ranked by the best single split (Gini), class against the rest"
    known = [spec["n_trees"] for spec in provenance if spec.get("n_trees")]
    trees = f"{wording.count(known[0])} " if known else ""
    return f"ranked by forests of {trees}extremely randomised trees, class against the rest"
