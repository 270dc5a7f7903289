"""Adversarial samples: how little deceives the network, and where in it the twins change sides.

Random directions of the same length stand beside every number, and the untrained network beside the
trained one. Leaves out which attack is the strongest: what is found is an upper bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise import figures
from layerwise.analysis.asking.adversarial import KEPT_TWINS, class_words
from layerwise.analysis.asking.twins import map_of, twin_summary
from layerwise.figures.asking.radius import BALLS
from layerwise.figures.asking.twins import MOST_ARROWS
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Finding, Findings, Note, Section, Table
from layerwise.report.layers import MOST_UNFOLDED
from layerwise.store.media import Pictures

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

CURVES, SAMPLES, MAPS, DEPTH = (
    "figure-attacks", "figure-adversarial-samples", "figure-twins-maps", "figure-twins-depth",
)  # fmt: skip

MOST_SAMPLES = 12
MOST_MAPS = 6

CAUTION = (
    "An attack that succeeds proves that a nearby input deceives the network. One that fails "
    "proves nothing: a stronger one may succeed, so lengths are upper bounds. Lengths compare only "
    "between networks that take the same inputs on the same scale."
)

ATTACKS = {
    "fgsm": "one step along the gradient (FGSM)", "pgd": "projected gradient ascent (PGD)",
    "ascent": "gradient ascent on the loss", "minimal": "a search for the nearest twin",
}  # fmt: skip


def adversarial(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no network was attacked."""
    run = runs[0]
    curves, samples = (reading.table(run, kind) for kind in ("attacks", "adversarial"))
    twins = reading.table(run, "twins")
    if curves is None and samples is None:
        return None
    samples, twins = (None if table is None else _latest(run, table) for table in (samples, twins))
    if twins is not None:  # an attack that failed has no twin to follow
        twins = twins[twins["before"] != twins["after"]]
    summary = None if twins is None or not len(twins) else twin_summary(twins)
    whose = reading.first_of(runs, "Attacks")
    items = [
        *([] if curves is None else _falls(run, curves)),
        *([] if samples is None else [_flips(samples)]),
        *([] if summary is None else _sides(summary)),
    ]
    blocks: list[Block | None] = [
        Note(" ".join(filter(None, [CAUTION, whose]))),
        Findings(tuple(items)) if items else None,
        *([] if curves is None else _curves(run, curves)),
        None if samples is None else _pictures(run, samples),
        *([] if twins is None or summary is None else _travel(run, twins, summary)),
        None if samples is None else _numbers(run, samples),
    ]
    shown = tuple(block for block in blocks if block is not None)
    return Section("adversarial", "Adversarial samples", shown)


