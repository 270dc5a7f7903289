"""Preferred inputs: what classes and units prefer to see, beside real inputs and beside controls.

Leaves out how they were made, which the recipes' sources say, and any reading of the pictures: what
an image shows is the reader's to see, what stands beside it is measured.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from layerwise import figures
from layerwise.analysis.asking.preferred import CLASSES, KEPT, NEAREST, PREFERRED, STARTS, sentence
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.report.layers import MOST_UNFOLDED
from layerwise.store.media import Pictures

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

MOST_LAYERS = 4
"""Layers with pictures; of more so many, evenly spaced."""

MOST_UNITS = 12
"""Units of each that are drawn, the first ones."""

ROW = 10
"""Classes in one row: so recipes stand under each other."""

CAUTION = (
    "A preferred input is made by climbing: it is sufficient to excite its unit, and nothing in it "
    "is shown to be necessary. It is no real input, and real inputs excite the unit less or for "
    "other reasons; so the nearest real ones stand beside it."
)

CONTROL = "The control is the network {when}: what its units prefer was not learned after that."
"""Said where an earlier checkpoint stands beside the last."""

RECIPES = {
    "erhan": "ascent on a sphere of the mean norm of the data (Erhan et al. 2009)",
    "lecture": "with multi-scale edge energy as penalty (Fleuret, EE-559, 8.4)",
    "keras-vis": "with Lp norm and total variation as penalties (keras-vis)",
    "ink": "with as much ink as a real picture, robust to shifts, scale and rotation (ours)",
    "modern": "by frequencies, robust to shifts, scale and rotation (Olah et al. 2017)",
}
"""What is said of each recipe in a caption."""

CALIBRATION = {
    ("fc1", True): "1.000, 100 %, –", ("fc2", True): "0.996, 100 %, 0.80",
    ("fc3", True): "0.978, 61 %, 0.48", ("fc1", False): "1.000, –, –",
    ("fc2", False): "0.997, –, 0.91", ("fc3", False): "0.987, –, 0.76",
}  # fmt: skip
"""Cosine of starts, all agree, cosine with the linear combination, of the layers of a denoising
auto-encoder of 3 x 500 sigmoid units, trained and not: measured by this project before."""

Sets = dict[tuple[str, str, str, str], Pictures]
"""Kept pictures by layer, checkpoint, recipe and kind."""


def preferred(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no preferred inputs were kept."""
    run = runs[0]
    table = reading.table(run, "preferred")
    if table is None:
        return None
    place = {name: number for number, name in enumerate(run.checkpoints)}
    table = table[table["checkpoint"].isin(place)]
    table = table.assign(time=table["checkpoint"].map(place))
    table = table.sort_values(["order", "layer", "recipe", "time", "unit"], kind="stable")
    if table.empty:
        return None
    whose = reading.first_of(runs, "Preferred inputs")
    pictures = _pictures(run)
    times = sorted(set(table["checkpoint"]), key=place.__getitem__)
    ends = list(dict.fromkeys([times[-1], times[0]]))
    control = CONTROL.format(when=reading.when(run, times[0])) if len(ends) > 1 else ""
    blocks: list[Block] = [Note(" ".join(filter(None, [CAUTION, control, whose])))]
    blocks += _classes(run, table, pictures, ends)
    blocks += _units(run, table, pictures, ends)
    blocks += _card(run, table, pictures, ends[0])
    blocks += [_numbers(table)]
    blocks += _uniqueness(run)
    return Section("preferred", "Preferred inputs", tuple(blocks))


def _pictures(run: Run) -> Sets:
    found: Sets = {}
    for table in run.stored().get("images", []):
        about = table.provenance()
        if about.get("function") == KEPT:
            place = tuple(str(about.get(key, "")) for key in ("layer", "checkpoint", "recipe"))
            for one in Pictures.sets(table.read()[0]):
                found[place[0], place[1], place[2], one.kind] = one
    return found


