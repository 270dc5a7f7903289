"""Networks without some of their layers: what they get wrong, beside the table of the source.

Read from the table "ablation".
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from layerwise import figures
from layerwise.analysis.asking import ablation as names
from layerwise.analysis.asking.ablation import ablation_summary
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Finding, Findings, Note, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

SOURCE = "Zeiler and Fergus 2014, Table 3"

CAUTION = (
    "Every variant is a network of its own, trained from the start on the same draws of the "
    "training data. It tells what training can do without these layers, not what they do in the "
    "network of this report. A variant whose difference is within two standard errors of 0 lost "
    "nothing that these seeds can show. The published networks have 60 million weights and know "
    "1,000 classes; these numbers are no reproduction of theirs. Zeiler and Fergus (Fig. 6) clip "
    "the root mean square of every filter because without it a few dominate the first layer."
)


def ablation(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no network was trained without its layers."""
    run = runs[0]
    table = reading.table(run, "ablation")
    if table is None:
        return None
    found = ablation_summary(table)
    about = run.stored()["ablation"][0].provenance()
    seeds = wording.count(int(found["seeds"].max()), "seed")
    drawn = figures.ablation(table)
    picture = Figure(
        "ablation-errors", inline.embedded(drawn),
        f"Test and training error of {len(found)} networks.",
        f"Errors of networks trained without some of their layers or with other widths, {seeds}, "
        f"one mark each, on {wording.count(found['n_observations'].iloc[0], 'test image')}. "
        f"{about.get('training', '')} After {SOURCE}.",
    )  # fmt: skip
    blocks: list[Block] = [Note(CAUTION), Findings(tuple(_said(found))), picture, _numbers(found)]
    if names.DEAD in found:
        blocks.append(_first_layer(found))
    blocks.append(_published())
    return Section("ablation", "Without some of the layers", tuple(blocks))


def _said(found: pd.DataFrame) -> list[Finding]:
    """Say which variants lost more than their seeds differ, and whether depth or parts matter."""
    whole = found.iloc[0]
    others = found.iloc[1:]
    clear = others[others["lost"] > 2 * others["lost_error"]]
    base = wording.measured(whole[names.TEST_ERROR], whole["spread"])
    if not len(clear):
        text = f"No variant is clearly worse than the whole network ({base} wrong)."
        return [Finding(text, "ablation-errors")]
    worst = clear.sort_values("lost", ascending=False, kind="stable").iloc[0]
    lost = wording.measured(worst[names.TEST_ERROR], worst["spread"])
    text = f"The whole network gets {base} of the test images wrong; “{worst['variant']}” {lost}"
    n = len(others) - len(clear)
    text += f", the most. {n} of {len(others)} variants are not clearly worse than the whole."
    return [Finding(text, "ablation-errors")]


def _numbers(found: pd.DataFrame) -> Table:
    rows = tuple(_row(row) for row in found.to_dict("records"))
    seeds = int(found["seeds"].max())
    columns = (
        "network", "layers", "parameters", "training error", "test error", "lost, points",
        "± 2 s.e.",
    )  # fmt: skip
    return Table(
        columns, rows,
        f"Errors, {wording.count(seeds, 'seed')}: mean ± standard deviation. Lost: test error "
        "minus that of the whole network from the same seed, mean, and twice its standard error.",
    )  # fmt: skip


def _row(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    error = row["lost_error"]
    is_whole = row["lost"] == 0 and (error == 0 or math.isnan(error))
    return (
        str(row["variant"]), wording.count(row[names.N_LAYERS]),
        wording.count(row[names.N_PARAMETERS]), wording.percent(row[names.TRAIN_ERROR]),
        wording.measured(row[names.TEST_ERROR], row["spread"]),
        wording.MISSING if is_whole else wording.points(row["lost"]).removesuffix(" points"),
        wording.MISSING if is_whole or math.isnan(error) else f"{200 * error:.1f}",
    )  # fmt: skip


def _first_layer(found: pd.DataFrame) -> Table:
    """Return what became of the filters of the first layer: Fig. 6 in numbers."""
    rows = tuple(
        (
            str(row["variant"]), f"{row[names.DEAD]:.1f}", f"{row[names.TWINS]:.1f}",
            wording.plain(row[names.LARGEST]),
        )
        for row in found.to_dict("records")
    )  # fmt: skip
    return Table(
        ("network", "dead", "twins", "largest / median"), rows,
        "Filters of the first layer: how many are 0, how many nearly proportional to another one, "
        "and the norm of the largest by the median norm; means over seeds",
        folded=True,
    )  # fmt: skip


def _published() -> Table:
    rows = tuple(
        (one.network, one.variant, wording.percent(one.train_top1), wording.percent(one.val_top1),
         wording.percent(one.val_top5))
        for one in names.PUBLISHED
    )  # fmt: skip
    return Table(
        ("network", "variant", "training, top 1", "validation, top 1", "validation, top 5"), rows,
        f"As published ({SOURCE}): errors on ImageNet 2012",
        folded=True,
    )  # fmt: skip
