"""Series of maps. Kind: outcome (aligned, in one frame), law (neighbours stay), contract."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from tests.runs import AFTER, evolution_rows, map_rows, score_rows, small_run
from tests.studio.odd import odd_run
from tests.studio.reading import Page

from layerwise import analysis, scores
from layerwise.studio import Contents
from layerwise.studio.data.files import FRAME, POSITION
from layerwise.studio.data.maps import Pose

SHORT = {"perplexity": 10.0, "n_iter": 40, "early_exaggeration_iter": 20}


def stored(run, layer, checkpoint, kind="projections", **where):
    frame = run.table(kind)
    for name, value in {"layer": layer, "checkpoint": checkpoint, **where}.items():
        frame = frame[frame[name] == value]
    return frame


def test_every_map_keeps_its_shape_up_to_one_factor(page, studied):
    for stop in page.run["series"][0]["stops"]:
        if stop["layer"] == 0:
            continue
        layer = studied.layers[stop["layer"]]
        checkpoint = studied.checkpoints[stop["checkpoint"]]
        frame = stored(studied, layer, checkpoint, subset="test")
        original, found = frame[["x", "y"]].to_numpy(), page.read(stop["file"])
        step = POSITION.scale * 2
        factor = np.sqrt((found**2).sum() / ((original - original.mean(axis=0)) ** 2).sum())
        np.testing.assert_allclose(pdist(found), factor * pdist(original), atol=step)
        labels = studied.labels["digit"][:120]
        hit = scores.neighborhood_hit(found.astype(np.float32), labels)
        expected = scores.neighborhood_hit(original.astype(np.float32), labels)
        assert hit == pytest.approx(expected, abs=0.02)  # codes may swap neighbours that tie


def test_all_maps_are_one_size_and_turned_to_the_deepest_at_the_end(page, studied):
    reference = page.map("pca", 3, 1)
    for layer in (1, 2, 3):
        for checkpoint in (0, 1):
            found = page.map("pca", layer, checkpoint)
            assert np.hypot(*found.T).max() <= FRAME + POSITION.scale
            assert np.mean(found**2) * 2 == pytest.approx(1, rel=1e-3)
            names = studied.layers[layer], studied.checkpoints[checkpoint]
            original = stored(studied, *names, subset="test")[["x", "y"]].to_numpy()
            before = Pose.of(original).apply(original)
            apart = [np.linalg.norm(Y - reference) for Y in (before, found)]
            assert apart[1] <= apart[0] + 0.01
            turned = found @ [[0.8, -0.6], [0.6, 0.8]]
            assert apart[1] < np.linalg.norm(turned - reference) or (layer, checkpoint) == (3, 1)


def test_the_input_has_its_map_at_every_checkpoint(page):
    stops = [stop for stop in page.run["series"][0]["stops"] if stop["layer"] == 0]
    assert [stop["checkpoint"] for stop in stops] == [0, 1]
    assert len({stop["file"] for stop in stops}) == 1


def test_a_map_of_a_sample_leaves_the_others_without_place(tmp_path):
    run = odd_run(tmp_path / "run", n=80, maps=False)
    found = analysis.project(run, layer="layer1", method="pca", n=30)
    analysis.project(run, layer="layer1", method="pca")
    page = Page(Contents(run))
    ids = {one["how"]: one["id"] for one in page.run["series"]}
    assert ids["usual settings, seed 0"] == "pca"
    (sampled,) = [one for one in page.run["series"] if "a sample of 30" in one["how"]]
    there = ~np.isnan(page.read(sampled["stops"][0]["file"])).any(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(there), found["observation"])


def test_two_perplexities_are_two_series_told_apart_by_their_titles(tmp_path):
    run = odd_run(tmp_path / "run", n=60, n_layers=1, maps=False)
    for perplexity in (5.0, 15.0):
        made = analysis.project(
            run, layer="layer1", method="tsne", **{**SHORT, "perplexity": perplexity}
        )
        analysis.score(run, layer="layer1", projection=made)
    page = Page(Contents(run))
    titles = [one["title"] for one in page.run["series"]]
    assert len(set(titles)) == 2
    assert all(title.startswith("t-SNE (") for title in titles)
    assert {"perplexity 5.0", "perplexity 15.0"} == {
        part for title in titles for part in title.split(", ") if part.startswith("perplexity")
    }  # fmt: skip
    table = run.table("scores")
    hits = table[table["score"] == "neighborhood hit 2-D"]["value"]
    found = {one["stops"][0]["quality"]["neighborhood hit 2-D"] for one in page.run["series"]}
    assert found == {float(f"{hit:.6g}") for hit in hits}


def test_numbers_stand_beside_each_map(page, studied):
    table = studied.table("scores").query(
        "layer == 'relu3' and checkpoint == @AFTER and subset == 'test'"
    )
    value = dict(zip(table["score"], table["value"], strict=True))
    (stop,) = [
        one for one in page.run["series"][0]["stops"] if (one["layer"], one["checkpoint"]) == (3, 1)
    ]
    assert set(stop["quality"]) == {
        "neighborhood hit 2-D", "neighborhood hit n-D", "trustworthiness", "continuity", "floor",
    }  # fmt: skip
    for name in ("neighborhood hit 2-D", "neighborhood hit n-D", "trustworthiness"):
        assert stop["quality"][name] == pytest.approx(value[name], rel=1e-5)
    floor = table[table["score"] == "neighborhood hit 2-D"]["floor"].iloc[0]
    assert stop["quality"]["floor"] == pytest.approx(floor, rel=1e-5)


def test_an_evolution_is_one_picture_of_all_times(page, studied):
    (one,) = [
        one for one in page.run["series"]
        if one["over"] == "epochs" and "one map of all" in one["title"]
    ]  # fmt: skip
    frame = studied.table("evolution").query("over == 'epochs' and method == 'joint'")
    original = frame[["x", "y"]].to_numpy().reshape(2, 120, 2)
    found = np.stack([page.read(stop["file"]) for stop in one["stops"]])
    factor = np.ptp(found) / np.ptp(original)
    np.testing.assert_allclose(
        found[1] - found[0], factor * (original[1] - original[0]), atol=0.01 * np.ptp(found)
    )
    assert [stop["checkpoint"] for stop in one["stops"]] == [0, 1]
    measured = studied.table("motion").query(
        "over == 'epochs' and method == 'joint' and time == 1 and measure == 'spread 2-D'"
    )
    assert one["stops"][1]["quality"]["spread 2-D"] == pytest.approx(
        measured["value"].iloc[0], rel=1e-4
    )


def test_trails_lie_in_the_frame_of_their_maps(page, studied):
    with_trails = [one for one in page.run["series"] if one["trails"]]
    assert len(with_trails) == 3
    for one in with_trails:
        lines, rows = page.read(one["trails"]["file"]), page.read(one["trails"]["rows"])
        assert lines.shape[1:] == (len(rows), 2)
        np.testing.assert_array_equal(rows, np.arange(120))
        for place, stop in ((0, one["stops"][0]), (-1, one["stops"][-1])):
            # bundling pulls paths together, and leaves their ends where the maps have them
            np.testing.assert_allclose(lines[place], page.read(stop["file"])[rows], atol=1e-3)


def test_trails_of_a_sample_are_those_that_are_shown(studied):
    page = Page(Contents(studied, n=40))
    (one, *_) = [one for one in page.run["series"] if one["trails"]]
    lines, rows = page.read(one["trails"]["file"]), page.read(one["trails"]["rows"])
    np.testing.assert_array_equal(rows, np.arange(40))
    np.testing.assert_allclose(lines[0], page.read(one["stops"][0]["file"])[rows], atol=1e-3)


def test_maps_of_other_subsets_are_left_out_and_those_of_all_are_cut(tmp_path):
    run = small_run(tmp_path / "run", n=8)
    run.write_table("observations", pd.DataFrame({"subset": ["train", "test"] * 4}), {})
    place = {"layer": "relu2", "checkpoint": "epoch-009", "method": "pca"}
    whole = map_rows(run, ("relu2",)).query("checkpoint == 'epoch-009'").assign(method="pca")
    run.write_table("projections", whole, {**place, "subset": ""})
    half = whole[whole["observation"] % 2 == 0].assign(subset="train", method="mds")
    run.write_table("projections", half, {**place, "subset": "train", "method": "mds"})
    run.write_table("scores", score_rows({("epoch-009", "relu2"): 0.25}, method="pca"), {})
    page = Page(Contents(run))
    assert page.run["subset"] == "test"
    (one,) = page.run["series"]
    assert one["how"] == "usual settings, of all observations"
    assert not np.isnan(page.read(one["stops"][0]["file"])).any()
    assert one["stops"][0]["quality"]["neighborhood hit 2-D"] == 0.25
    assert [row["value"] for row in page.run["scores"]] == [0.25]
    (other,) = Page(Contents(run, subset="train")).run["series"][:1]
    assert other["title"] == "MDS"


def test_tables_that_say_nothing_of_how_they_were_made_are_read(tmp_path):
    run = small_run(tmp_path / "run")
    run.write_table("projections", map_rows(run), {})
    for over, at in (("layers", "epoch-009"), ("epochs", "relu2")):
        run.write_table("evolution", evolution_rows(run, over, at, "dynamic"), {"over": over})
    page = Page(Contents(run))
    assert [(one["over"], len(one["stops"])) for one in page.run["series"]] == [
        ("", 4), ("layers", 2), ("epochs", 2),
    ]  # fmt: skip
    assert not np.isnan(page.map("tsne", 1, 0)).any()
    layers, epochs = page.run["series"][1:]
    first, second = (page.read(stop["file"]) for stop in layers["stops"])
    assert (second[:, 0] > first[:, 0]).all()
    assert [stop["layer"] for stop in epochs["stops"]] == [2, 2]


def test_scores_are_means_without_nan_of_places_that_the_run_has(tmp_path):
    run = small_run(tmp_path / "run")
    place = ("epoch-009", "relu2")
    run.write_table("scores", score_rows({place: 0.2, ("epoch-000", "nowhere"): 1.0}), {})
    run.write_table("scores", score_rows({place: 0.4}, floor=np.nan), {"seed": 1})
    run.write_table("scores", score_rows({("", ""): np.nan, (AFTER, "relu1"): 0.5}), {"seed": 2})
    run.write_table("scores", score_rows({("", ""): 0.7}, score="accuracy"), {"seed": 3})
    assert Page(Contents(run)).run["scores"] == [
        {"layer": None, "checkpoint": None, "score": "accuracy", "method": "", "value": 0.7,
         "floor": 0.5, "published": None},
        {"layer": 2, "checkpoint": 1, "score": "neighborhood hit 2-D", "method": "",
         "value": 0.3, "floor": 0.5, "published": None},
    ]  # fmt: skip