def _classes(
    run: Run, table: pd.DataFrame, pictures: Sets, checkpoints: Sequence[str]
) -> list[Block]:
    """Return the classes by every recipe, the control, and their nearest real inputs."""
    part = table[table["layer"] == CLASSES]
    groups = [
        _tiles(run, table, pictures, CLASSES, checkpoint, recipe, columns=ROW)
        for checkpoint in checkpoints for recipe in _recipes(part, checkpoint)
        if (CLASSES, checkpoint, recipe, PREFERRED) in pictures
    ]  # fmt: skip
    if not groups:
        return []
    found: list[Block] = [Figure(
        "preferred-classes", inline.embedded(figures.preferred_sheet(groups)),
        "Preferred inputs of every class, recipe under recipe.",
        f"Inputs that make the network's output for a class as large as each recipe can. "
        f"{_words(part)} Recipes limit the size of the image differently, so activations of "
        f"different recipes do not compare.{_control(run, checkpoints)}",
    )]  # fmt: skip
    recipe = _usual(part, checkpoints[0])
    near = pictures.get((CLASSES, checkpoints[0], recipe, NEAREST))
    if near is not None:
        at = part[(part["recipe"] == recipe) & (part["checkpoint"] == checkpoints[0])]
        found.append(Figure(
            "preferred-nearest", inline.embedded(figures.nearest_sheet(near.pixels, near.names)),
            "Preferred inputs of classes, each with the nearest real inputs.",
            f"The preferred input of each class ({recipe}), then the real inputs nearest to it, "
            f"nearest first, by the cosine of their values; out of {_data(at)}. "
            f"{_same_class(at)}",
        ))  # fmt: skip
    return found


def _units(
    run: Run, table: pd.DataFrame, pictures: Sets, checkpoints: Sequence[str]
) -> list[Block]:
    """Return units of some layers, after and before training."""
    part = table[table["layer"] != CLASSES]
    last = part[part["checkpoint"] == checkpoints[0]]
    if last.empty:
        return []
    recipe = _usual(part, checkpoints[0])
    part = part[part["recipe"] == recipe]
    layers = reading.spaced(list(dict.fromkeys(part["layer"])), MOST_LAYERS)
    groups = [
        _tiles(run, table, pictures, layer, checkpoint, recipe, columns=MOST_UNITS)
        for layer in layers for checkpoint in checkpoints
        if (layer, checkpoint, recipe, PREFERRED) in pictures
    ]  # fmt: skip
    if not groups:
        return []
    return [Figure(
        "preferred-units", inline.embedded(figures.preferred_sheet(groups)),
        f"Preferred inputs of units of {wording.listing(layers)}.",
        f"Inputs that units prefer, layer by layer{_positions(part)}. {_words(part)}"
        f"{_control(run, checkpoints, 'Last of each layer')}",
    )]  # fmt: skip


def _card(run: Run, table: pd.DataFrame, pictures: Sets, checkpoint: str) -> list[Block]:
    """Return one unit or class with all its starts, climbs and neighbours."""
    climbs = reading.table(run, "climbs")
    known = table[(table["checkpoint"] == checkpoint) & (table["n_starts"] > 1)]
    places = [
        (str(layer), str(recipe)) for layer, recipe in
        known[["layer", "recipe"]].drop_duplicates().itertuples(index=False)
        if (layer, checkpoint, recipe, STARTS) in pictures
    ]  # fmt: skip
    if climbs is None or not places:
        return []
    # As in the paper: on a sphere if there is such a climb, of a class before a unit.
    layer, recipe = min(places, key=lambda one: (one[1] != "erhan", one[0] != CLASSES))
    starts = pictures[layer, checkpoint, recipe, STARTS]
    near = pictures.get((layer, checkpoint, recipe, NEAREST))
    unit = int(starts.index[0])
    row = known[
        (known["layer"] == layer) & (known["recipe"] == recipe) & (known["unit"] == unit)
    ].iloc[0]  # fmt: skip
    own = climbs[
        (climbs["layer"] == layer) & (climbs["recipe"] == recipe)
        & (climbs["checkpoint"] == checkpoint) & (climbs["unit"] == unit)
    ]  # fmt: skip
    last = own[own["step"] == own["step"].max()].sort_values("start")
    pixels = starts.pixels[starts.index == unit]
    what = f"class {row['name']}" if layer == CLASSES else f"unit {unit} of {layer}"
    beside = None if near is None else near.pixels[list(near.index).index(unit)]
    card = figures.unit_card(
        pixels, own, values=last["value"].tolist(), beside=beside,
        best_real=float(row["best_real"]), note=sentence({str(k): v for k, v in row.items()}),
    )  # fmt: skip
    agreed = f"{row['agreement']:.2f}".replace("-", "−")
    return [Figure(
        "preferred-card", inline.embedded(card),
        f"The climbs of {what} from {row['n_starts']} random starts, and where they ended.",
        f"{what[0].upper()}{what[1:]}, {reading.when(run, checkpoint)}, climbed from "
        f"{row['n_starts']} random starts ({recipe}): the images kept, over each the objective at "
        "the last step, and how it rose. Mean cosine of two of the images without their means: "
        f"{agreed}. After Fig. 3 of Erhan et al. 2009.",
    )]  # fmt: skip


