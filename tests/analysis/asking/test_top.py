"""Tables and pictures of what excites units: literal, and honest about what is silent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from tests.networks import Signals
from tests.topped import CHECKPOINTS, LAYERS, classes, found, network, topped
from torch import nn

from layerwise import analysis
from layerwise.attribution import top_patches
from layerwise.foundation.checks import InvalidValue, NotFound
from layerwise.recording import record, top
from layerwise.store.media import Pictures
from layerwise.units.pictures import pixels

LAST = CHECKPOINTS[-1]


def test_reference_the_table_says_what_each_unit_saw_where() -> None:
    one = found()[LAST]["relu2"].top
    table = analysis.top_table(one, classes())
    assert len(table) == 6 * 5
    for row in table.to_dict("records"):
        unit, rank = row["unit"], row["rank"]
        place = tuple(one.positions[unit, rank])
        assert row["observation"] == one.rows[unit, rank]
        assert row["value"] == pytest.approx(one.values[unit, rank])
        assert row["position"] == ",".join(map(str, place))
        assert row["class"] == classes()[row["observation"]]
        box = ((row["y0"], row["y1"]), (row["x0"], row["x1"]))
        assert box == one.field.interval(place, unit)
    dense = analysis.top_table(found()[LAST]["fc"].top)
    assert set(dense["position"]) == {""}
    assert dense[["y0", "y1", "x0", "x1"]].drop_duplicates().values.tolist() == [[0, 7, 0, 7]]
    with pytest.raises(InvalidValue, match="classes must be 1-D with one entry per observation"):
        analysis.top_table(one, ["a"])


def test_outcome_of_signals_x_alone_is_known() -> None:
    torch.manual_seed(0)
    one = top(Signals(), torch.randn(9, 2, 40), "conv2", n=2)["conv2"]
    table = analysis.top_table(one)
    assert table[["y0", "y1"]].isna().all(axis=None)
    assert (table["x1"] - table["x0"] <= 12).all()


def test_closed_form_a_picture_holds_projections_left_and_patches_right() -> None:
    patches = found()[LAST]["relu2"]
    images = analysis.top_images(patches)
    row = images.units.tolist().index(3)
    side, times = patches.patches.shape[3], -(-30 // patches.patches.shape[3])
    cell = side * times
    assert images.pixels.shape[1:] == (2 * cell + 2, 2 * (3 * cell + 4) + 8, 3)
    for rank in range(5):
        down, across = divmod(rank, 3)
        y, x = down * (cell + 2), across * (cell + 2)
        for left, values, paint in (
            (0, patches.projections, lambda v: pixels.signed(v, images.limits[row])),
            (3 * cell + 4 + 8, patches.patches, lambda v: np.rint(255 * v)[..., None]),
        ):
            cut = images.pixels[row, y : y + cell, left + x : left + x + cell][::times, ::times]
            one = values[2, rank, 0]
            there = ~np.isnan(one)
            np.testing.assert_array_equal(
                cut[there], np.broadcast_to(paint(one[there]), cut[there].shape)
            )
            assert (cut[~there] == 255).all()
    assert (images.pixels[row, cell + 4 :, 2 * (cell + 2) : 3 * cell + 4] == 255).all()  # no sixth


def test_law_the_scale_of_a_unit_is_that_of_a_typical_projection() -> None:
    patches = found()[LAST]["relu2"]
    limits = analysis.top_images(patches).limits
    for unit, limit in zip(patches.projections, limits, strict=True):
        sizes = [np.nanquantile(np.abs(one), 0.995) for one in unit]
        assert limit == pytest.approx(np.median(sizes), rel=1e-5)


def test_outcome_silent_units_have_no_picture_and_are_told() -> None:
    images = analysis.top_images(found()[LAST]["relu1"])
    assert images.silent.tolist() == [1]
    assert 1 not in images.units
    assert 1 not in analysis.strongest_units(found()[LAST]["relu1"].top, 4)
    net = network(2)
    alone = top_patches(net, torch.rand(6, 1, 8, 8), top(net, torch.rand(6, 1, 8, 8), "relu1")[
        "relu1"], [1])  # fmt: skip
    with pytest.raises(InvalidValue, match="1 silent units of 'relu1'"):
        analysis.top_images(alone)


def test_outcome_colours_signals_and_features() -> None:
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU()), torch.rand(9, 3, 6, 6)
    colours = analysis.top_images(top_patches(net, x, top(net, x, "0")["0"]))
    assert colours.ramp == "rgb"
    signals = torch.randn(9, 2, 40)
    shown = analysis.top_images(
        top_patches(Signals(), signals, top(Signals(), signals, "conv1", n=4)["conv1"])
    )
    assert shown.ramp == "signed"
    assert shown.pixels.shape[1:] == (2 * 2 * 6 + 2, 4 * 5 * 6 + 4 + 8, 3)
    mlp, rows = nn.Sequential(nn.Linear(5, 4)), torch.randn(20, 5)
    assert analysis.top_images(top_patches(mlp, rows, top(mlp, rows, "0")["0"])).units.size


def test_reference_how_many_are_of_one_class() -> None:
    table = analysis.top_table(found()[LAST]["fc"].top, classes())
    told = analysis.top_classes(table).set_index("unit")
    for unit, own in table[table["value"] > 0].groupby("unit"):
        counts = own["class"].value_counts()
        if counts.max() == 1:
            assert unit not in told.index
            continue
        assert told.loc[unit, "agree"] == counts.max()
        assert counts[told.loc[unit, "class"]] == counts.max()
        assert told.loc[unit, "n"] == len(own)
    assert analysis.top_classes(analysis.top_table(found()[LAST]["fc"].top)).empty


def test_reference_jumps_and_when_a_feature_settles() -> None:
    rng = np.random.default_rng(0)
    names = list("abcdef")
    rows = [
        {"layer": "x", "unit": unit, "rank": rank, "checkpoint": name,
         "observation": int(rng.integers(3)) + 10 * rank, "value": float(unit > 0)}
        for unit in range(30) for name in names for rank in range(3)
    ]  # fmt: skip
    table = pd.DataFrame(rows).sample(frac=1, random_state=0)
    moved = analysis.feature_evolution(table, names)
    assert 0 not in set(moved["unit"])  # silent in the end
    best = table[table["rank"] == 0].set_index(["unit", "checkpoint"])["observation"]
    for (unit, name), row in moved.set_index(["unit", "checkpoint"]).iterrows():
        k = names.index(name)
        series = [best[unit, other] for other in names]
        assert row["observation"] == series[k]
        assert row["jumped"] == (k > 0 and series[k] != series[k - 1])
        assert row["final"] == all(one == series[-1] for one in series[k:])
        sets = [set(table[(table["unit"] == unit) & (table["checkpoint"] == n)]["observation"])
                for n in (name, names[-1])]  # fmt: skip
        assert row["shared"] == pytest.approx(len(sets[0] & sets[1]) / 3)
    marks = analysis.jumps_of(moved, "x", np.array([7, 2]), len(names))
    own = moved[moved["unit"] == 2].sort_values("time")
    assert marks[1].tolist() == own["jumped"].tolist()


def test_closed_form_evolution_shows_projection_over_patch_of_the_strongest() -> None:
    over = {name: layers["relu1"] for name, layers in found().items()}
    cells, units = analysis.evolution_images(over)
    assert units.tolist() == [0, 3]
    assert cells.shape == (2, 3, 62, 30, 3)
    for k, name in enumerate(CHECKPOINTS):
        patch = over[name].patches[2, 0, 0]
        shown = cells[1, k, 32:][::10, ::10, 0]
        there = ~np.isnan(patch)
        np.testing.assert_array_equal(shown[there], np.rint(255 * patch[there]))
    other = {**over, LAST: found()[LAST]["relu2"]}
    with pytest.raises(InvalidValue, match="of the same units of one layer"):
        analysis.evolution_images(other)


def test_round_trip_a_run_keeps_tables_and_pictures(tmp_path) -> None:
    run = topped(tmp_path / "run")
    table = run.table("top")
    assert set(table["checkpoint"]) == set(CHECKPOINTS)
    assert len(table) == 3 * (4 + 6 + 5) * 5
    assert set(table["n_observations"]) == {60}
    assert set(table["subset"]) == {"test"}
    kinds = run.table("images").groupby("kind")["index"].size()
    speak = {
        name: sum(int((~one.top.silent[one.units]).sum()) for one in found()[name].values())
        for name in CHECKPOINTS
    }
    assert kinds["top patches"] == speak[CHECKPOINTS[0]] + speak[LAST]
    assert kinds["feature evolution"] == speak[LAST] < 3 * 3
    some = [one for one in Pictures.sets(run.table("images")) if one.kind == "top patches"]
    assert {(one.layer, one.checkpoint, one.about) for one in some} == {
        (layer, name, "unit") for layer in LAYERS for name in (CHECKPOINTS[0], LAST)
    }
    alive = sum(int((~one.top.silent).sum()) for one in found()[LAST].values())
    assert len(run.table("feature_evolution")) == 3 * alive
    analysis.keep_top(run, found(), classes=classes(), subset="test", data="digits")
    pd.testing.assert_frame_equal(run.table("top"), table)  # in place of the earlier answer


def test_contract_checkpoints_must_be_the_runs(tmp_path) -> None:
    run = topped(tmp_path / "run")
    with pytest.raises(NotFound, match="no checkpoint 'epoch-009'"):
        analysis.keep_top(run, {"epoch-009": found()[LAST]})
    with pytest.raises(InvalidValue, match="checkpoints must be one or more"):
        analysis.keep_top(run, {})


def test_contract_of_volumes_and_features_the_table_is_kept_without_pictures(tmp_path) -> None:
    nets = {
        "volumes": (nn.Sequential(nn.Conv3d(1, 2, 3)), torch.rand(4, 1, 5, 5, 5)),
        "features": (nn.Sequential(nn.Linear(6, 2)), torch.rand(4, 6)),
    }
    for name, (net, x) in nets.items():
        run = record(net, x, to=tmp_path / name, checkpoint="trained")
        found = top_patches(net, x, top(net, x, "0")["0"])
        assert len(analysis.keep_top(run, {"trained": {"0": found}})) == 8
        assert "images" not in run.tables


@pytest.mark.parametrize("shape", [(1, 900), (1, 200, 200)])
def test_contract_pictures_of_large_fields_and_many_checkpoints_can_be_kept(
    tmp_path, shape
) -> None:
    convolution = nn.Conv1d if len(shape) == 2 else nn.Conv2d
    net = nn.Sequential(convolution(1, 2, shape[-1]), nn.Sigmoid())
    x = torch.rand(6, *shape)
    for name in (names := [f"epoch-{k:03}" for k in range(10)]):
        run = record(net, x, to=tmp_path / "run", checkpoint=name)
    found = {"1": top_patches(net, x, top(net, x, "1")["1"])}
    analysis.keep_top(run, dict.fromkeys(names, found))
    sets = list(Pictures.sets(run.table("images")))
    assert {one.kind for one in sets} == {"top patches", "feature evolution"}
    assert all(max(one.pixels.shape[1:3]) <= 1024 for one in sets)
