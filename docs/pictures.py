"""Make the pictures of the README from the demo's own run: `make pictures`."""

from pathlib import Path

from matplotlib.figure import Figure

from layerwise import Run, analysis, figures, units
from layerwise.figures import Panel
from layerwise.studies import hidden_activity

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Write the maps of the layers, and the trails and neurons of the last one."""
    run = hidden_activity(
        "digits", to="runs/demo", seeds=2, n_trees=50, command="layerwise demo"
    ).runs[0]
    IMAGES.mkdir(exist_ok=True)
    figures.save(maps(run), IMAGES / "maps.png")
    figures.save(evolution(run), IMAGES / "evolution.png")


def maps(run: Run) -> Figure:
    """Draw the test subset in every layer, before and after training."""
    places = run.table("projections").query("subset == 'test'")
    hits = run.table("scores").query("subset == 'test' and score == 'neighborhood hit 2-D'")
    hits = hits.set_index(["checkpoint", "layer"])["value"]
    layers = ["input", "relu1", "relu2", "relu3", "relu4"]
    panels = []
    for checkpoint in (run.checkpoints[0], run.checkpoints[-1]):
        for layer in layers:
            part = places.query("checkpoint == @checkpoint and layer == @layer")
            if part.empty:  # the raw input has one map
                panels.append(None)
                continue
            labels = run.labels["digit"][part["observation"].to_numpy()]
            caption = f"hit {100 * hits[checkpoint, layer]:.1f} %"
            panels.append(Panel(part[["x", "y"]].to_numpy(), labels=labels, caption=caption))
    return figures.small_multiples(
        panels, columns=layers, rows=["before training", "after training"],
        class_names=run.class_names("digit"),
    )  # fmt: skip


def evolution(run: Run) -> Figure:
    """Draw the way of the test subset over the epochs, and the roles of the neurons."""
    trails = run.table("trails").query("over == 'epochs'")
    paths, rows = analysis.paths_of(trails)
    digits = run.labels["digit"][rows]
    panels = [Panel(paths, digits, caption="each trail an image")]
    for checkpoint in (run.checkpoints[0], run.checkpoints[-1]):
        told, neurons = (
            table[table["checkpoint"] == checkpoint]
            for table in (run.table("discrimination"), run.table("units"))
        )
        neurons = neurons[neurons["state"] == "live"]
        S = analysis.importances(told, "forest")[neurons["unit"]]
        panels.append(
            Panel(neurons[["x", "y"]].to_numpy(), units.roles(S), strength=units.power(S),
                  caption="each dot a neuron")
        )  # fmt: skip
    names = ["over the epochs", "neurons, before training", "neurons, after training"]
    return figures.small_multiples(panels, columns=names, class_names=run.class_names("digit"))


if __name__ == "__main__":
    main()