def _tiles(
    run: Run, table: pd.DataFrame, pictures: Sets, layer: str, checkpoint: str, recipe: str, *,
    columns: int,
) -> figures.Tiles:  # fmt: skip
    one = pictures[layer, checkpoint, recipe, PREFERRED]
    rows = table[
        (table["layer"] == layer) & (table["checkpoint"] == checkpoint)
        & (table["recipe"] == recipe)
    ]  # fmt: skip
    what = "classes" if layer == CLASSES else layer
    n, at_most = len(one.names), len(one.names) if layer == CLASSES else MOST_UNITS
    some = f", first {at_most} of {n}" if n > at_most else ""
    caption = f"{what}, {reading.when(run, checkpoint)}: {recipe}{some}"
    return figures.preferred_tiles(
        one.pixels[:at_most], one.names[:at_most], caption, ramp=str(rows["ramp"].iloc[0]),
        columns=min(columns, n),
    )  # fmt: skip


def _recipes(part: pd.DataFrame, checkpoint: str) -> list[str]:
    """Return the recipes at a checkpoint, in the order in which they are explained."""
    known = set(part.loc[part["checkpoint"] == checkpoint, "recipe"])
    return [name for name in RECIPES if name in known] + sorted(known - set(RECIPES))


def _usual(part: pd.DataFrame, checkpoint: str) -> str:
    """Return the recipe whose pictures are the most natural, "" if there is none."""
    known = _recipes(part, checkpoint)
    return next((name for name in ("ink", "modern", *known) if name in known), "")


def _words(part: pd.DataFrame) -> str:
    known = [name for name in RECIPES if name in set(part["recipe"])]
    said = "; ".join(f"{name}: {RECIPES[name]}" for name in known)
    signed = bool((part["ramp"] != "").any())
    around = (
        " Pictures around grey leave the range of real inputs: grey is 0, each on its own "
        "scale." if signed else ""
    )  # fmt: skip
    return f"{said[:1].upper()}{said[1:]}.{around}" if said else around.strip()


def _control(run: Run, checkpoints: Sequence[str], where: str = "Last") -> str:
    return f" {where}: {reading.when(run, checkpoints[-1])}." if len(checkpoints) > 1 else ""


def _positions(part: pd.DataFrame) -> str:
    """Return where in the map channels were climbed."""
    known = [where for where in dict.fromkeys(part["position"]) if where]
    words = ["the mean over the map" if where == "mean" else where for where in known]
    return f", of channels {wording.listing(words)}" if words else ""


def _data(part: pd.DataFrame) -> str:
    return str(part["data"].iloc[0]) or wording.count(part["n_real"].iloc[0], "real input")


def _same_class(part: pd.DataFrame) -> str:
    """Return how many of the nearest are of the class that was maximised."""
    rows = part.to_dict("records")
    near = [(row["name"], row["nearest_classes"].split("\n")) for row in rows]
    near = [(name, classes) for name, classes in near if classes != [""]]
    if not near:
        return ""
    same = sum(classes.count(name) for name, classes in near)
    n = sum(len(classes) for _, classes in near)
    return f"{same} of these {n} real inputs are of the class."


