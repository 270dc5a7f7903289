"""Occlusion, invariance and correspondence in a run: round trip, closed form, contract."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from layerwise import analysis, models, record
from layerwise.attribution import correspondence, invariance, occlusion_maps
from layerwise.foundation.checks import InvalidValue, NotFound
from layerwise.store.media import Pictures

NAMES = ["test 0 (digit 3)", "test 1 (digit 1)"]


@pytest.fixture
def recorded(tmp_path):
    """Return a run with two checkpoints, the network at the last, and two pictures."""
    x = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for seed, checkpoint in enumerate(("untrained", "trained")):
        net = models.lenet(
            (1, 8, 8), 4, channels=(5,), kernel_size=3, pools=(2,), hidden=(6,), random_state=seed
        )
        run = record(net, x, to=tmp_path / "run", layers=["relu1"], checkpoint=checkpoint)
    return run, net, x


def test_round_trip_maps_come_back_as_they_were(recorded):
    run, net, x = recorded
    maps = occlusion_maps(net, x, [3, 1], window=(3, 2), stride=2)
    pixels = np.arange(128, dtype=np.uint8).reshape(2, 8, 8, 1)
    back = analysis.projection_pixels(np.stack([np.eye(8), -np.eye(8)])[:, None])
    table = analysis.keep_occlusion(
        run, {"untrained": maps, "trained": maps}, names=NAMES, pictures=pixels, projections=back
    )
    assert len(table) == 2 * 2 * 3 * (maps.probability[0].size + 1)
    kept = run.table("occlusion")
    again = analysis.occlusion_of(kept[kept["checkpoint"] == "trained"])
    for field in ("activity", "probability", "predicted", "channels", "classes", "whole_activity",
                  "whole_probability", "whole_predicted"):  # fmt: skip
        np.testing.assert_allclose(getattr(again, field), getattr(maps, field), rtol=1e-6)
    for ours, theirs in zip(again.starts, maps.starts, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert (again.layer, again.window, again.size) == (maps.layer, maps.window, maps.size)
    stored = {one.kind: one for one in Pictures.sets(run.table("images"))}
    np.testing.assert_array_equal(stored["occlusion"].pixels, pixels)
    assert stored["occlusion"].names == tuple(NAMES)
    np.testing.assert_array_equal(stored["projections of covered maps"].pixels, back)

    analysis.keep_occlusion(run, {"trained": maps}, names=["other", "others"])
    kept = run.table("occlusion")
    assert set(kept[kept["checkpoint"] == "trained"]["name"]) == {"other", "others"}


def test_closed_form_projections_are_around_zero_each_on_its_own_scale():
    pixels = analysis.projection_pixels(np.array([[[[0.0, 4, -4]]], [[[0, 1, -1]]]]))
    np.testing.assert_array_equal(pixels[0], pixels[1])
    rgb = analysis.projection_pixels(np.array([0.0, 2, -2]).reshape(1, 3, 1, 1))
    assert rgb.ravel().tolist() == [128, 255, 0]


def test_round_trip_and_closed_form_curves_are_means_over_observations(recorded):
    run, net, x = recorded
    found = [
        invariance(net, x, [3, 1], ["relu1", "relu2"], kind=kind, sizes=sizes)
        for kind, sizes in (("translation", [1, 0, -1]), ("scale", [1.0, 1.5]))
    ]
    table = analysis.keep_invariance(run, {"trained": found}, names=NAMES)
    assert len(run.table("invariance")) == len(table) == 2 * (3 + 2) * (2 * 2 + 1)
    curves = analysis.invariance_curves(run.table("invariance"))
    assert (curves["n_observations"] == 2).all()
    at = curves.set_index(["transform", "layer", "measure", "size"])
    for t, size in enumerate((1.0, 0.0, -1.0)):
        own = found[0].relative("relu2")[:, t]
        row = at.loc[("translation", "relu2", "relative distance", size)]
        assert row["value"] == pytest.approx(own.mean())
        assert row["spread"] == pytest.approx(own.std(ddof=1))
        row = at.loc[("translation", "", "probability", size)]
        assert row["value"] == pytest.approx(found[0].probability[:, t].mean())
    first = curves[(curves["layer"] == "relu1") & (curves["measure"] == "distance")]
    assert first["size"].tolist() == [-1, 0, 1, 1, 1.5]


def test_round_trip_correspondence(recorded):
    run, net, x = recorded
    table = correspondence(net, x, {"eye": np.full((2, 2), 3)}, ["relu1"], n_random=2)
    kept = analysis.keep_correspondence(run, {"trained": table}, data="2 pictures")
    found = run.table("correspondence")
    assert found["delta"].tolist() == kept["delta"].tolist() == table["delta"].tolist()
    assert set(found["data"]) == {"2 pictures"}


def test_contract_what_does_not_fit_is_one_sentence(recorded):
    run, net, x = recorded
    maps = occlusion_maps(net, x, window=4, stride=4)
    curves = invariance(net, x, 0, ["relu1"], sizes=[1])
    for keep in (analysis.keep_occlusion, analysis.keep_invariance, analysis.keep_correspondence):
        with pytest.raises(InvalidValue, match="checkpoints must be one or more"):
            keep(run, {})
    with pytest.raises(NotFound, match="no checkpoint 'epoch-9'"):
        analysis.keep_occlusion(run, {"epoch-9": maps})
    with pytest.raises(InvalidValue, match="names must be 2, one an observation; got 1"):
        analysis.keep_occlusion(run, {"trained": maps}, names=["one"])
    with pytest.raises(InvalidValue, match="names must be 2, one an observation; got 1"):
        analysis.keep_invariance(run, {"trained": [curves]}, names=["one"])
    with pytest.raises(NotFound, match="no layer 'relu9'"):
        curves.relative("relu9")
    signal = torch.nn.Sequential(
        torch.nn.Conv1d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(8, 2)
    )
    with pytest.raises(InvalidValue, match="maps must be of pictures; got 1 axes"):
        analysis.occlusion_table(occlusion_maps(signal, torch.rand(1, 1, 6)))
