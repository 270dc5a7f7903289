"""Make the pictures of the README from runs of the demo and of studies: `make pictures`.

The photographs and the networks that look at them lie in the folder LAYERWISE_DATA.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image
from playwright.sync_api import sync_playwright

from layerwise import (
    Run,
    analysis,
    attribution,
    data,
    figures,
    models,
    network,
    recording,
    synthesis,
    targets,
    units,
)
from layerwise.figures import Panel, Tiles
from layerwise.report.lines import still
from layerwise.studies import filter_statistics, hidden_activity, lines

IMAGES = Path(__file__).parent / "images"
EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    """Write the studio, the maps of the layers, and the trails and neurons of the last one."""
    run = hidden_activity(
        "digits", to="runs/demo", seeds=2, n_trees=50, command="layerwise demo"
    ).runs[0]
    IMAGES.mkdir(exist_ok=True)
    figures.save(maps(run), IMAGES / "maps.png")
    figures.save(evolution(run), IMAGES / "evolution.png")
    studio(run, IMAGES / "studio.png")
    looked = filter_statistics("mnist", to="runs/filters")
    figures.save(classes(looked.runs[0]), IMAGES / "classes.png", dpi=100)
    learned = lines("circles", iterations=(1, 16, 34, 1407), to="runs/circles")
    figures.save(still(learned.run), IMAGES / "lines.png", dpi=100)
    lenet = models.lenet((1, 28, 28), 10, channels=(32, 64, 64), kernel_size=3, pools=(2, 1, 2))
    trained = looked.runs[0].path / "training" / f"{looked.runs[0].checkpoints[-1]}.safetensors"
    network.apply_weights(lenet, network.load_weights(trained))
    figures.save(top(lenet), IMAGES / "top.png", dpi=80)
    sys.path.insert(0, str(EXAMPLES))
    figures.save(preferred(lenet), IMAGES / "preferred.png", dpi=100)
    figures.save(why(), IMAGES / "why.png", dpi=80)
    for name in ("top", "preferred", "why"):
        shrink(IMAGES / f"{name}.png")


def top(lenet) -> Figure:
    """Draw the digits that excite four filters of two layers most, with their projections."""
    digits, found = data.load("mnist"), {}
    for layer, one in recording.top(lenet, digits, ["relu2", "relu3"]).items():
        best = np.argsort(-one.values[:, 0], kind="stable")[:4]
        found[layer] = analysis.top_images(attribution.top_patches(lenet, digits, one, best))
    return figures.top_patches(found, observations="10,000 test images of MNIST")


def preferred(lenet) -> Figure:
    """Draw the digits that a LeNet wants to see, and four of ImageNet's classes."""
    from mobilenet_v2 import mobilenet_v2

    digits = synthesis.maximize(lenet, targets.logit(range(10)), data.load("mnist"))
    animals = {"flamingo": 130, "daisy": 985, "bee": 309, "tarantula": 76}
    photos = synthesis.maximize(
        mobilenet_v2(weights("mobilenet_v2_1.0_224_imagenet.npz")),
        targets.logit(list(animals.values())), (3, 160, 160), steps=160,
    )  # fmt: skip
    groups = [
        Tiles(pixels(digits.images), [str(k) for k in range(10)],
              "A LeNet that learned MNIST in two epochs"),
        Tiles(pixels(photos.images), list(animals), "MobileNetV2 that learned ImageNet", None, 4),
    ]  # fmt: skip
    return figures.tiles(groups)


def why() -> Figure:
    """Draw what SqueezeNet's answers for two photographs rest on."""
    from squeezenet import squeezenet

    table = photos_folder() / "photos.tsv"
    named = pd.read_csv(table, sep="\t")
    rows = named.index[named["file"].isin(["stubs/koala.jpg", "stubs/beagle.jpg"])]
    photos = data.load(table, split="all", size=227).take(rows.to_numpy())
    names = named["class_name"].str.partition(",")[0]
    found = attribution.explain(
        squeezenet(weights("squeezenet_v1.0_imagenet.npz")), photos,
        methods=["guided_backpropagation", "grad_cam", "occlusion"],
        options={"grad_cam": {"layer": "fire9"}, "occlusion": {"stride": 15}}, n_steps=4,
        n_random=1,
    )  # fmt: skip
    said = dict(zip(named["class_index"], names, strict=True))
    captions = [f"taken for a {said[k]}: what the class rests on" for k in found.predicted]
    return figures.attributions([found], [captions], pictures=photos.observations)


def pixels(images):
    """Return (n, channels, height, width) in [0, 1] as (n, height, width, channels) of bytes."""
    return (255 * np.clip(images, 0, 1)).round().astype(np.uint8).transpose(0, 2, 3, 1)


def weights(name: str) -> Path:
    """Return a file of weights."""
    return photos_folder().parent / "weights" / name


def photos_folder() -> Path:
    """Return the folder of the photographs."""
    return Path(os.environ["LAYERWISE_DATA"]) / "photos"


def studio(run: Run, path: Path) -> None:
    """Take a picture of the studio: an error held in the inspector, and a neuron that tells 8."""
    start = "from layerwise.cli.main import main; main()"
    command = [sys.executable, "-c", start, "view", str(run.path), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        address = re.search(r"http://\S+", host.stdout.readline())[0]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1400, "height": 1010})
            page.goto(address)
            page.get_by_role("heading", name="Observations", exact=True).wait_for()
            page.evaluate(f"() => window.__studio.store.set({state(run)})")
            page.wait_for_timeout(3000)
            page.screenshot(path=path)
            browser.close()
        host.terminate()
    shrink(path, dither=Image.Dither.NONE)  # flat colours: a palette loses nothing that is seen


def shrink(path: Path, dither=Image.Dither.FLOYDSTEINBERG) -> None:
    """Store a picture with 256 colours."""
    colors = Image.open(path).convert("RGB").quantize(256, dither=dither)
    colors.save(path, optimize=True)


def state(run: Run) -> dict[str, object]:
    """Return what the page shows: the network's surest error, and the neuron that tells it best."""
    said = run.table("predictions").query("checkpoint == @run.checkpoints[-1] and not correct")
    said = said[run.labels["subset"][said["observation"]] == "test"]
    error = int(said.sort_values("confidence")["observation"].iloc[-1])
    told = run.table("discrimination").query("checkpoint == @run.checkpoints[-1]")
    unit = analysis.importances(told, "forest")[:, run.labels["digit"][error]].argmax()
    shown = analysis.rows_of(run, "test").tolist()
    return {"pinned": shown.index(error), "unit": int(unit)}


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


def classes(run: Run) -> Figure:
    """Draw what filters of the second layer do for each digit, less what they do for all."""
    kept = run.table("class_maps").query("layer == 'relu2' and subset == 'test'")
    told = run.table("selectivity").query("layer == 'relu2' and subset == 'test'")
    best = told[told["checkpoint"] == run.checkpoints[-1]].nlargest(10, "eta2")["unit"].to_numpy()
    panels = []
    for checkpoint in run.checkpoints:
        (maps,) = analysis.class_maps_of(kept[kept["checkpoint"] == checkpoint])
        panels.append(maps.differences[:, best])
    return figures.class_maps(
        panels, ["before training", "after training"], filters=best.tolist(),
        class_names=run.class_names("digit"),
        title="Ten filters of relu2: class means less the mean of all digits",
    )  # fmt: skip


if __name__ == "__main__":
    main()
