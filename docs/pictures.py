"""Make the pictures of the README from the demo's own run: `make pictures`."""

from pathlib import Path

from layerwise import figures
from layerwise.figures import Panel
from layerwise.studies import hidden_activity

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Write the maps of the test subset before and after training."""
    run = hidden_activity("digits", to="runs/demo", seeds=2, command="layerwise demo").runs[0]
    maps = run.table("projections").query("subset == 'test'")
    hits = run.table("scores").query("subset == 'test' and score == 'neighborhood hit 2-D'")
    hits = hits.set_index(["checkpoint", "layer"])["value"]
    layers = ["input", "relu1", "relu2", "relu3", "relu4"]
    panels = []
    for checkpoint in run.checkpoints:
        for layer in layers:
            part = maps.query("checkpoint == @checkpoint and layer == @layer")
            if part.empty:  # the raw input has one map
                panels.append(None)
                continue
            labels = run.labels["digit"][part["observation"].to_numpy()]
            caption = f"hit {100 * hits[checkpoint, layer]:.1f} %"
            panels.append(Panel(part[["x", "y"]].to_numpy(), labels=labels, caption=caption))
    figure = figures.small_multiples(
        panels, columns=layers, rows=["before training", "after training"],
        class_names=run.class_names("digit"),
    )  # fmt: skip
    IMAGES.mkdir(exist_ok=True)
    figures.save(figure, IMAGES / "maps.png")


if __name__ == "__main__":
    main()
