"""What the tables say, in sentences; each number comes with its control.

A sentence about training names the untrained network, one about depth the same step before
training, one about classes the shuffled labels and the raw input. A difference is called one only
where it exceeds twice its standard error (:attr:`~layerwise.report.scores.Score.error`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise.report import reading, wording
from layerwise.report.blocks import Finding, Findings, Note, Section
from layerwise.report.class_statistics import told
from layerwise.report.motion import converge
from layerwise.report.outliers import strangers
from layerwise.report.population import specialize
from layerwise.report.predictions import Predictions
from layerwise.report.reading import INPUT
from layerwise.report.scores import Score, Scores, differ
from layerwise.scores import ACCURACY, CONTINUITY, HIT_2D, HIT_ND, TRUSTWORTHINESS

if TYPE_CHECKING:
    from layerwise.store import Run

CURVES, MAP = "figure-scores", "figure-map"
CONFUSION, TRAINING = "figure-confusion", "figure-training"
"""Anchors of the figures that the findings cite."""


def findings(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if there is nothing to say."""
    scores, main = Scores.of(runs), reading.subsets(runs[0])[0]
    sentences = (
        separation(runs, scores, main), faithfulness(runs, scores, main),
        depth(runs, scores, main), *converge(runs), generalization(runs, scores),
        accuracy(runs, scores, main), confusions(runs, main), strangers(runs), specialize(runs),
        *told(runs), damage(runs),
    )  # fmt: skip
    items = tuple(sentence for sentence in sentences if sentence is not None)
    blocks: list[Findings | Note] = [Findings(items)] if items else []
    if not scores:
        blocks.append(Note(_what_is_missing(runs)))
    return Section("findings", "Findings", tuple(blocks)) if blocks else None


def separation(runs: Sequence[Run], scores: Scores, subset: str) -> Finding | None:
    """Say how well the deepest scored layer keeps the classes apart, with every control.

    That training changed nothing is only said if it moved neither the map nor the layer itself.
    """
    run = runs[0]
    score = HIT_2D if scores.layers(run, HIT_2D, subset) else HIT_ND
    layers = scores.layers(run, score, subset)
    if not layers:
        return None
    layer, noun = layers[-1], reading.label(run) or "class"
    now = scores.get(score, subset, reading.after(run), layer)
    was = scores.get(score, subset, reading.before(run), layer)
    raw = scores.get(score, subset, None, INPUT)
    if now is None:
        return None
    controls = [f"before training {was}"] if was else ["no untrained control was recorded"]
    controls += [f"raw input {raw}"] if raw else []
    controls += [] if math.isnan(now.floor) else [f"shuffled labels {wording.percent(now.floor)}"]
    place = f"the map of layer {layer}" if score == HIT_2D else f"layer {layer}"
    time = "After training, " if reading.before(run) else ""
    text = (
        f"{time}{now} of the neighbours of {reading.one(run, subset)} in {place} share its {noun} "
        f"({'; '.join(controls)})."
    )
    if was:
        text += _change(run, scores, subset, layer)
    if raw and raw.value > now.value and differ(now, raw):
        text += " The raw input itself does better."
    return Finding(text[0].upper() + text[1:], MAP if score == HIT_2D else CURVES)


def _change(run: Run, scores: Scores, subset: str, layer: str) -> str:
    """Return what training did to the share in the map and in the layer itself."""
    changes, moved = [], False
    for score, place in ((HIT_2D, "in the map"), (HIT_ND, "in the layer itself")):
        now = scores.get(score, subset, reading.after(run), layer)
        was = scores.get(score, subset, reading.before(run), layer)
        if now and was:
            moved |= differ(now, was)
            aside = "" if differ(now, was) else " (within the error)"
            changes.append((f"{wording.points(now.value - was.value)} {place}", aside))
    if not moved:
        return f" Training changed nothing beyond the error: {', '.join(c for c, _ in changes)}."
    return f" Training changed it by {' and '.join(c + aside for c, aside in changes)}."


def faithfulness(runs: Sequence[Run], scores: Scores, subset: str) -> Finding | None:
    """Say whether the map shows what the layer holds: 2-D against n-D."""
    run = runs[0]
    layers = scores.layers(run, HIT_2D, subset)
    layer = layers[-1] if layers else ""
    flat, full = (scores.get(s, subset, reading.after(run), layer) for s in (HIT_2D, HIT_ND))
    if flat is None or full is None:
        return None
    was = scores.get(HIT_ND, subset, reading.before(run), layer)
    control = f" (before training {was})" if was and reading.before(run) else ""
    n_units = wording.count(run.layer(layer).n_units, "dimension")
    text = f"In the {n_units} of layer {layer} itself the share is {full}{control}"
    if not differ(flat, full):
        text += f", so its map ({flat}) keeps what the layer holds."
    elif flat.value < full.value:
        text += (
            f", so its map ({flat}) loses {abs(100 * (full.value - flat.value)):.1f} points: "
            "blame the projection, not the network."
        )
    else:
        text += f": its map ({flat}) looks tidier than the layer is."
    quality = [
        f"{name} {found}"
        for name in (TRUSTWORTHINESS, CONTINUITY)
        if (found := scores.get(name, subset, reading.after(run), layer))
    ]
    return Finding(text + (f" Map quality: {', '.join(quality)}." if quality else ""), CURVES)


