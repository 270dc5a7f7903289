"""Activations of one observation kept in a run: outcome, round trip, contract."""

from __future__ import annotations

import numpy as np
import pytest
from tests.followed import AFTER, BEFORE, NAME, followed, network, picture
from tests.networks import Signals, SmallViT

from layerwise import analysis
from layerwise.foundation.checks import InvalidValue, NotFound
from layerwise.recording import FeatureMaps, activations
from layerwise.store.media import Pictures


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return followed(tmp_path_factory.mktemp("followed") / "run")


def sets_of(run):
    """Return the kept pictures by layer and checkpoint."""
    return {
        (table.provenance().get("layer"), table.provenance().get("checkpoint", "")): next(
            Pictures.sets(table.read()[0])
        )
        for table in run.stored()["images"]
    }


def test_reference_the_table_counts_what_the_values_are(kept):
    _, maps = kept
    table = analysis.feature_map_table(maps[AFTER]).set_index("layer")
    assert list(table.index) == ["conv1", "relu1", "pool1", "conv2", "relu2", "fc"]
    for layer, one in maps[AFTER].items():
        row, A = table.loc[layer], one.values
        assert row["shape"] == "x".join(map(str, A.shape))
        assert row["max"] == A.max()
        assert row["min"] == A.min()
        assert row["active"] == np.mean(A > 0)
        silent = sum(not channel.any() for channel in A)
        assert row["silent"] == silent
        by_size = sorted(range(len(A)), key=lambda k: (-np.abs(A[k]).max(), k))
        assert row["strongest"] == ",".join(map(str, by_size[:3]))
    assert table.loc["relu1", "silent"] >= 1


def test_closed_form_the_field_of_the_middle_unit(kept):
    table = analysis.feature_map_table(kept[1][AFTER]).set_index("layer")
    columns = ["size_y", "size_x", "stride_y", "stride_x", "y0", "y1", "x0", "x1"]
    assert table.loc["conv1", columns].tolist() == [3, 3, 1, 1, 7, 9, 7, 9]
    assert table.loc["conv2", columns].tolist() == [8, 8, 2, 2, 5, 12, 5, 12]
    assert table.loc["conv2", "middle"] == "3,3"
    assert table["whole"].tolist() == [False] * 5 + [True]
    assert np.isnan(table.loc["fc", "stride_y"])
    assert (table[["height", "width"]] == 16).all(axis=None)


def test_closed_form_signals_have_one_axis_and_tokens_see_patches():
    signal = analysis.feature_map_table(activations(Signals(), np.zeros((2, 40)))).iloc[1]
    assert (signal["layer"], signal["size_x"], signal["stride_x"]) == ("conv2", 13, 2)
    assert np.isnan(signal["size_y"])
    vit = analysis.feature_map_table(activations(SmallViT(), np.zeros((3, 8, 8))))
    row = vit.set_index("layer").loc["encoder.0.norm1"]
    assert (row["middle"], row["tokens"], row["size_y"], row["y0"]) == ("8", True, 2, 4)


def test_round_trip_the_pictures_are_those_of_the_channels_strongest_at_the_last(kept):
    run, maps = kept
    stored = sets_of(run)
    strongest = np.argsort(-maps[AFTER]["relu2"].values.max(axis=(1, 2)), kind="stable")[:8]
    for checkpoint in (BEFORE, AFTER):
        one = stored["relu2", checkpoint]
        assert one.index.tolist() == strongest.tolist()
        assert (one.kind, one.layer, one.about) == ("activations", "relu2", "unit")
        assert one.pixels.shape == (8, 6, 6, 3)
        assert "the 8 strongest of 20 channels by largest activation at epoch-001" in one.title
    assert stored["conv1", AFTER].layer == ""  # not recorded, so its channels are no units of it
    np.testing.assert_array_equal(stored["input", ""].pixels[0, ..., 0], picture())
    assert stored["fc", AFTER].pixels.shape == (1, 1, 10, 3)


def test_round_trip_the_table_holds_scales_and_words_of_both_checkpoints(kept):
    run, maps = kept
    table = run.table("feature_maps")
    assert set(table["checkpoint"]) == {BEFORE, AFTER}
    assert set(table["observation"]) == {NAME}
    for _, row in table.iterrows():
        values = maps[row["checkpoint"]][row["layer"]].values
        assert row["limit"] == pytest.approx(np.abs(values).max())
        assert row["signed"] == (values < 0).any()


def test_contract_kept_again_it_takes_the_place_of_the_earlier_one(tmp_path):
    run, maps = followed(tmp_path / "run")
    before = len(run.stored()["images"])
    again = analysis.keep_feature_maps(run, maps, name="other", channels=[1, 19], scale="channel")
    assert len(run.stored()["images"]) == before
    assert set(run.table("feature_maps")["observation"]) == {"other"}
    assert again["limit"].isna().all()
    stored = sets_of(run)
    assert stored["relu2", AFTER].index.tolist() == [1, 19]
    assert stored["pool1", AFTER].index.tolist() == [1]


def test_closed_form_layers_that_an_activation_follows_at_once_are_not_the_main_ones(kept):
    table = analysis.feature_map_table(kept[1][AFTER])
    assert analysis.main_layers(table) == ["relu1", "pool1", "relu2", "fc"]
    vit = activations(SmallViT(), np.zeros((3, 8, 8)), ["encoder.0.mlp.?"])
    assert analysis.main_layers(analysis.feature_map_table(vit)) == [
        "encoder.0.mlp.1", "encoder.0.mlp.2"
    ]  # fmt: skip


def test_contract_maps_in_three_dimensions_are_counted_but_not_drawn():
    volume = FeatureMaps("conv", "Conv3d", np.ones((2, 3, 3, 3), np.float32), False)
    assert analysis.feature_map_images({"": {"conv": volume}}) == {}
    assert analysis.feature_map_table({"conv": volume})["shape"].tolist() == ["2x3x3x3"]


def test_contract_what_does_not_fit_is_one_sentence(kept):
    run, maps = kept
    with pytest.raises(InvalidValue, match="checkpoints must be one or more, with layers"):
        analysis.keep_feature_maps(run, {})
    with pytest.raises(NotFound, match="no checkpoint 'epoch-9'"):
        analysis.keep_feature_maps(run, {"epoch-9": maps[AFTER]})
    with pytest.raises(InvalidValue, match=r"picture must be .* uint8; got float64"):
        analysis.keep_feature_maps(run, maps, picture=picture() / 255.0)
    assert activations(network(), np.zeros((1, 16, 16)))  # float64 is no obstacle to the network
