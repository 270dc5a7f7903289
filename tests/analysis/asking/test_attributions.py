"""Attributions kept beside a run: the table is the explanation, the pictures are its maps."""

from __future__ import annotations

import numpy as np
import pytest
from tests.explained import METHODS, NAMES, explained, inputs, pictures, run_with_attributions
from tests.followed import AFTER, BEFORE, network
from torch import nn

from layerwise.analysis import attribution_images, attribution_table, keep_attributions
from layerwise.attribution import explain, unlearn
from layerwise.foundation.checks import UserError
from layerwise.recording import record
from layerwise.scores import rank_correlation
from layerwise.store.media import Pictures
from layerwise.units.pictures.heat import heat_images


@pytest.fixture(scope="module")
def found():
    return explained()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_with_attributions(tmp_path_factory.mktemp("explained") / "run")


def test_reference_the_table_holds_what_was_explained(found):
    table = attribution_table(found, NAMES)
    assert len(table) == 2 * 2 * len(METHODS)
    assert set(table["name"]) == set(NAMES)
    assert set(table["target"]) == {"logit:3"}
    rows = table.set_index(["checkpoint", "observation", "method"])
    for checkpoint, one in found.items():
        for k in (0, 1):
            row = rows.loc[checkpoint, k, "gradient"]
            assert row["value"] == one.values[k]
            assert row["total"] == pytest.approx(one.maps["gradient"][k].sum())
    first, last = (found[name].maps["gradient"].reshape(2, -1) for name in (BEFORE, AFTER))
    alike = rank_correlation(abs(first), abs(last))
    assert rows.loc[AFTER, 1, "gradient"]["before"] == pytest.approx(alike[1])
    assert np.isnan(rows.loc[BEFORE, 1, "gradient"]["before"])
    assert rows.loc[AFTER, 0, "grad_cam"]["layer"] == "relu2"


def test_round_trip_pictures_and_tables_lie_in_the_run(run, found):
    table = run.table("attributions")
    assert sorted(table["observation"].unique()) == [0, 3]
    assert set(run.table("attribution_curves")["method"]) == {*METHODS, "random order"}
    assert run.table("attribution_randomized")["n_layers"].max() == 3
    (one,) = (
        one for one in Pictures.sets(run.table("images"))
        if one.checkpoint == AFTER and NAMES[1] in one.title
    )  # fmt: skip
    assert (one.kind, one.about, one.index.tolist()) == ("attributions", "observation", [3] * 4)
    assert one.names[0] == "input"
    assert one.names[1].startswith("gradient ±")
    np.testing.assert_array_equal(one.pixels[0, :, :, :1], pictures()[1])
    images = attribution_images(found[AFTER], 1)
    np.testing.assert_array_equal(one.pixels[1:], images.pixels)


def test_contract_kept_again_takes_the_place_of_the_earlier(tmp_path, found):
    run = run_with_attributions(tmp_path / "run")
    n = len(run.table("attributions"))
    keep_attributions(run, found, names=NAMES, rows=[0, 3])
    assert len(run.table("attributions")) == n


def test_contract_refusals_are_one_sentence(run, found):
    with pytest.raises(UserError, match="checkpoints must be one or more"):
        attribution_table({})
    with pytest.raises(UserError, match="names must be one for each of 2"):
        attribution_table(found, ["one"])
    with pytest.raises(UserError, match="no checkpoint 'never'"):
        keep_attributions(run, {"never": found[AFTER]})


def test_closed_form_photographs_lie_under_smooth_maps_alone():
    maps = np.zeros((2, 64, 64))
    maps[:, 0, 0] = 1.0
    under = np.full((2, 64, 64, 1), 255, np.uint8)
    laid = heat_images(maps, over=under)
    assert laid.pixels[0, 5, 5].tolist() == [255, 255, 255]  # where the map is 0: the photograph
    assert laid.pixels[0, 0, 0].tolist() == [86, 30, 3]  # dark brown, lightened by 255 / 220
    plain = heat_images(maps)
    assert plain.pixels[0, 5, 5].tolist() == [220, 220, 220]
    with pytest.raises(UserError, match="over must be"):
        heat_images(maps, over=under[:1])


def test_closed_form_outliers_do_not_set_the_scale():
    maps = np.ones((1, 20, 20))
    maps[0, 0, 0] = 1000.0
    images = heat_images(np.concatenate([maps, -maps, 0 * maps]))
    assert images.limits.tolist() == [1, 1, 0]
    assert [images.name(k) for k in range(3)] == ["0–1", "±1", "all 0"]


def test_contract_weights_drawn_anew_for_others_take_the_place_of_the_earlier(tmp_path):
    run = run_with_attributions(tmp_path / "run")
    before = run.table("attribution_randomized")
    assert set(before["n_observations"]) == {2}
    net, x = network(1.5), inputs()[:1]
    one = explain(net, x, "logit:3", methods=["gradient"], n_steps=2)
    remains = unlearn(net, x, "logit:3", methods=["gradient"])
    keep_attributions(run, {AFTER: one}, remains=remains)
    after = run.table("attribution_randomized")
    assert set(after["n_observations"]) == {1}
    assert len(after) == len(before)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((1, 3, 4, 5), None), ((20_000,), (141, 142)), ((1, 1100, 3), (550, 2)), ((500,), (8, 64))],
)
def test_contract_inputs_of_every_shape_are_kept(tmp_path, shape, size):
    net = nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 2))
    x = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    run = record(net, x, to=tmp_path / "run", checkpoint="trained")
    asked = explain(net, x, "logit:1", methods=["gradient"], n_steps=1, n_random=1)
    assert len(keep_attributions(run, {"trained": asked}, rows=[0, 1])) == 2
    if size is None:
        assert "images" not in run.tables
    else:
        first = next(iter(Pictures.sets(run.table("images"))))
        assert first.pixels.shape[1:3] == size
