"""Preferred inputs kept beside a run: round trip, contract of columns and pictures."""

from __future__ import annotations

import numpy as np
import pytest
from tests.portrayed import LABELS, NAMES, REAL, portrait, real
from tests.runs import small_run

from layerwise import analysis
from layerwise.analysis.asking.preferred import climbs, sentence
from layerwise.foundation.checks import UserError
from layerwise.store.media import LARGEST, Pictures
from layerwise.studio.data.contents import Contents
from layerwise.units.pictures.inputs import input_images

BEFORE, AFTER = "epoch-000", "epoch-009"
ABOUT = {"labels": LABELS, "class_names": NAMES}


def sets(run) -> dict[tuple[str, str, str], Pictures]:
    found = {}
    for one in Pictures.sets(run.table("images")):
        found[one.kind, one.title, one.checkpoint] = one
    return found


def test_contract_a_row_says_all_that_stands_beside_an_image() -> None:
    units, classes = portrait(), portrait("classes", n=10, recipe="erhan", seed=1)
    table = analysis.preferred_table([units, classes], **ABOUT)
    assert len(table) == 13
    row = table.iloc[1]
    assert row["layer"] == "relu1"
    assert (row["unit"], row["name"], row["recipe"], row["position"]) == (1, "1", "ink", "mean")
    assert row["value"] == units.preferred.start_values[1].max()
    assert (row["best_real"], row["best_row"], row["n_real"]) == (1.5, 1, 30)
    assert row["percentile"] == pytest.approx(0.95)
    assert (row["predicted"], row["confidence"]) == ("7", 0.95)
    assert (row["n_starts"], row["agreement"], row["all_agree"]) == (2, 0.5, False)
    assert row["nearest"] == "10,11,12,13,14,15,16,17,18,19"
    assert row["nearest_classes"].split("\n") == list(NAMES)
    assert table["as_meant"].isna().tolist() == [True] * 3 + [False] * 10
    assert table["as_meant"].iloc[3:].all()
    nameless = analysis.preferred_table([units])
    assert set(nameless["nearest_classes"]) == {""}


def test_round_trip_tables_and_pictures(tmp_path) -> None:
    run = small_run(tmp_path / "run")
    given = [portrait(), portrait("classes", n=10, recipe="erhan", scale=3.0)]
    kept = analysis.keep_preferred(
        run, given, real(), checkpoint=AFTER, data="30 squares", **ABOUT
    )  # fmt: skip
    table = run.table("preferred").sort_values(["order", "unit"]).reset_index(drop=True)
    assert table.drop(columns="as_meant").equals(kept.drop(columns="as_meant"))
    assert table["as_meant"].isna().sum() == 3
    assert set(table["checkpoint"]) == {AFTER}
    assert table.groupby("layer")["ramp"].first().to_dict() == {"classes": "signed", "relu1": ""}
    pictures = sets(run)
    best = pictures["preferred inputs", "relu1: preferred inputs (ink)", AFTER]
    np.testing.assert_array_equal(
        best.pixels, input_images(given[0].preferred.images).pixels
    )  # fmt: skip
    assert (best.about, best.index.tolist(), best.names) == ("unit", [0, 1, 2], ("0", "1", "2"))
    of_classes = pictures["preferred inputs", "Preferred inputs of classes (erhan)", AFTER]
    assert (of_classes.about, of_classes.layer, len(of_classes.pixels)) == ("class", "", 10)
    beside = pictures[
        "nearest inputs", "relu1: preferred inputs (ink), each before the nearest real inputs",
        AFTER,
    ]  # fmt: skip
    assert beside.pixels.shape == (3, 8, 11 * 8 + 4 + 9 * 2, 3)
    first = input_images(REAL[[10]]).pixels[0]  # nearest to unit 1
    np.testing.assert_array_equal(beside.pixels[1, :, 12:20, :1], first)
    starts = pictures[
        "preferred inputs, every start", "relu1: preferred inputs (ink), every start", AFTER
    ]  # fmt: skip
    assert starts.names[:3] == ("0, start 0", "0, start 1", "1, start 0")
    assert starts.index.tolist() == [0, 0, 1, 1, 2, 2]
    known = run.table("climbs")
    assert set(known["layer"]) == {"relu1", "classes"}