def _numbers(table: pd.DataFrame) -> Table:
    """Return a row a layer, recipe and checkpoint."""
    keys = ["order", "layer", "recipe", "time", "checkpoint"]
    rows = tuple(
        _row(str(layer), str(recipe), str(checkpoint), part)
        for (_, layer, recipe, _, checkpoint), part in table.groupby(keys, sort=True)
    )
    columns = (
        "layer", "recipe", "checkpoint", "images", "above all", "percentile", "starts agree",
        "as meant", "confidence", "nearest",
    )  # fmt: skip
    n = wording.count(int(table["n_real"].max()), "real input")
    return Table(
        columns, rows,
        f"Preferred inputs beside {n}. Above all: images whose activation is larger than that "
        "of every one; percentile: median share of real inputs below. Starts agree: mean "
        "cosine of the images of two starts without their means. As meant: images of classes that "
        "the network takes for their class. Confidence: median probability that it gives to "
        "whatever class it takes an image for. Nearest: median cosine with "
        "the nearest real input.",
        folded=len(rows) > MOST_UNFOLDED,
    )  # fmt: skip


def _row(layer: str, recipe: str, checkpoint: str, part: pd.DataFrame) -> tuple[str, ...]:
    meant = part["as_meant"].dropna().astype(float)
    return (
        layer, recipe, checkpoint, wording.count(len(part)),
        wording.percent((part["value"] > part["best_real"]).mean()),
        wording.percent(part["percentile"].median()), wording.plain(part["agreement"].mean()),
        wording.percent(meant.mean()) if len(meant) else wording.MISSING,
        wording.percent(part["confidence"].median()),
        wording.plain(1 - part["distance"].median()),
    )  # fmt: skip


def _uniqueness(run: Run) -> list[Block]:
    """Return whether every start ends at one image, network by network."""
    table = reading.table(run, "uniqueness")
    if table is None:
        return []
    own = str(run.provenance.get("network", ""))
    first = run.checkpoints[0]
    table = table.assign(
        other=table["network"] != own, early=~table["checkpoint"].isin(["untrained", first])
    ).sort_values(["other", "network", "early", "order"], kind="stable")
    rows = tuple(
        (
            str(row["network"]), str(row["checkpoint"]), str(row["layer"]),
            f"{row['cosine']:.3f}".replace("-", "−"), wording.percent(row["all_agree"]),
            f"{row['spread']:.0e}".replace("-", "−"), wording.plain(row["linear"]),
            _calibration(row),
        )
        for row in table.to_dict("records")
    )  # fmt: skip
    one = table.iloc[0]
    columns = (
        "network", "checkpoint", "layer", "cosine of starts", "all agree", "spread of maxima",
        "linear", "calibration",
    )  # fmt: skip
    return [Table(
        columns, rows,
        f"Preferred inputs on a sphere, {wording.count(one['n_units'], 'unit')} a layer, "
        f"{wording.count(one['n_starts'], 'start')} of {wording.count(one['steps'], 'step')} each "
        "(of maps the unit in the middle). All agree: units whose starts are all alike (cosine "
        "above 0.95). Spread: largest coefficient of variation of the maxima reached. Linear: "
        "median cosine with the linear combination of filters, all weights kept. Published (Erhan "
        "et al. 2009): in words, almost all units have one maximum; no numbers. Calibration: "
        "the same three (cosine, all agree, linear), measured by this project on a denoising "
        "auto-encoder of 3 × 500 sigmoid units, 10,000 digits, 36 units × 9 starts × 400 steps; "
            "not a published value. Scale-down: classifiers of static digits, where Erhan et al. "
            "had belief nets and auto-encoders on 2.5 million deformed ones.",
            folded=len(rows) > 2 * MOST_UNFOLDED,
    )]  # fmt: skip


def _calibration(row: Mapping[Hashable, Any]) -> str:
    if "sigmoid" not in str(row["network"]):
        return wording.MISSING
    return CALIBRATION.get((str(row["layer"]), row["checkpoint"] != "untrained"), wording.MISSING)
