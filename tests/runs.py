"""Recorded runs to show: a real network of scikit-learn on its digits, with real scores."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from layerwise import analysis, scores
from layerwise.store import Layer, Run

BEFORE, AFTER = "epoch-000", "epoch-015"
HIDDEN = ("relu1", "relu2", "relu3")
PUBLISHED = ("neighborhood hit 2-D", "test", AFTER, "relu3")

Network = list[tuple[np.ndarray, np.ndarray]]


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    images, labels = load_digits(return_X_y=True)
    return images.astype(np.float32) / 16, labels


@cache
def trained(seed: int) -> tuple[Network, Network, list[dict[str, float]]]:
    """Return the weights before and after training and the history."""
    X, y = digits()
    train, test = slice(600, 1500), slice(0, 600)
    model = MLPClassifier((64, 64, 64), learning_rate_init=1e-9, random_state=seed, max_iter=1)
    history = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[train], y[train])
        weights = zip(model.coefs_, model.intercepts_, strict=True)
        before = [(w.copy(), b.copy()) for w, b in weights]
        model.set_params(learning_rate_init=1e-3, warm_start=True)
        for epoch in range(16):
            history.append({
                "checkpoint": f"epoch-{epoch:03d}", "epoch": epoch, "step": 5 * epoch,
                "train_loss": model.loss_, "train_accuracy": model.score(X[train], y[train]),
                "test_accuracy": model.score(X[test], y[test]), "seconds": 0.02,
            })  # fmt: skip
            model.fit(X[train], y[train])
    return before, list(zip(model.coefs_, model.intercepts_, strict=True)), history


def layers_of(network: Network, X: np.ndarray) -> dict[str, np.ndarray]:
    """Return the activations of every layer."""
    found, x = {"input": X}, X
    for name, (weights, bias) in zip(HIDDEN, network, strict=False):
        x = np.maximum(x @ weights + bias, 0)
        found[name] = x.astype(np.float32)
    weights, bias = network[-1]
    return {**found, "output": (x @ weights + bias).astype(np.float32)}


def make_run(
    folder: Path,
    *,
    seed: int = 0,
    n: int = 120,
    names: tuple[str, ...] | None = None,
    project: Callable[[np.ndarray], np.ndarray] | None = None,
    tables: tuple[str, ...] = ("projections", "scores", "predictions", "training"),
    pictures: bool = True,
    **provenance: Any,
) -> Run:
    """Record a trained network over `n` test and `n` training digits, and compute its tables."""
    X, y = digits()
    rows = np.r_[0:n, 600 : 600 + n]
    X, y, subset = X[rows], y[rows], np.repeat(["test", "train"], n)
    before, after, history = trained(seed)
    about = {
        "title": "", "network": "an MLP of 3 x 64 units", "data": "8 x 8 digits", "label": "digit",
        "seed": seed, "created": "2026-01-02", "command": "layerwise study hidden-activity",
        "scale_down": "900 training images of 8 x 8 pixels, not 50,000 of 28 x 28.", **provenance,
    }  # fmt: skip
    at = {BEFORE: layers_of(before, X), AFTER: layers_of(after, X)}
    kinds = {"input": "input", "output": "output"}
    stored = [
        Layer(name, values.shape[1:], "float32", kinds.get(name, "ReLU"),
              per_checkpoint=name != "input")
        for name, values in at[AFTER].items()
    ]  # fmt: skip
    if pictures:
        stored.append(Layer("thumbnail", (8, 8, 1), "uint8", "thumbnail", per_checkpoint=False))
    run = Run.create(folder, n_observations=2 * n, rows_per_part=2 * n, layers=stored,
                     fingerprint={"model": "m0", "data": "d0"}, provenance=about)  # fmt: skip
    with run.lock():
        for checkpoint, values in at.items():
            run.add_checkpoint(checkpoint, fingerprint=checkpoint)
            with run.write(checkpoint, 0) as append:
                for layer in run.layers_at(checkpoint):
                    data = values.get(layer.name, (X * 255).astype(np.uint8))
                    zero = int((data == 0).sum())
                    append(layer.name, data.reshape(2 * n, *layer.shape), zero=zero)
    run.write_table("observations", pd.DataFrame({"digit": y, "subset": subset}),
                    {"class_names": {"digit": names or tuple("0123456789")}})  # fmt: skip
    maps = _projections(at, subset, project or PCA(2, random_state=seed).fit_transform)
    guess = {name: values["output"].argmax(axis=1) for name, values in at.items()}
    made = {
        "projections": (maps, {"function": "project", "method": "pca", "random_state": seed}),
        "scores": (_scores(at, y, subset, maps, guess, seed), {"function": "score"}),
        "predictions": (_predictions(at, y, guess), {"function": "predictions"}),
        "training": (pd.DataFrame(history), {"function": "train"}),
    }
    for kind in tables:
        run.write_table(kind, *made[kind])
    return run


def _projections(at: Any, subset: np.ndarray, project: Any) -> pd.DataFrame:
    parts = []
    for part in ("test", "train"):
        rows = np.flatnonzero(subset == part)
        for checkpoint, values in at.items():
            for layer in ("input", *HIDDEN):
                if (layer, checkpoint) == ("input", AFTER):
                    continue
                Y = project(values[layer][rows])
                parts.append(pd.DataFrame({
                    "checkpoint": checkpoint, "layer": layer, "subset": part, "method": "pca",
                    "observation": rows, "x": Y[:, 0], "y": Y[:, 1],
                }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _scores(
    at: Any, y: np.ndarray, subset: np.ndarray, maps: pd.DataFrame, guess: Any, seed: int
) -> pd.DataFrame:
    found = []
    places = maps.groupby(["subset", "checkpoint", "layer"], sort=False)
    for (part, checkpoint, layer), points in places:
        rows = points["observation"].to_numpy()
        X, Y, labels = at[checkpoint][layer][rows], points[["x", "y"]].to_numpy(), y[rows]
        floor, _ = scores.shuffled_neighborhood_hit(Y, labels, random_state=0)
        for name, value, low in (
            ("neighborhood hit 2-D", scores.neighborhood_hit(Y, labels), floor),
            ("neighborhood hit n-D", scores.neighborhood_hit(X, labels), floor),
            ("trustworthiness", scores.trustworthiness(X, Y, n_neighbors=6), np.nan),
            ("continuity", scores.continuity(X, Y, n_neighbors=6), np.nan),
        ):
            found.append((part, checkpoint, layer, name, value, low, len(rows)))
    for part in ("test", "train"):
        rows = np.flatnonzero(subset == part)
        for checkpoint in at:
            right = (guess[checkpoint] == y)[rows].mean()
            low = np.bincount(y[rows]).max() / len(rows)
            found.append((part, checkpoint, "", "accuracy", right, low, len(rows)))
    columns = ["subset", "checkpoint", "layer", "score", "value", "floor", "n_observations"]
    frame = pd.DataFrame(found, columns=columns).assign(
        network="mlp", data="digits", spread=np.nan, seed=seed, published=np.nan, source=""
    )
    place = (frame[["score", "subset", "checkpoint", "layer"]] == list(PUBLISHED)).all(axis=1)
    frame.loc[place, ["published", "source"]] = [0.9836, "Rauber et al. 2017, Fig. 3b"]
    return frame


def _predictions(at: Any, y: np.ndarray, guess: Any) -> pd.DataFrame:
    parts = []
    for checkpoint, values in at.items():
        odds = np.exp(values["output"] - values["output"].max(axis=1, keepdims=True))
        parts.append(pd.DataFrame({
            "checkpoint": checkpoint, "observation": np.arange(len(y)),
            "predicted": guess[checkpoint], "correct": guess[checkpoint] == y,
            "confidence": odds.max(axis=1) / odds.sum(axis=1),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def small_run(
    folder: Path,
    *,
    layers: tuple[str, ...] = ("relu1", "relu2"),
    classes: tuple[str, ...] = ("cat", "dog"),
    checkpoints: tuple[str, ...] = ("epoch-000", "epoch-009"),
    n: int = 8,
    label: str = "animal",
    bad: int = 0,
    **provenance: Any,
) -> Run:
    """Record made-up activations, the same on every machine; tables are the test's business."""
    names = ("input", *layers, "output")
    kinds = {"input": "input", "output": "output"}
    stored = [
        Layer(name, (2,), "float32", kinds.get(name, "ReLU"), per_checkpoint=name != "input")
        for name in names
    ]
    run = Run.create(folder, n_observations=n, rows_per_part=n, layers=stored,
                     fingerprint={"model": "m0", "data": "d0"}, provenance=provenance)  # fmt: skip
    values = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    with run.lock():
        for checkpoint in checkpoints:
            run.add_checkpoint(checkpoint, fingerprint=checkpoint)
            with run.write(checkpoint, 0) as append:
                for layer in run.layers_at(checkpoint):
                    counters = {"nan": bad, "inf": 0} if layer.name == layers[-1] else {}
                    append(layer.name, values, zero=1, **counters)
    if classes:
        codes = np.arange(n) % len(classes)
        run.write_table("observations", pd.DataFrame({label: codes}),
                        {"class_names": {label: classes}})  # fmt: skip
    return run