def test_contract_kept_again_it_takes_the_place_of_the_earlier_one(tmp_path) -> None:
    run = small_run(tmp_path / "run")
    for seed in (0, 5):
        for checkpoint in (BEFORE, AFTER):
            one = portrait(seed=seed)
            analysis.keep_preferred(run, [one], real(), checkpoint=checkpoint)
    table = run.table("preferred")
    assert len(table) == 6
    values = portrait(seed=5).preferred.values
    for checkpoint in (BEFORE, AFTER):
        at = table[table["checkpoint"] == checkpoint].sort_values("unit")
        np.testing.assert_array_equal(at["value"], values)
    with pytest.raises(UserError, match="no checkpoint 'epoch-999'"):
        analysis.keep_preferred(run, [portrait()], real(), checkpoint="epoch-999")


def test_contract_channels_are_units_of_a_recorded_layer_only_if_as_many(tmp_path) -> None:
    run = small_run(tmp_path / "run")
    few, same = portrait(n_channels=5), portrait("relu2", n=2, n_channels=2)
    analysis.keep_preferred(run, [few, same], real(), checkpoint=AFTER)
    layers = {one.title.partition(":")[0]: one.layer for one in sets(run).values()}
    assert layers == {"relu1": "", "relu2": "relu2"}


def test_contract_the_studio_offers_the_pictures(tmp_path) -> None:
    run = small_run(tmp_path / "run")
    analysis.keep_preferred(run, [portrait(n=2, n_channels=2)], real(), checkpoint=AFTER)
    entries = Contents([run]).manifest()["runs"][0]["images"]
    kinds = {entry["kind"] for entry in entries}
    assert {"preferred inputs", "nearest inputs", "preferred inputs, every start"} <= kinds


def test_contract_signals_are_strips(tmp_path) -> None:
    run = small_run(tmp_path / "run")
    signal = portrait(shape=(2, 30), starts=1)
    analysis.keep_preferred(run, [signal], real((2, 30)), checkpoint=AFTER)
    found = sets(run)
    assert {kind for kind, *_ in found} == {"preferred inputs", "nearest inputs"}
    best = next(one for (kind, *_), one in found.items() if kind == "preferred inputs")
    assert best.pixels.shape == (3, 2, 30, 3)


@pytest.mark.parametrize("shape", [(2, 1500), (3000,), (4, 300, 260), (3, 1030, 8)])
def test_contract_what_is_too_large_for_a_picture_is_made_smaller(tmp_path, shape) -> None:
    run = small_run(tmp_path / "run")
    large = {row: np.full(shape, row, np.float32) for row in range(30)}
    analysis.keep_preferred(run, [portrait(shape=shape)], large, checkpoint=AFTER)
    assert all(max(one.pixels.shape[1:3]) <= LARGEST for one in sets(run).values())


def test_contract_names_of_classes_may_hold_commas() -> None:
    names = ("shark, white shark", *NAMES[1:])
    table = analysis.preferred_table([portrait()], labels=LABELS, class_names=names)
    assert table["nearest_classes"].iloc[0].split("\n") == list(names)


def test_closed_form_climbs_are_thinned_evenly_and_keep_both_ends() -> None:
    one = portrait()
    found = climbs(one)
    own = found[(found["unit"] == 2) & (found["start"] == 1)]
    assert len(own) == 60
    assert own["step"].iloc[[0, -1]].tolist() == [0, 100]
    np.testing.assert_array_equal(own["value"], one.preferred.history[2, 1, own["step"]])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The network takes it for 3 with probability 0.999; its activation, 25, is above that "
             "of all 3,000 real inputs (at most 23). Sufficient, not necessary."),
        ({"predicted": ""}, "Its activation, 25, is above that of all"),
        ({"percentile": 0.5}, "is above that of 1,500 of 3,000 real inputs"),
    ],
)  # fmt: skip
def test_closed_form_the_honest_sentence(changes: dict, words: str) -> None:
    row = {"predicted": "3", "confidence": 0.999, "percentile": 1.0, "n_real": 3000, "value": 25.0,
           "best_real": 23.0, **changes}  # fmt: skip
    assert words in sentence(row)


def test_closed_form_almost_all_is_not_all() -> None:
    row = {"predicted": "", "confidence": np.nan, "percentile": 59_999 / 60_000, "n_real": 60_000,
           "value": 1.0, "best_real": 2.0}  # fmt: skip
    assert "above that of 59,999 of 60,000 real inputs (at most 2)" in sentence(row)
