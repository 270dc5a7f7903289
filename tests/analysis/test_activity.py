"""Tallies of runs: the run's path equals the model's; tables that can be read back; errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import Run, analysis, record, units
from layerwise.analysis.activity import FEATURES_LAST, activity_rows, class_map_rows
from layerwise.analysis.class_pictures import class_pictures, winner_pixels
from layerwise.foundation.checks import UserError
from layerwise.recording import tally as tally_model
from layerwise.store.media import Pictures
from layerwise.units import Tally

N, NAMES = 90, ("cat", "dog", "emu", "fox")
LAYERS = ["1", "3", "6"]


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 5, 3), nn.ReLU(), nn.Conv2d(5, 4, 3), nn.ReLU6(), nn.Flatten(),
        nn.Linear(64, 7), nn.ReLU(),
    )  # fmt: skip


def inputs() -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(N, 1, 8, 8)).astype(np.float32)
    x[np.arange(N) % 3 == 1, :, :4] += 2
    return x


def columns() -> dict[str, np.ndarray]:
    return {"pet": np.arange(N) % 3, "subset": np.repeat(["test", "train"], [30, 60])}


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    monkeypatch.setattr("layerwise.recording.budget.PART_BYTES", 2**16)
    return record(network(), inputs(), to=tmp_path, labels=columns(), layers=LAYERS,
                  class_names={"pet": NAMES}, batch_size=16, checkpoint="first")  # fmt: skip


def assert_same(found: Tally, expected: Tally) -> None:
    a, b = found.statistics(), expected.statistics()
    exact = [name for name in a if name not in ("mean", "std")]
    assert a[exact].equals(b[exact])
    np.testing.assert_allclose(a[["mean", "std"]], b[["mean", "std"]], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.class_maps(), expected.class_maps(), rtol=1e-6)
    np.testing.assert_array_equal(found.winners().index, expected.winners().index)
    assert found.class_names == expected.class_names


def test_law_the_path_of_a_run_is_that_of_its_model(run):
    assert len(list(run.commits("first"))) > 1
    live = tally_model(network(), inputs(), LAYERS, labels=columns(), label="pet",
                       class_names={"pet": NAMES}, batch_size=16)  # fmt: skip
    for layer in LAYERS:
        assert_same(analysis.tally(run, layer), live[layer])
    rows = columns()["subset"] == "train"
    part = tally_model(network(), inputs()[rows], "1", labels={"pet": columns()["pet"][rows]},
                       class_names={"pet": NAMES}, batch_size=16)["1"]  # fmt: skip
    found = analysis.tally(run, "1", subset="train")
    np.testing.assert_allclose(found.class_maps(), part.class_maps(), rtol=1e-4, atol=1e-6)
    assert found.n_observations == 60


def test_contract_rows_of_a_subset_need_not_follow_each_other(tmp_path):
    labels = {"pet": np.arange(N) % 3, "subset": np.array(["a", "b"])[np.arange(N) % 2]}
    run = record(network(), inputs(), to=tmp_path, labels=labels, layers=["1"])
    found = analysis.tally(run, "1", subset="b")
    X = np.asarray(run.activations("1"))[1::2].reshape(-1, 5, 6, 6)
    np.testing.assert_allclose(found.statistics()["mean"], X.mean(axis=(0, 2, 3)), rtol=1e-6)


def test_contract_tokens_have_features_last(tmp_path):
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), torch.randn(20, 5, 3)
    run = record(net, x, to=tmp_path, layers=["0", "1"])
    assert "linear" in FEATURES_LAST
    assert (analysis.tally(run, "0").n_units, analysis.tally(run, "0").positions) == (4, (5,))
    assert analysis.tally(run, "1").n_units == 5  # a ReLU does not say
    found = analysis.tally(run, "1", axis=-1)
    expected = tally_model(net, x)["1"]
    assert found.n_classes == 0
    np.testing.assert_allclose(found.statistics()["mean"], expected.statistics()["mean"])


def test_round_trip_tables_hold_what_was_counted(run):
    tallies = {layer: analysis.tally(run, layer) for layer in LAYERS}
    analysis.keep_tallies(run, tallies, checkpoint="first", label="pet", data="noise")
    again = Run.open(run.path)
    activity, told = again.table("activity"), again.table("selectivity")
    maps = {one.layer: one for one in analysis.class_maps_of(again.table("class_maps"))}
    for layer, tally in tallies.items():
        part = activity[activity["layer"] == layer]
        whole = part[part["class"] == -1].reset_index(drop=True)
        expected = tally.statistics()
        assert set(expected) | {"layer", "checkpoint", "subset", "class"} <= set(activity)
        for name in expected:
            assert whole[name].tolist() == pytest.approx(expected[name].tolist(), nan_ok=True)
        moments = tally.by_class()
        for code in range(3):
            own = part[part["class"] == code]
            np.testing.assert_array_equal(own["mean"], moments.mean[code])
            np.testing.assert_array_equal(own["std"], moments.std[code])
            np.testing.assert_array_equal(own["active"], moments.active[code])
            assert own["q50"].isna().all()
            assert set(own["state"]) == {""}
        assert not (part["class"] == 3).any()
        mine = told[told["layer"] == layer].reset_index(drop=True)
        expected = units.selectivity(moments)
        for name in expected:
            assert mine[name].tolist() == pytest.approx(expected[name].tolist(), nan_ok=True)
        shape = (4, tally.n_units, *((1, 1, *tally.positions)[-2:]))
        np.testing.assert_array_equal(maps[layer].means, tally.class_maps().reshape(shape))
        np.testing.assert_array_equal(
            maps[layer].winners, tally.winners().index.reshape(maps[layer].winners.shape)
        )
        np.testing.assert_allclose(maps[layer].shares.ravel(), tally.winners().share.ravel())
    provenance = again.table("activity").attrs["provenance"][0]
    assert (provenance["function"], provenance["data"]) == ("keep_tallies", "noise")
    n_rows = len(activity)
    analysis.keep_tallies(run, tallies, checkpoint="first", label="pet", data="noise")
    assert len(run.table("activity")) == n_rows  # in place of the earlier ones
    statistics = analysis.class_statistics(run)
    assert {"1", "3", "6"} == set(statistics["layer"])


def test_contract_tallies_without_classes_keep_no_class_tables(run):
    tally = Tally(3)
    tally.update(np.ones((4, 3)))
    analysis.keep_tallies(run, {"any": tally}, checkpoint="")
    assert "activity" in run.tables
    assert not {"selectivity", "class_maps", "images"} & set(run.tables)
    assert len(activity_rows(tally)) == 3


def test_contract_signals_and_volumes_have_rows_and_columns():
    for positions, size in (((7,), (1, 7)), ((), (1, 1)), ((2, 3, 4), (2, 12)), ((3, 5), (3, 5))):
        tally = Tally(2, positions, n_classes=1)
        A = np.arange(2 * np.prod(positions, dtype=int), dtype=np.float32).reshape(1, 2, *positions)
        tally.update(A, np.zeros(1, int))
        rows = class_map_rows(tally)
        assert (rows["height"][0], rows["width"][0]) == size
        assert rows["kind"].tolist() == ["mean", "mean", "winner", "share"]
        stored = np.frombuffer(b"".join(rows["values"][:2]), "<f4")
        np.testing.assert_array_equal(stored, A.ravel())


def test_outcome_pictures_of_the_units_that_tell_classes_apart(run):
    tally = analysis.tally(run, "1")
    analysis.keep_tallies(run, {"1": tally}, checkpoint="first")
    sets = {one.kind: one for one in Pictures.sets(run.table("images"))}
    assert set(sets) == {"class means", "class differences", "winners"}
    means = sets["class means"]
    assert means.pixels.shape == (3 * 5, 6, 6, 3)
    assert means.names[:6] == ("cat: 0", "cat: 1", "cat: 2", "cat: 3", "cat: 4", "dog: 0")
    assert means.index.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert "1: class means of units over 90 observations" in means.title
    # The strongest pixel of a unit over all classes has the end of the scale.
    maps = tally.class_maps()[:3]
    for unit in range(5):
        place = np.unravel_index(maps[:, unit].argmax(), maps[:, unit].shape)
        assert means.pixels[place[0] * 5 + unit, place[1], place[2]].tolist() == [74, 26, 3]
    won = sets["winners"]
    index = tally.winners().index[:3]
    colors = won.pixels.reshape(-1, 3)
    pairs = {(i, tuple(c)) for i, c in zip(index.ravel().tolist(), colors.tolist(), strict=True)}
    assert len(pairs) == len({i for i, _ in pairs}) == len({c for _, c in pairs})
    assert class_pictures(analysis.tally(run, "6"), "6", "first").empty


def test_closed_form_silence_is_grey_in_winner_pictures():
    colors = winner_pixels(np.array([[-1, 0], [1, 200]])).reshape(-1, 3)
    assert colors[0].tolist() == [187, 187, 187]
    assert len({tuple(color) for color in colors.tolist()}) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer": "9"}, "no layer '9'"),
        ({"layer": "1", "checkpoint": "last"}, "no checkpoint 'last'"),
        ({"layer": "1", "subset": "valid"}, "no subset 'valid'"),
        ({"layer": "1", "label": "plant"}, "no label column 'plant'"),
        ({"layer": "1", "axis": 1}, r"tally: axis must be 0 \(units first\) or -1 \(last\); got 1"),
        ({"layer": "1", "max_bytes": 10}, "tally: max_bytes must be at least .*e-05 GB"),
    ],
)
def test_contract_bad_questions(run, arguments, message):
    with pytest.raises(UserError, match=message):
        analysis.tally(run, **arguments)


def test_contract_what_cannot_be_kept(run, monkeypatch):
    tally = analysis.tally(run, "1")
    with pytest.raises(UserError, match="no checkpoint 'second'"):
        analysis.keep_tallies(run, {"1": tally}, checkpoint="second")
    monkeypatch.setattr("layerwise.analysis.activity.MOST_MAPS", 19)
    with pytest.raises(UserError, match="at most 19 mean maps a layer; got 4 classes of 5 units"):
        analysis.keep_tallies(run, {"1": tally}, checkpoint="first")
    assert "activity" not in run.tables
