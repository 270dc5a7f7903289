"""How digits move while a network learns, and what its neurons stand for. Ends in a picture.

Run it: python examples/evolution.py [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import layerwise as lw


def main(folder: Path) -> None:
    """Record a small network after every second epoch; draw trails and the map of its neurons."""
    train, test = lw.data.load("digits", split="train"), lw.data.load("digits")
    model = lw.models.mlp(train.input_shape, 10, hidden=(64, 64), dropout=(0, 0))
    for checkpoint in lw.models.train(
        model, train.inputs(), train.labels["digit"], to=folder / "training", epochs=8,
        checkpoints=[0, 2, 4, 6, 8], learning_rate=0.05,
    ):  # fmt: skip
        run = lw.record(model, test, to=folder / "run", layers=["relu*"],
                        checkpoint=checkpoint.name)  # fmt: skip

    moved = lw.analysis.evolve(run, over="epochs", method="joint")
    paths, _ = lw.analysis.paths_of(lw.analysis.trails(run, moved))

    neurons = lw.analysis.neurons(run, layer="relu2").query("state == 'live'")
    told = lw.analysis.discriminate(run, layer="relu2", n_trees=50)
    S = lw.analysis.importances(told, "forest")[neurons["unit"]]
    roles, digits = lw.units.roles(S), run.labels["digit"]

    panels = [
        lw.figures.Panel(paths, digits, caption="each trail an image"),
        lw.figures.Panel(neurons[["x", "y"]].to_numpy(), roles, strength=lw.units.power(S),
                         caption="each dot a neuron"),
    ]  # fmt: skip
    figure = lw.figures.small_multiples(
        panels, columns=["from epoch 0 to 8", "by the digit it tells"],
        class_names=run.class_names("digit"),
    )  # fmt: skip
    lw.figures.save(figure, folder / "evolution.png")
    threes = np.flatnonzero(digits == 3)
    strongest = lw.analysis.contrast(run, threes, layer="relu2").head(3)
    print("neurons that fire most on a 3:", strongest["unit"].tolist())
    print(folder / "evolution.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