def depth(runs: Sequence[Run], scores: Scores, subset: str) -> Finding | None:
    """Say whether deeper layers separate better, against the same step before training."""
    run = runs[0]
    score = HIT_2D if len(scores.layers(run, HIT_2D, subset)) > 1 else HIT_ND
    layers = scores.layers(run, score, subset)
    if len(layers) < 2:
        return None
    now = {name: scores.get(score, subset, reading.after(run), name) for name in layers}
    was = {name: scores.get(score, subset, reading.before(run), name) for name in layers}
    first, last = now[layers[0]], now[layers[-1]]
    if first is None or last is None:
        return None
    gain = last.value - first.value
    step = f"{layers[0]} {first} → {layers[-1]} {last} ({wording.points(gain)}"
    old_first, old_last = was[layers[0]], was[layers[-1]]
    old_gain = old_last.value - old_first.value if old_first and old_last else math.nan
    if math.isnan(old_gain):
        control = "; no untrained control, so training may not be the reason"
    else:
        control = f"; the same step in the untrained network: {wording.points(old_gain)}"
    if not differ(first, last):
        verdict = "Deeper layers separate the classes no better after training"
    elif gain > 0:
        verdict = "Deeper layers separate the classes better after training"
    else:
        verdict = "Deeper layers separate the classes worse after training"
    text = f"{verdict}: {step}{control})."
    if gain > 0 and old_gain >= gain and differ(first, last):
        text += " The untrained network rises as much, so depth explains it without training."
    best = max(layers, key=lambda name: _value(now[name]))
    top = now[best]
    if best not in (layers[0], layers[-1]) and top and differ(top, last):
        text += f" The best layer is {best} with {top}."
    return Finding(text, CURVES)


def generalization(runs: Sequence[Run], scores: Scores) -> Finding | None:
    """Say how much better the training subset separates than the test subset."""
    run = runs[0]
    if not {"test", "train"} <= set(reading.subsets(run)):
        return None
    layers = scores.layers(run, HIT_2D, "test")
    layer = layers[-1] if layers else ""
    keys = [(s, c) for c in (reading.after(run), reading.before(run)) for s in ("train", "test")]
    train, test, old_train, old_test = (
        scores.get(HIT_2D, subset, checkpoint, layer) for subset, checkpoint in keys
    )
    if train is None or test is None:
        return None
    gap, verdict = train.value - test.value, "Training and test data separate alike"
    if differ(train, test):
        verdict = f"Training data separate {'better' if gap > 0 else 'worse'} than test data"
    if old_train is None or old_test is None:
        control = "no untrained control"
    else:
        old_gap = old_train.value - old_test.value
        control = f"before training {wording.points(old_gap)}"
        noise = math.hypot(train.error, test.error, old_train.error, old_test.error)
        if differ(train, test) and gap > 0:
            grown = gap - old_gap > 2 * noise
            verdict += ", a sign of over-fitting" if grown else ", but hardly more than untrained"
    return Finding(
        f"{verdict}: layer {layer} has {train} on the training subset and {test} on the test "
        f"subset ({wording.points(gap)}; {control}).", CURVES,
    )  # fmt: skip


def accuracy(runs: Sequence[Run], scores: Scores, subset: str) -> Finding | None:
    """Say how many observations the network classifies right, against the untrained network."""
    run = runs[0]
    now = scores.get(ACCURACY, subset, reading.after(run), "")
    was = scores.get(ACCURACY, subset, reading.before(run), "")
    if now is None:
        return None
    many = f"{subset} {reading.noun(run)}s".strip()
    control = f"before training {was}" if was else "no untrained control"
    floor = "" if math.isnan(now.floor) else f"; the largest class {wording.percent(now.floor)}"
    return Finding(f"The network classifies {now} of the {many} right ({control}{floor}).",
                   TRAINING)  # fmt: skip


def confusions(runs: Sequence[Run], subset: str) -> Finding | None:
    """Say what the network mistakes for what most often."""
    found = Predictions.of(runs[0], reading.after(runs[0]), subset)
    if found is None:
        return None
    wrong, total = len(found.wrong), len(found.rows)
    noun = f"{subset} {reading.noun(runs[0])}".strip()
    share = f"{wording.count(wrong)} of {wording.count(total, noun)}"
    seed = " by the first run" if len(runs) > 1 else ""
    if not wrong:
        return Finding(f"None of {wording.count(total, noun)} is misclassified{seed}.", CONFUSION)
    true, guess, times = found.pairs()[0]
    return Finding(
        f"{share} {'is' if wrong == 1 else 'are'} misclassified{seed}; most often {true} is taken "
        f"for {guess} ({wording.count(times, 'time')}).", CONFUSION,
    )  # fmt: skip


def damage(runs: Sequence[Run]) -> Finding | None:
    """Say if NaN or infinite activations were recorded; silence means none."""
    bad = [
        f"{row['layer']} at {checkpoint} ({wording.count(row['nan'] + row['inf'], 'value')})"
        for run in runs
        for checkpoint in run.checkpoints
        for row in run.counts(checkpoint).to_dict("records")
        if row["nan"] + row["inf"]
    ]
    if not bad:
        return None
    return Finding(f"Not every activation is finite: {wording.listing(bad, at_most=4)}.")


def _value(score: Score | None) -> float:
    return score.value if score else -math.inf


def _what_is_missing(runs: Sequence[Run]) -> str:
    run = runs[0]
    if reading.label(run) is None:
        return (
            "This run has no labels, so no score of classes exists. The maps, the training and the "
            "health of the recording are below."
        )
    return f"No scores yet. Make them with: layerwise score {reading.folder(run)}"