def _latest(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last checkpoint that has some."""
    order = {name: place for place, name in enumerate(run.checkpoints)}
    last = max(table["checkpoint"].unique(), key=lambda name: order.get(name, -1))
    rows: pd.DataFrame = table[table["checkpoint"] == last]
    return rows


def _falls(run: Run, curves: pd.DataFrame) -> list[Finding]:
    """Say at which radius half of the accuracy is gone, and what noise does there."""
    found = []
    for (method, norm), part in curves.groupby(["method", "norm"], sort=False):
        here = _latest(run, part).sort_values("radius")
        measure, noise = ("accuracy", "control")
        if here["accuracy"].isna().any():
            measure, noise = ("held", "held_control")
        what = "accuracy" if measure == "accuracy" else "the share of predictions that stay"
        clean = float(here[measure].iloc[0])
        below = here[here[measure] <= clean / 2]
        at = below.iloc[0] if len(below) else here.iloc[-1]
        ball = f"{BALLS.get(str(norm), norm)} radius {at['radius']:g}"
        others = part[(part["checkpoint"] != at["checkpoint"]) & (part["radius"] == at["radius"])]
        control = "".join(
            f"; there {_network(run, str(name))} keeps {wording.percent(held)} of its "
            f"predictions, this one {wording.percent(at['held'])}"
            for name, held in others[["checkpoint", "held"]].itertuples(index=False)
        )
        found.append(Finding(
            f"Under {ATTACKS.get(str(method), method)} {what} falls from {wording.percent(clean)} "
            f"to {wording.percent(at[measure])} at {ball}; a random step of that length leaves "
            f"{wording.percent(at[noise])} ({wording.count(at['n'], 'observation')}{control}).",
            CURVES,
        ))  # fmt: skip
    return found


def _network(run: Run, checkpoint: str) -> str:
    """Return the words for another network in a sentence."""
    if checkpoint not in run.checkpoints:
        return f"the {checkpoint} network"
    return f"the network {reading.when(run, checkpoint)}"


def _flips(samples: pd.DataFrame) -> Finding:
    """Say how short the twins are, and how many random steps do the same."""
    deceived = samples["flipped"] & (samples["before"] != samples["after"])
    flipped, first = samples[deceived], samples.iloc[0]
    n = wording.count(len(samples))
    what = ATTACKS.get(first["method"], first["method"])
    within, lengths = "", ""
    if not np.isnan(first["radius"]):
        within = f" within {BALLS.get(first['norm'], first['norm'])} radius {first['radius']:g}"
    elif len(flipped):
        shares = flipped["relative"].quantile([0.5, 0.05, 0.95]).tolist()
        middle, low, high = (wording.percent(share) for share in shares)
        lengths = (
            f", at a median L2 distance of {flipped['l2'].median():.3g}, which is {middle} of the "
            f"observation's own length (90 % of them {low} to {high})"
        )
    noise = wording.count(samples["control_flipped"].sum())
    return Finding(
        wording.together(
            f"{what[0].upper()}{what[1:]} deceives the network about "
            f"{wording.count(len(flipped))} of {n} observations{within}{lengths}. Random steps of "
            f"the same lengths change {noise} of {n} predictions."
        ),
        SAMPLES,
    )  # fmt: skip


def _sides(summary: pd.DataFrame) -> list[Finding]:
    """Say at which layer twins are among the new class, and what random steps do there."""
    if summary["of_old"].isna().all():
        return []
    across = summary[summary["crossed"] > 0.5]
    last = summary.iloc[-1]
    if not len(across):
        text = (
            f"Even in {last['layer']} only {wording.percent(last['crossed'])} of the twins have "
            "more neighbours of the new class than of the old: they lie just across the boundary"
        )
        here = last
    else:
        here = across.iloc[0]
        text = (
            f"Most twins have changed sides in {here['layer']}: {wording.percent(here['crossed'])} "
            "have more neighbours of the new class than of the old"
        )
    return [Finding(
        f"{text} ({wording.percent(here['control_crossed'])} of random steps of the same length). "
        f"From {summary['layer'].iloc[0]} to {last['layer']} they go from "
        f"{wording.plain(summary['travelled'].iloc[0])} to {wording.plain(last['travelled'])} "
        "times the distance between nearest observations (random steps to "
        f"{wording.plain(last['control_travelled'])}).", DEPTH,
    )]  # fmt: skip


def _curves(run: Run, curves: pd.DataFrame) -> list[Figure]:
    found: list[Figure] = []
    for norm, part in curves.groupby("norm", sort=False):
        words = part["checkpoint"].map(lambda name: reading.when(run, str(name)))
        picture = figures.radius_curves(part.assign(checkpoint=words))
        ball = BALLS.get(str(norm), str(norm))
        methods = wording.listing([ATTACKS.get(m, m) for m in part["method"].unique()])
        several = part["checkpoint"].nunique() > 1
        stays = (
            " Right, the share of predictions that stay as they were, right or wrong: an untrained "
            "network has no accuracy to lose." * several
        )
        found.append(Figure(
            f"{CURVES}-{norm}" if len(found) else CURVES, inline.embedded(picture),
            f"Accuracy against the {ball} radius of {methods}, and under random directions.",
            f"Accuracy on {wording.count(part['n'].max(), 'observation')} under {methods}, against "
            f"the {ball} radius in units of the input. Dashed: one random direction an observation "
            "of that length, inside the box of valid inputs. An observation that some radius flips "
            f"counts as flipped at all larger ones.{stays}", _rows(run, part),
        ))  # fmt: skip
    return found


def _rows(run: Run, part: pd.DataFrame) -> Table:
    rows = tuple(
        (
            reading.when(run, str(row["checkpoint"])), str(row["method"]), f"{row['radius']:g}",
            wording.percent(row["accuracy"]), wording.percent(row["control"]),
            wording.percent(row["held"]), wording.percent(row["held_control"]),
        )
        for row in part.to_dict("records")
    )  # fmt: skip
    columns = ("network", "attack", "radius", "accuracy", "under noise", "predictions that stay",
               "under noise ")  # fmt: skip
    return Table(columns, rows)


def _pictures(run: Run, samples: pd.DataFrame) -> Figure | None:
    """Return original, difference and twin of the first twins."""
    checkpoint = str(samples["checkpoint"].iloc[0])
    for table in run.stored().get("images", []):
        about = table.provenance()
        if about.get("function") == KEPT_TWINS and about.get("checkpoint") == checkpoint:
            one = next(Pictures.sets(table.read()[0]))
            shown = figures.Tiles(
                one.pixels[:MOST_SAMPLES], one.names[:MOST_SAMPLES], one.title, columns=4
            )
            return Figure(
                SAMPLES, inline.embedded(figures.tiles([shown])),
                f"{wording.count(len(shown.pixels), 'observation')}: each with the difference to "
                "its adversarial twin, and the twin.",
                f"Adversarial samples, {reading.when(run, checkpoint)}. Left the observation, in "
                "the middle the difference, right the twin; under them "
                "the class before and after, and by how much the difference is amplified against "
                "the pictures. Grey pictures: blue is darker, brown brighter.",
            )  # fmt: skip
    return None


def _travel(run: Run, twins: pd.DataFrame, summary: pd.DataFrame) -> list[Block]:
    """Return the maps with arrows, and the numbers along the depth."""
    checkpoint = str(twins["checkpoint"].iloc[0])
    there = twins.dropna(subset=["x", "y"])["layer"].unique().tolist()
    layers = reading.spaced(there, MOST_MAPS)
    codes, names = reading.classes(run)
    found: list[Block] = []
    maps = {}
    for layer in layers:
        if (points := map_of(run, layer, checkpoint)) is not None:
            frame = points[0]
            maps[layer] = (
                frame[["x", "y"]].to_numpy(),
                codes[frame["observation"].to_numpy(np.int64)],
            )
    if maps:
        picture = figures.twin_maps(maps, twins, class_names=names or None)
        most = min(twins["observation"].nunique(), MOST_ARROWS)
        found.append(Figure(
            MAPS, inline.embedded(picture),
            f"Maps of {wording.listing(list(maps))} with arrows from originals to twins.",
            f"Each layer's t-SNE map of the originals, and {wording.count(most, 'twin')} placed "
            "into it afterwards; a head has the colour of the class that the twin is taken for. "
            "A grey line goes to a random step of the same length. An arrow tells among which "
            "observations the twin lies, not how far it is.",
        ))  # fmt: skip
    n = int(summary["n"].max())
    found.append(Figure(
        DEPTH, inline.embedded(figures.twin_curves(summary)),
        "Distance of twins from their originals, and the classes of their neighbours, by layer.",
        f"{wording.count(n, 'twin')} (solid) and random steps of the same length (dashed), layer "
        "by layer. Left the median distance from the original, over that of an observation from "
        "its nearest other in the same layer. Right the classes of the nearest observations, the "
        "original itself left out.", _depth(summary),
    ))  # fmt: skip
    return found


def _depth(summary: pd.DataFrame) -> Table:
    rows = tuple(
        (
            str(row["layer"]), wording.plain(row["travelled"]),
            wording.plain(row["control_travelled"]), wording.percent(row["of_old"]),
            wording.percent(row["of_new"]), wording.percent(row["crossed"]),
            wording.percent(row["control_crossed"]), wording.percent(row["changes"]),
        )
        for row in summary.to_dict("records")
    )  # fmt: skip
    columns = ("layer", "distance", "of noise", "of old class", "of new class", "changed sides",
               "under noise", "from here on")  # fmt: skip
    return Table(
        columns, rows,
        "Changed sides: more of the nearest observations are of the new class than of the old. "
        "From here on: twins that have in this and all later layers, and not in the one before.",
    )  # fmt: skip


def _numbers(run: Run, samples: pd.DataFrame) -> Table:
    old, new = (class_words(run, samples[column]) for column in ("before", "after"))
    rows = tuple(
        (
            str(row["observation"]), before, after if row["flipped"] else wording.MISSING,
            f"{row['l2']:.3g}", f"{row['linf']:.3g}", wording.percent(row["relative"]),
            str(row["iterations"]) if row["iterations"] >= 0 else wording.MISSING,
            "changed" if row["control_flipped"] else "same",
        )
        for row, before, after in zip(samples.to_dict("records"), old, new, strict=True)
    )  # fmt: skip
    columns = ("observation", "class", "twin", "L2", "L∞", "relative L2", "iteration", "noise")
    return Table(
        columns, rows,
        "Twins one by one. Iteration: the first whose prediction is as wished. Noise: what a "
        "random step of the same length does to the prediction.",
        folded=len(rows) > MOST_UNFOLDED,
    )  # fmt: skip