def score_rows(
    values: dict[tuple[str, str], float],
    *,
    score: str = "neighborhood hit 2-D",
    n: int = 1000,
    subset: str = "",
    seed: int = 0,
    floor: float = 0.5,
    **columns: Any,
) -> pd.DataFrame:
    """Return a table of scores from {(checkpoint, layer): value}."""
    return pd.DataFrame([
        {"network": "net", "data": "pets", "subset": subset, "checkpoint": checkpoint,
         "layer": layer, "score": score, "value": value, "spread": np.nan, "floor": floor,
         "n_observations": n, "seed": seed, "published": np.nan, "source": "", **columns}
        for (checkpoint, layer), value in values.items()
    ])  # fmt: skip


def map_rows(run: Run, layers: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Return made-up projections of every layer at every checkpoint."""
    angle = np.arange(run.n_observations)
    return pd.concat([
        pd.DataFrame({"checkpoint": checkpoint, "layer": layer, "subset": "", "method": "tsne",
                      "observation": angle, "x": np.cos(angle), "y": np.sin(angle)})
        for checkpoint in run.checkpoints
        for layer in layers or [name for name in run.layers if name not in ("input", "output")]
    ], ignore_index=True)  # fmt: skip


def prediction_rows(run: Run, n_classes: int) -> pd.DataFrame:
    """Return predictions that are right but for every fifth observation."""
    rows = np.arange(run.n_observations)
    wrong = rows % 5 == 0
    return pd.DataFrame({
        "checkpoint": run.checkpoints[-1], "observation": rows,
        "predicted": (rows + wrong) % n_classes, "correct": ~wrong, "confidence": 0.75,
    })  # fmt: skip


def study(run: Run) -> Run:
    """Add to a run of :func:`make_run` what a study asks: by the functions that a study calls."""
    how = {"n_iter": 60, "early_exaggeration_iter": 30, "perplexity": 10.0}
    for over, at, method in (
        ("layers", AFTER, "sequential"), ("layers", AFTER, "independent"),
        ("layers", BEFORE, "sequential"), ("epochs", "relu3", "joint"),
        ("epochs", "relu3", "independent"),
    ):  # fmt: skip
        found = analysis.evolve(run, over=over, at=at, method=method, subset="test", **how)
        analysis.motion(run, found)
        if method != "independent":
            analysis.trails(run, found)
    for checkpoint in (BEFORE, AFTER):
        place = {"layer": "relu3", "checkpoint": checkpoint, "subset": "test"}
        found = analysis.neurons(run, **place)
        forest = analysis.discriminate(run, **place, n_trees=12)
        analysis.discriminate(run, **place, ranking="gini")
        analysis.score_neurons(run, found, forest)
    maps = run.table("projections").query("layer == 'relu3' and subset == 'test'")
    last = maps[maps["checkpoint"] == AFTER]
    last.attrs = {"function": "project", "layer": "relu3"}
    analysis.outliers(run, last)
    pieces = analysis.sub_clusters(run, last)
    analysis.score_errors(run, last, analysis.confusions(run, last), pieces)
    run.write_table("polarity", polarity_rows(run, last, pieces), {"function": "polarity"})
    run.write_table("hypotheses", hypothesis_rows(), {"function": "hypotheses"})
    return run


def polarity_rows(run: Run, maps: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    """Return made-up maps of pictures and of their edges: the polarity is that of the piece."""
    keys = ["layer", "checkpoint", "subset", "observation"]
    found = pieces.merge(maps[[*keys, "x", "y"]], on=keys)
    as_is = found.assign(transform="as is", polarity=found["cluster"] - 0.5)
    edges = found.assign(transform="edges", polarity=(found["observation"] % 7) / 7 - 0.5)
    columns = ["transform", *keys, "x", "y", "class", "cluster", "polarity"]
    return pd.concat([as_is, edges], ignore_index=True)[columns]


def hypothesis_rows(claim: str = "deep layers separate better") -> pd.DataFrame:
    """Return one hypothesis of each verdict."""
    return pd.DataFrame([
        {"name": "H1", "claim": claim, "verdict": "confirmed", "numbers": "80 to 90 %",
         "control": "untrained: 70 to 70 %", "published": "83.8 to 98.4 %"},
        {"name": "H2", "claim": claim, "verdict": "contradicted", "numbers": "80 to 70 %",
         "control": "", "published": ""},
        {"name": "H3", "claim": claim, "verdict": "not decided", "numbers": "", "control": "",
         "published": ""},
    ])  # fmt: skip


def evolution_rows(run: Run, over: str, at: str, method: str) -> pd.DataFrame:
    """Return made-up maps of every layer, or of every checkpoint, each a step to the right."""
    layers = [name for name in run.layers if name not in ("input", "output")]
    times = (
        [(layer, at) for layer in layers] if over == "layers"
        else [(at, checkpoint) for checkpoint in run.checkpoints]
    )  # fmt: skip
    angle = np.arange(run.n_observations)
    return pd.concat([
        pd.DataFrame({"over": over, "at": at, "method": method, "subset": "", "time": time,
                      "layer": layer, "checkpoint": checkpoint, "observation": angle,
                      "x": np.cos(angle) + time, "y": np.sin(angle)})
        for time, (layer, checkpoint) in enumerate(times)
    ], ignore_index=True)  # fmt: skip


def motion_rows(
    over: str, at: str, method: str, values: dict[str, tuple[float, ...]], **whole: float
) -> pd.DataFrame:
    """Return measures: `values` at each time, `whole` (named with _ for spaces) of the course."""
    found = [(time, name, value) for name, series in values.items()
             for time, value in enumerate(series)]  # fmt: skip
    found += [(-1, name.replace("_", " "), value) for name, value in whole.items()]
    frame = pd.DataFrame(found, columns=["time", "measure", "value"])
    return frame.assign(over=over, at=at, method=method, subset="", layer="", checkpoint="", seed=0)


def unit_rows(layer: str, checkpoint: str, n: int, dead: int = 0) -> pd.DataFrame:
    """Return the neurons of a layer on a circle; the first few are dead, the last two are twins."""
    angle = np.where(np.arange(n) < dead, np.nan, np.arange(n))
    unit = np.arange(n)
    return pd.DataFrame({
        "layer": layer, "checkpoint": checkpoint, "subset": "", "unit": unit,
        "state": np.where(unit < dead, "dead", "live"), "mean": 0.5, "std": 0.1, "active": 0.5,
        "twin": np.where(unit == n - 1, n - 2, unit), "x": np.cos(angle), "y": np.sin(angle),
    })  # fmt: skip


def ranking_rows(
    layer: str, checkpoint: str, S: np.ndarray, ranking: str = "forest"
) -> pd.DataFrame:
    """Return importances (n_units, n_classes) as a table."""
    n, n_classes = S.shape
    return pd.DataFrame({
        "layer": layer, "checkpoint": checkpoint, "subset": "", "ranking": ranking, "repeat": 0,
        "unit": np.repeat(np.arange(n), n_classes), "class": np.tile(np.arange(n_classes), n),
        "importance": S.ravel(),
    })  # fmt: skip


def outlier_rows(layer: str, checkpoint: str, observations: list[int], nearest: int = 0) -> Any:
    """Return outliers of a map."""
    return pd.DataFrame({
        "layer": layer, "checkpoint": checkpoint, "subset": "", "method": "tsne",
        "observation": observations, "hit": np.linspace(0, 0.4, len(observations)),
        "nearest": nearest,
    })  # fmt: skip
