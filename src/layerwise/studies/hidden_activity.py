"""How a network separates classes: layer by layer, epoch by epoch, neuron by neuron.

After Rauber, Fadel, Falcão and Telea, "Visualizing the Hidden Activity of Artificial Neural
Networks", IEEE TVCG 23(1), 2017: 2,000 observations of the test set and of the training set, a
t-SNE map of the raw input and of every hidden layer, the neighbourhood hit (k = 6) of each map; the
evolution over layers and over epochs with bundled trails; the map of neurons and their roles; and
where the two polarities of digits matter, a second network that sees edges only.

Beyond the paper, every number has its control: the untrained network, shuffled labels, the same
score in n-D (a bad map of a good layer is the projection's fault), and the spread over seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layerwise import analysis, data, report
from layerwise.foundation import checks
from layerwise.scores import select, summarize
from layerwise.store import Run
from layerwise.studies import rauber2017
from layerwise.studies.hypotheses import Evidence, hypotheses
from layerwise.studies.one_network import NETWORKS, OneNetwork
from layerwise.studies.rauber2017 import HIDDEN, N_NEIGHBORS, POLARITY, PROFILES


@dataclass(frozen=True)
class Study:
    """What a study leaves.

    Attributes
    ----------
    runs : one per seed
    rows : scores of all seeds, columns of :data:`layerwise.analysis.ROWS`; those of networks that
        saw edges only have data "... edges"
    summary : mean, spread and floor over seeds
    motion : stability and spread of every evolution, of all seeds
    hypotheses : name, claim, verdict, numbers, control, published
    report : the page
    """

    runs: tuple[Run, ...]
    rows: pd.DataFrame
    summary: pd.DataFrame
    motion: pd.DataFrame
    hypotheses: pd.DataFrame
    report: Path


def hidden_activity(
    name: str = "digits",
    *,
    network: str = "mlp",
    profile: str = "quick",
    data_dir: str | Path | None = None,
    to: str | Path | None = None,
    seeds: int = 1,
    edges: bool | None = None,
    command: str = "",
    **changes: Any,
) -> Study:
    """Train, record, map, score and judge one network on one data set, and write the report.

    Every stage is kept in the folder and resumes: called again, nothing is computed twice.

    Parameters
    ----------
    name : a data set of :data:`layerwise.data.NAMES`, an ``.npz`` or a folder of pictures
    network : "mlp" (4 x 1000) or "cnn" (conv 32, 32, 64, 64, dense 4096, 512)
    profile : "quick" (minutes on two cores) or "paper" (all data, 100 epochs)
    data_dir : where the files of the data set are
    to : folder for runs and report; by default under ``runs/``
    seeds : networks trained, each from its own start
    edges : train a second network on edges, which have no polarity, for every seed; None does so
        for the convolutional network on SVHN, as the paper
    command : what the user typed, for the report
    **changes : fields of :class:`Profile` to change, for example ``epochs=3``

    Returns
    -------
    Study

    Examples
    --------
    >>> study = hidden_activity("digits", epochs=2, to="runs/tried")    # doctest: +SKIP
    >>> study.summary[["layer", "checkpoint", "score", "value"]]        # doctest: +SKIP
    >>> study.hypotheses[["name", "verdict", "numbers"]]                # doctest: +SKIP
    """
    checks.choice("hidden_activity", "network", network, tuple(NETWORKS))
    checks.choice("hidden_activity", "profile", profile, tuple(PROFILES))
    checks.integer("hidden_activity", "seeds", seeds, 1)
    train, test = (data.load(name, split=split, data_dir=data_dir) for split in ("train", "test"))
    settings = rauber2017.settings(profile, network, train.name).changed(changes)
    folder = (
        Path(to) if to is not None else Path("runs") / f"hidden-activity-{train.name}-{network}"
    )
    shown = {
        "profile": profile,
        "command": command or f'hidden_activity("{name}", network="{network}")',
    }
    edges = (network, train.name) == ("cnn", "svhn") if edges is None else edges
    if edges and not train.are_pictures:
        raise checks.invalid("hidden_activity", "edges", "left out for data that are no pictures",
                             edges)  # fmt: skip
    runs, seen = [], []
    for seed in range(seeds):
        one = OneNetwork(network, settings, folder / f"seed-{seed}", seed, shown)
        runs.append(one.run(train, test))
        if edges:
            blind = replace(one, folder=folder / f"seed-{seed}-edges")
            seen.append(blind.run_on_edges(train, test))
            _write_polarity(runs[-1], seen[-1])
    rows = _scores(runs)
    evidence = Evidence(
        rows=rows,
        motion=pd.concat([run.table("motion") for run in runs], ignore_index=True),
        network=network,
        data=train.name,
        before=runs[0].checkpoints[0],
        after=runs[0].checkpoints[-1],
        chance=_chance(runs[0]),
        edges=_scores(seen) if seen else None,
    )
    verdicts = hypotheses(evidence)
    runs[0].write_table("hypotheses", verdicts, {"function": "hypotheses"})
    every = pd.concat([rows, _scores(seen)], ignore_index=True) if seen else rows
    return Study(
        runs=tuple(runs), rows=every, summary=summarize(every), motion=evidence.motion,
        hypotheses=verdicts, report=report.write(runs, folder / "report.html"),
    )  # fmt: skip


def _scores(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the scores of the study; others may have been added to the runs since."""
    rows = pd.concat([run.table("scores") for run in runs], ignore_index=True)
    return select(rows, method="tsne", n_neighbors=N_NEIGHBORS)


def _chance(run: Run) -> float:
    """Return the expected neighbourhood hit of random labels on the shown test observations."""
    _, counts = np.unique(
        analysis.class_codes(run)[0][analysis.rows_of(run, "test")], return_counts=True
    )
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))


def _write_polarity(plain: Run, edges: Run) -> None:
    """Keep the maps of both networks in the run of the first, with the pieces of each class."""
    layer = HIDDEN[str(plain.provenance["network"])][-1]
    frames = []
    for transform, run in (("as is", plain), ("edges", edges)):
        pieces, places = (
            run.table(kind).query("layer == @layer and subset == 'test' and checkpoint == @last",
                                  local_dict={"layer": layer, "last": run.checkpoints[-1]})
            for kind in ("subclusters", "projections")
        )  # fmt: skip
        found = pieces.merge(places, on=["layer", "checkpoint", "subset", "method", "observation"])
        found["polarity"] = run.labels[POLARITY][found["observation"]]
        frames.append(found.assign(transform=transform))
    columns = ["transform", "layer", "checkpoint", "subset", "observation", "x", "y", "class",
               "cluster", "polarity"]  # fmt: skip
    table = pd.concat(frames, ignore_index=True)[columns]
    plain.write_table("polarity", table, {"function": "polarity", "layer": layer})
