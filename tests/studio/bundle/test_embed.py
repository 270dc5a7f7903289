"""What a page carries: outcome (its size, its files), contract (caps, names, same bytes)."""

from __future__ import annotations

import base64
import gzip
import io
import json
import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.studio.odd import odd_run

from layerwise import analysis, scores, units
from layerwise.store import Layer, Run, media
from layerwise.studio import Contents
from layerwise.studio.bundle import excerpt
from layerwise.studio.bundle.embed import embed
from layerwise.studio.bundle.excerpt import strongest


def opened(embedded):
    """Return what gives the bytes of a file of the page, as the page does."""
    data = gzip.decompress(base64.b64decode(embedded.block))

    def read(name):
        start, length = embedded.index[name]
        return data[start : start + length]

    return read


def names_in(value):
    """Return every text in the manifest that is a file's name by its form."""
    if isinstance(value, dict):
        return set().union(*(names_in(item) for key, item in value.items() if key != "files"))
    if isinstance(value, list):
        return set().union(*map(names_in, value)) if value else set()
    return {value} if isinstance(value, str) and value.startswith("r0/") else set()


def columns(content, n):
    """Return the rows of a "q1" file."""
    rows = np.frombuffer(content, np.uint8).reshape(-1, 8 + n)
    head = rows[:, :8].copy().view("<f4")
    return head[:, :1] + head[:, 1:] * rows[:, 8:].astype(float)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run with maps and neurons: 3 hidden layers of 24 units, 2 checkpoints."""
    made = odd_run(tmp_path_factory.mktemp("embed") / "run")
    for checkpoint in made.checkpoints:
        analysis.neurons(made, layer="layer3", checkpoint=checkpoint)
        analysis.discriminate(made, layer="layer3", checkpoint=checkpoint, ranking="gini")
    return made


@pytest.fixture(scope="module")
def embedded(run):
    return embed([run])


def test_every_name_resolves_to_bytes_of_its_shape(embedded):
    read, files = opened(embedded), embedded.manifest["files"]
    assert names_in(embedded.manifest) == set(files) == set(embedded.index)
    width = {"u1": 1, "u2": 2, "u4": 4, "f4": 4}
    for name, file in files.items():
        size = math.prod(file["shape"])
        if file["dtype"] == "q1":
            size += 8 * file["shape"][0]
        if file["dtype"] in ("q1", *width):
            assert len(read(name)) == size * width.get(file["dtype"], 1), name
    assert json.loads(json.dumps(embedded.manifest, allow_nan=False)) == embedded.manifest
    assert not embedded.manifest["live"]
    assert embedded.manifest["runs"][0]["methods"] == []


def test_files_are_those_of_a_host_but_for_what_was_chosen(run, embedded):
    contents, read = Contents([run]), opened(embedded)
    files = contents.manifest()["files"]
    shared = [name for name in embedded.index if name in files]
    assert len(shared) > 15
    for name in shared:
        assert read(name) == contents.bytes(name)
    others = {name.split("/")[1] for name in embedded.index if name not in files}
    assert others == {"act", "neighbors"}


def test_chosen_neurons_are_the_best_of_each_class_with_their_activations(run, embedded):
    about = embedded.manifest["runs"][0]
    table = run.table("discrimination").query("checkpoint == 'epoch-001'")
    S = analysis.importances(table, "gini")
    layer = [one["name"] for one in about["layers"]].index("layer3")
    entries = [one for one in about["activations"] if one["layer"] == layer]
    assert [one["checkpoint"] for one in entries] == [0, 1]
    best = {int(unit) for unit in S.argmax(axis=0)}
    assert best <= set(entries[-1]["units"])
    assert len(entries[-1]["units"]) <= excerpt.PER_CLASS * 3
    X = run.activations("layer3", "epoch-001")[:][:, entries[-1]["units"]]
    found = columns(opened(embedded)(entries[-1]["file"]), len(X)).T
    assert np.abs(found - X).max() <= np.ptp(X, axis=0).max() / 254


def test_of_other_hidden_layers_the_most_variable_are_there(run, embedded):
    about = embedded.manifest["runs"][0]
    layer = [one["name"] for one in about["layers"]].index("layer1")
    (entry,) = (
        one for one in about["activations"] if (one["layer"], one["checkpoint"]) == (layer, 1)
    )
    std = units.statistics(run.activations("layer1"))["std"]
    assert entry["units"] == sorted(std.nlargest(excerpt.OTHERS).index.tolist())


def test_neighbours_are_those_of_the_deepest_hidden_layer(run, embedded):
    about = embedded.manifest["runs"][0]
    (entry,) = about["neighbors"]
    assert about["layers"][entry["layer"]]["name"] == "layer3"
    found = np.frombuffer(opened(embedded)(entry["file"]), "<u2").reshape(-1, entry["k"])
    expected = scores.nearest_neighbors(np.asarray(run.activations("layer3")), entry["k"])
    assert found.tolist() == expected.tolist()


def test_same_runs_same_bytes(run, embedded):
    assert embed([Run.open(run.path)]) == embedded


def test_sizes_are_those_of_the_block(embedded):
    assert abs(sum(embedded.sizes.values()) - len(embedded.block)) < 64
    assert {"labels", "maps", "activations", "neuron maps", "thumbnails"} <= set(embedded.sizes)


def test_a_small_budget_leaves_out_what_is_missed_least(run, embedded):
    least = embed([run], budget=0)
    assert set(least.sizes) == {"labels"}
    about = least.manifest["runs"][0]
    assert about["inputs"] is None
    assert about["series"] == about["activations"] == about["neurons"] == []
    assert [one["predicted"] for one in about["checkpoints"]] == [None, None]
    assert names_in(least.manifest) == set(least.index)
    whole = len(embedded.block) + len(json.dumps(embedded.manifest))
    for budget in range(0, whole, whole // 7):
        some = embed([run], budget=budget)
        assert names_in(some.manifest) == set(some.index) == set(some.manifest["files"])
        assert len(some.block) + len(json.dumps(some.manifest)) <= max(
            budget, len(least.block) + len(json.dumps(least.manifest))
        )
        assert some.left_out
    assert embedded.left_out == ()


def test_several_runs_are_all_there_or_only_the_first(run, embedded, tmp_path):
    other = odd_run(tmp_path / "other", seed=1)
    both = embed([run, other])
    assert len(both.manifest["runs"]) == 2
    assert any(name.startswith("r1/") for name in both.index)
    assert both.manifest["runs"][0] == embedded.manifest["runs"][0]
    room = len(embedded.block) + len(json.dumps(embedded.manifest)) + 20_000
    for budget in (room, 20_000):
        alone = embed([run, other], budget=budget)
        assert len(alone.manifest["runs"]) == 1
        assert not any(name.startswith("r1/") for name in alone.index)


def test_full_holds_every_neuron_of_the_mapped_layers(run):
    about = embed([run], full=True).manifest["runs"][0]
    hidden = [one for one in about["activations"] if about["layers"][one["layer"]]["hidden"]]
    assert len(hidden) == 6
    assert all(one["units"] == list(range(24)) for one in hidden)


def test_neighbours_are_of_the_deepest_layer_that_memory_holds(run, monkeypatch):
    assert embed([run]).manifest["runs"][0]["neighbors"]
    monkeypatch.setattr(excerpt, "MOST_VALUES", run.n_observations * 23)
    assert embed([run]).manifest["runs"][0]["neighbors"] == []


def test_full_holds_every_sound_and_the_usual_page_none(tmp_path):
    run = odd_run(tmp_path / "run", n=6)
    clips = [np.full(50, k, np.int16) for k in range(6)]
    run.write_table("sounds", media.sounds(clips, 8000), {"function": "sounds"})
    assert embed([run]).manifest["runs"][0]["sounds"] is None
    found = embed([run], full=True)
    file = found.manifest["runs"][0]["sounds"]["file"]
    read, contents = opened(found), Contents([run])
    assert [read(f"{file}/{k}") for k in range(6)] == [
        contents.bytes(f"{file}/{k}") for k in range(6)
    ]
    assert found.manifest["files"][file]["dtype"] == "wav"


def test_runs_on_the_same_data_have_their_pictures_once(run, tmp_path):
    twin = odd_run(tmp_path / "twin")
    first, second = embed([run, twin]).manifest["runs"]
    assert first["data"] == second["data"]
    assert second["inputs"] == first["inputs"]
    assert all(sheet.startswith("r0/") for sheet in second["inputs"]["sheets"])


def test_what_is_damaged_is_named_and_the_rest_is_there(tmp_path):
    run = odd_run(tmp_path / "run", n=40)
    for part in (run.path / "activations").rglob("*.npy"):
        if "thumbnail" in str(part):
            part.write_bytes(part.read_bytes()[:-1] + b"?")
    found = embed([Run.open(run.path)])
    about = found.manifest["runs"][0]
    assert about["inputs"] is None
    assert "thumbnail" in " ".join(found.manifest["notes"])
    assert about["series"][0]["stops"]
    assert names_in(found.manifest) == set(found.index)


def test_not_finite_activations_are_no_reason_to_fail(tmp_path):
    run = Run.create(
        tmp_path / "run", n_observations=8, rows_per_part=8, provenance={},
        layers=[Layer("relu", (4,), "float32", "ReLU")], fingerprint={"model": "m"},
    )  # fmt: skip
    with run.lock():
        run.add_checkpoint("c", fingerprint="c")
        with run.write("c", 0) as append:
            append("relu", np.full((8, 4), np.nan, np.float32))
    run.write_table("projections", pd.DataFrame({
        "checkpoint": "c", "layer": "relu", "subset": "", "method": "tsne",
        "observation": range(8), "x": range(8), "y": range(8),
    }), {"function": "project", "method": "tsne", "layer": "relu", "checkpoint": "c",
         "subset": ""})  # fmt: skip
    about = embed([run]).manifest["runs"][0]
    assert about["activations"] == about["neighbors"] == []
    assert len(about["series"][0]["stops"]) == 1


def test_strongest_takes_the_first_of_every_class_before_any_second():
    S = np.zeros((80, 200), np.uint8)
    S[np.arange(80), np.arange(80)] = 200
    S[np.arange(80), 100 + np.arange(80)] = 100
    assert strongest(S) == list(range(excerpt.PER_LAYER))
    assert strongest(S[:2]) == [0, 1, 100, 101]


def big_run(folder, n=24_000):
    """Record `n` pictures of 28 x 28 pixels, 3 layers of 96 neurons at two checkpoints."""
    rng = np.random.default_rng(0)
    y = rng.integers(10, size=n)
    strokes = np.kron(rng.random((10, 7, 7)) > 0.6, np.ones((4, 4)))
    pictures = (strokes[y] * rng.integers(120, 255, (n, 1, 1))).astype(np.uint8)[..., None]
    layers = [Layer(f"relu{k}", (96,), "float32", "ReLU") for k in (1, 2, 3)]
    layers += [Layer("output", (10,), "float32", "Linear")]
    layers += [Layer("thumbnail", (28, 28, 1), "uint8", "thumbnail", per_checkpoint=False)]
    run = Run.create(folder, n_observations=n, rows_per_part=n, layers=layers, provenance={},
                     fingerprint={"model": "m", "data": "d"})  # fmt: skip
    centres = rng.normal(size=(10, 96))
    with run.lock():
        for checkpoint in ("epoch-000", "epoch-001"):
            run.add_checkpoint(checkpoint, fingerprint=checkpoint)
            with run.write(checkpoint, 0) as append:
                for layer in run.layers_at(checkpoint):
                    if layer.kind == "thumbnail":
                        values = pictures
                    elif layer.name == "output":
                        values = 3 * np.eye(10)[y] + rng.normal(size=(n, 10))
                    else:
                        values = np.maximum(centres[y] + rng.normal(size=(n, 96)), 0)
                    append(layer.name, values.astype(layer.dtype))
    run.write_table("observations", pd.DataFrame({"digit": y}),
                    {"class_names": {"digit": list("0123456789")}})  # fmt: skip
    for name in ("relu1", "relu2", "relu3"):
        for checkpoint in run.checkpoints:
            analysis.project(run, layer=name, checkpoint=checkpoint, method="pca")
    analysis.neurons(run, layer="relu3", n=500)
    analysis.discriminate(run, layer="relu3", ranking="gini", n=500)
    return run


def test_20_000_observations_with_pictures_stay_below_the_budget(tmp_path):
    run = big_run(tmp_path / "run")
    found = embed([run])
    assert set(found.left_out) <= {"activations"}  # of the layers whose neurons were not mapped
    about = found.manifest["runs"][0]
    assert about["n"] == 20_000
    assert about["inputs"]["count"] == 10_000
    assert len(found.block) + len(json.dumps(found.manifest)) < 5_000_000
    assert {"maps", "thumbnails", "activations", "neighbours"} <= set(found.sizes)
    assert (2, 1) in {(one["layer"], one["checkpoint"]) for one in about["activations"]}
    read = opened(found)
    order = np.frombuffer(read(about["inputs"]["order"]), "<u4")
    rows = np.frombuffer(read(about["rows"]), "<u4")
    assert (np.diff(order.astype(int)) > 0).all()
    said = np.frombuffer(read(about["checkpoints"][-1]["predicted"]), np.uint8)
    wrong = np.flatnonzero(said != np.frombuffer(read(about["labels"][0]["file"]), np.uint8))
    assert 100 < len(wrong) < 10_000
    assert set(wrong.tolist()) <= set(order.tolist())
    (entry,) = (one for one in about["activations"]
                if (one["layer"], one["checkpoint"]) == (2, 1))  # fmt: skip
    most = columns(read(entry["file"]), 20_000).argmax(axis=1)
    assert set(most.tolist()) <= set(order.tolist())
    inputs, j = about["inputs"], 9_999
    sheet, place = divmod(j, inputs["per_sheet"])
    row, column = divmod(place, inputs["columns"])
    with Image.open(io.BytesIO(read(inputs["sheets"][sheet]))) as image:
        tile = np.asarray(image.convert("L"))[
            row * 28 : row * 28 + 28, column * 28 : column * 28 + 28
        ]
    original = run.thumbnails()[int(rows[order[j]])].reshape(28, 28)
    assert np.corrcoef(tile.ravel(), original.ravel())[0, 1] > 0.8
