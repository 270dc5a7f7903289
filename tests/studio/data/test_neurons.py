"""Maps of neurons. Kind: round trip of the tables, contract of odd ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.runs import AFTER, ranking_rows, small_run, unit_rows
from tests.studio.reading import Page

from layerwise import analysis, units
from layerwise.studio import Contents

PLACE = {"layer": "relu2", "checkpoint": "epoch-009", "subset": ""}


def entry(page: Page, checkpoint: int = 1) -> dict:
    (found,) = [one for one in page.run["neurons"] if one["checkpoint"] == checkpoint]
    return found


def test_state_activity_and_place_are_those_of_the_table(page, studied):
    found = entry(page)
    table = studied.table("units").query(f"checkpoint == {AFTER!r}")
    states = np.array(["live", "constant", "dead"])[page.read(found["state"])]
    np.testing.assert_array_equal(states, table["state"])
    np.testing.assert_allclose(page.read(found["active"]), table["active"], atol=1 / 500)
    places = page.read(found["places"])
    np.testing.assert_array_equal(np.isnan(places).any(axis=1), table["x"].isna())
    live = table["state"] == "live"
    before, after = (
        np.linalg.norm(Y[:, None] - Y[None], axis=2)
        for Y in (table[["x", "y"]].to_numpy()[live], places[live])
    )
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.99999


def test_importances_are_the_mean_of_both_forests_beside_the_strongest(page, studied):
    table = studied.table("discrimination").query(f"checkpoint == {AFTER!r}")
    S = analysis.importances(table, "forest")
    found = page.read(entry(page)["importance"])
    assert found.shape == (10, 64)
    np.testing.assert_allclose(found, S.T / S.max(), atol=1 / 500)
    clear = np.sort(S, axis=1)[:, -1] - np.sort(S, axis=1)[:, -2] > S.max() / 100
    np.testing.assert_array_equal(found.argmax(axis=0)[clear], units.roles(S)[clear])


def test_numbers_stand_beside_the_map(page, studied):
    table = studied.table("scores").query(
        f"checkpoint == {AFTER!r} and score == 'stress of the neuron map'"
    )
    quality = entry(page)["quality"]
    assert quality["stress"] == pytest.approx(table["value"].iloc[0], rel=1e-5)
    assert {"stress", "top AUC", "seed overlap", "selective"} <= set(quality)


def test_maps_of_a_layer_are_laid_over_the_last(page, studied):
    first, last = (page.read(entry(page, k)["places"]) for k in (0, 1))
    both = ~np.isnan(first + last).any(axis=1)
    turns = [first[both] @ [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]] for a in range(1, 6)]
    apart = np.linalg.norm(first[both] - last[both])
    assert all(apart < np.linalg.norm(turned - last[both]) for turned in turns)


def test_without_ranking_there_is_no_importance(tmp_path):
    run = small_run(tmp_path / "run")
    run.write_table("units", unit_rows("relu2", "epoch-009", 2, dead=1), PLACE)
    page = Page(Contents(run))
    assert (entry(page)["importance"], entry(page)["ranking"]) == (None, None)
    assert page.read(entry(page)["state"]).tolist() == [2, 0]
    assert np.isnan(page.read(entry(page)["places"])[0]).all()


def test_the_quick_ranking_serves_until_there_is_a_forest(tmp_path):
    run = small_run(tmp_path / "run")
    run.write_table("units", unit_rows("relu2", "epoch-009", 2), PLACE)
    contents = Contents(run)
    for ranking, S in (
        ("gini", np.eye(2)),
        ("forest", np.eye(2)[::-1] * 0.5),
        ("shuffled", np.eye(2)),
    ):
        rows = ranking_rows("relu2", "epoch-009", S, ranking)
        run.write_table("discrimination", rows, {**PLACE, "ranking": ranking})
        found = entry(Page(contents))
        best = Page(contents).read(found["importance"])
        assert found["ranking"] == ("gini" if ranking == "gini" else "forest")
        expected = np.eye(2) if ranking == "gini" else np.eye(2)[::-1]
        np.testing.assert_allclose(best, expected, atol=1e-9)


@pytest.mark.parametrize(("change", "message"), [
    ({"unit": [0, 5]}, "2 units"), ({"class": [0, 9]}, ""), ({"importance": [np.nan, -1.0]}, ""),
    ({"importance": ["a", "b"]}, "no numbers"), ({"unit": [0.0, 1.0]}, "no whole numbers"),
])  # fmt: skip
def test_rankings_from_strangers_are_numbers_or_one_sentence(tmp_path, change, message):
    run = small_run(tmp_path / "run")
    run.write_table("units", unit_rows("relu2", "epoch-009", 2), PLACE)
    rows = pd.DataFrame({"unit": [0, 1], "class": [0, 1], "importance": [1.0, 0.5]})
    rows = rows.assign(ranking="gini", **PLACE, **change)
    run.write_table("discrimination", rows, {**PLACE, "ranking": "gini", "label": "animal"})
    page = Page(Contents(run))
    if message:
        with pytest.raises(OSError, match=message):
            page.read(entry(page)["importance"])
    else:
        found = page.read(entry(page)["importance"])
        assert found.min() >= 0
        assert found.max() <= 1


def test_a_ranking_of_another_label_is_not_shown(tmp_path):
    run = small_run(tmp_path / "run")
    run.write_table("units", unit_rows("relu2", "epoch-009", 2), PLACE)
    rows = ranking_rows("relu2", "epoch-009", np.eye(2))
    run.write_table("discrimination", rows, {**PLACE, "ranking": "forest", "label": "owner"})
    assert entry(Page(Contents(run)))["importance"] is None
