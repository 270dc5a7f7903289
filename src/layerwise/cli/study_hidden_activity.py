"""What `layerwise study hidden-activity` runs and prints."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerwise.cli.output import percent, print_json, print_table
from layerwise.foundation.checks import choice

if TYPE_CHECKING:
    from layerwise.studies.hidden_activity import Study

NETWORKS = ("mlp", "cnn")


def run(
    data: str, to: Path | None, settings: Mapping[str, Any], *, network: str = "both",
    edges: bool | None = None, json: bool = False,
) -> None:  # fmt: skip
    """Run the study for one network, or for both one after the other."""
    from layerwise.studies import hidden_activity

    choice("study", "--network", network, (*NETWORKS, "both"))
    done = []
    for one in NETWORKS if network == "both" else (network,):
        folder = to / one if to is not None and network == "both" else to
        done.append(
            hidden_activity(
                data, network=one, to=folder, edges=edges if one == "cnn" else False, **settings
            )
        )
        if not json:
            show(done[-1])
    if json:
        print_json(studies=[as_json(one) for one in done])


def as_json(done: Study) -> dict[str, Any]:
    """Return what a study found as one JSON object."""
    from layerwise.scores import to_json_rows

    return {
        "rows": to_json_rows(done.summary),
        "hypotheses": done.hypotheses.to_dict("records"),
        "motion": to_json_rows(done.motion),
        "report": done.report,
        "runs": [run.path for run in done.runs],
        "scale_down": done.runs[0].provenance.get("scale_down", ""),
    }


def show(done: Study) -> None:
    """Print what a study found and where it lies."""
    for subset in ("test", "train"):
        _print_hits(done, subset)
    _print_accuracies(done)
    _print_neurons(done)
    _print_motion(done)
    _print_hypotheses(done)
    print(done.runs[0].provenance.get("scale_down", ""))
    print(f"report: {done.report}")
    print(f"look: layerwise view {shlex.join(str(run.path) for run in done.runs)}")


def _print_hits(done: Study, subset: str) -> None:
    """Print the neighbourhood hit by layer, before and after training."""
    from layerwise.scores import HIT_2D as two
    from layerwise.scores import HIT_ND as many

    cell = _Cells(done, subset)
    first, *hidden = (layer for layer in done.runs[0].layers if layer != "output")
    before, after = done.runs[0].checkpoints[0], done.runs[0].checkpoints[-1]
    raw = (
        "raw input", cell(two, before, first), "", cell(many, before, first), "",
        cell(two, before, first, "floor"), cell(two, before, first, "published"), "",
    )  # fmt: skip
    lines = [
        (
            layer, cell(two, before, layer), cell(two, after, layer),
            cell(many, before, layer), cell(many, after, layer), cell(two, after, layer, "floor"),
            cell(two, before, layer, "published"), cell(two, after, layer, "published"),
        )
        for layer in hidden
    ]  # fmt: skip
    n = int(done.rows.query("subset == @subset and layer != ''")["n_observations"].iloc[0])
    head = ("layer", "2-D before", "2-D after", "n-D before", "n-D after", "shuffled",
            "paper before", "paper after")  # fmt: skip
    title = (
        f"Neighbourhood hit (k = 6) before and after training, {subset} subset: "
        f"{n:,} observations, {len(done.runs)} seed{'s' if len(done.runs) > 1 else ''}"
    )
    print_table(head, [raw, *lines], title)


def _print_accuracies(done: Study) -> None:
    """Print what share the network classifies rightly, before and after training."""
    from layerwise.scores import ACCURACY
    from layerwise.studies.training import TEST_ACCURACY

    before, after = done.runs[0].checkpoints[0], done.runs[0].checkpoints[-1]
    lines = []
    for score, subset in ((ACCURACY, "test"), (ACCURACY, "train"), (TEST_ACCURACY, "test")):
        cell = _Cells(done, subset)
        shown = f"{score}, shown {subset} subset" if score == ACCURACY else score
        found = (cell(score, before), cell(score, after))
        lines.append((shown, *found, cell(score, after, "", "published")))
    print_table(("network", "before", "after", "paper after"), lines)


def _print_neurons(done: Study) -> None:
    """Print how far the neurons of the last layer are understood, before and after training."""
    from layerwise.analysis import hidden_layers
    from layerwise.scores import names

    cell, last = _Cells(done, "test"), hidden_layers(done.runs[0])[-1]
    before, after = done.runs[0].checkpoints[0], done.runs[0].checkpoints[-1]
    asked = (
        names.STRESS, names.ROLE_AGREEMENT, names.TOP_AUC, names.LEAST_AUC, names.SELECTIVE,
        names.SEED_SPEARMAN, names.SEED_OVERLAP,
    )  # fmt: skip
    lines = [
        (score, cell(score, before, last), cell(score, after, last),
         cell(score, after, last, "floor"))
        for score in asked
    ]  # fmt: skip
    print_table((f"neurons of {last}", "before", "after", "chance"), lines)


def _print_motion(done: Study) -> None:
    """Print how stable each way to follow the observations is."""
    from layerwise.scores.names import KENDALL, MOTION_STRESS, PEARSON, SPEARMAN, TRAIL_LENGTH

    whole = done.motion[done.motion["time"] < 0]
    wide = whole.pivot_table(
        index=["over", "at", "method"], columns="measure", values="value"
    ).reset_index()
    measures = (TRAIL_LENGTH, PEARSON, SPEARMAN, KENDALL, MOTION_STRESS)
    lines = [
        (f"{row['over']} at {row['at']}, {row['method']}",
         *("" if math.isnan(row.get(m, math.nan)) else f"{row[m]:.2f}" for m in measures))
        for row in wide.to_dict("records")
    ]  # fmt: skip
    print_table(("evolution over", *measures), lines)


def _print_hypotheses(done: Study) -> None:
    """Print every hypothesis with its verdict."""
    columns = ("name", "verdict", "claim", "numbers", "control", "published")
    print("Hypotheses and acceptance criteria")
    for row in done.hypotheses[list(columns)].to_dict("records"):
        print(f"  {row['name']:4}{row['verdict'].upper()}: {row['claim']}")
        print(f"      {row['numbers']}")
        further = [f"control: {row['control']}"] if row["control"] else []
        further += [f"published: {row['published']}"] if row["published"] else []
        if further:
            print(f"      {'; '.join(further)}")


class _Cells:
    """Cells of the printed tables, by score, checkpoint and layer of one subset."""

    def __init__(self, done: Study, subset: str) -> None:
        own = done.summary["data"] == str(done.runs[0].provenance["data"])
        rows = done.summary[own & (done.summary["subset"] == subset)].to_dict("records")
        self._rows = {(row["score"], row["checkpoint"], row["layer"]): row for row in rows}

    def __call__(self, score: str, checkpoint: str, layer: str = "", column: str = "value") -> str:
        row = self._rows.get((score, checkpoint, layer))
        if row is None:
            return ""
        return percent(row[column], row["spread"] if column == "value" else math.nan)
