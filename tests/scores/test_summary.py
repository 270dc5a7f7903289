"""The table of results: closed forms, round trip through JSON, contract of its columns."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from layerwise import scores
from layerwise.foundation.checks import UserError


def rows(**columns):
    base = {"network": "mlp", "data": "digits", "subset": "test", "checkpoint": "trained",
            "layer": "relu1", "score": "neighborhood_hit", "seed": 0, "value": 0.5}  # fmt: skip
    return pd.DataFrame(base | columns)


def test_closed_form_mean_and_sample_deviation_over_seeds():
    table = scores.summarize(
        rows(seed=[0, 1, 2], value=[0.8, 0.9, 1.0], floor=[0.1, 0.1, 0.4], n_observations=2000)
    )
    assert tuple(table.columns) == scores.COLUMNS
    (row,) = table.to_dict("records")
    assert row["value"] == pytest.approx(0.9)
    assert row["spread"] == pytest.approx(0.1)  # sqrt((0.01 + 0 + 0.01) / 2)
    assert row["floor"] == pytest.approx(0.2)
    assert row["seeds"] == 3
    assert row["n_observations"] == 2000


def test_contract_order_of_first_appearance_and_single_seeds():
    table = scores.summarize(rows(layer=["relu4", "relu1", "relu4"], seed=[0, 0, 1]))
    assert table["layer"].tolist() == ["relu4", "relu1"]
    assert table["seeds"].tolist() == [2, 1]
    assert table["spread"].isna().tolist() == [False, True]
    assert table["floor"].isna().all()


def test_contract_published_and_source_are_carried_and_missing_keys_kept():
    table = scores.summarize(
        rows(seed=[0, 1], checkpoint=None, published=[np.nan, 0.98], source=[None, "Fig. 3b"])
    )
    assert len(table) == 1
    assert table["published"].item() == 0.98
    assert table["source"].item() == "Fig. 3b"


def test_contract_no_rows_give_no_rows():
    table = scores.summarize(rows(seed=[], value=[]))
    assert tuple(table.columns) == scores.COLUMNS
    assert table.empty


def test_contract_select_takes_one_method_and_k_and_each_result_once():
    table = rows(
        score=["hit"] * 5 + ["hit n-D", "accuracy"], method=["tsne"] * 4 + ["pca", "", None],
        n_neighbors=[6, 6, 3, 6, 6, 6, np.nan], n_observations=[50, 90, 99, 20, 90, 90, 90],
        seed=[0, 0, 0, 1, 0, 0, 0], value=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
    )  # fmt: skip
    found = scores.select(table, method="tsne", n_neighbors=6)
    assert found["value"].tolist() == [0.2, 0.4, 0.6, 0.7]
    hit = scores.summarize(found).iloc[0]
    assert (hit["value"], hit["seeds"], hit["n_neighbors"]) == (pytest.approx(0.3), 2, 6)
    three = scores.select(table, method="tsne", n_neighbors=3)
    assert three["value"].tolist() == [0.3, 0.7]
    assert scores.select(table[:0], method="tsne", n_neighbors=6).empty


def test_contract_k_tells_results_apart():
    table = scores.summarize(rows(n_neighbors=[3, 6], value=[0.3, 0.6]))
    assert table["n_neighbors"].tolist() == [3, 6]
    assert table["value"].tolist() == [0.3, 0.6]
    assert scores.summarize(rows(seed=[0]))["n_neighbors"].tolist() == [0]


def test_round_trip_through_strict_json():
    table = scores.summarize(rows(seed=[0, 1], layer=["a", "b"], value=[0.25, np.inf]))
    text = json.dumps(scores.to_json_rows(table), allow_nan=False)
    first, second = json.loads(text)
    assert first["value"] == 0.25
    assert first["spread"] is None
    assert first["seeds"] == 1
    assert second["value"] is None
    assert list(first) == list(scores.COLUMNS)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            rows(seed=[0, 1]).drop(columns="layer"),
            "no column 'layer' in rows. Columns: network, data, subset, checkpoint, score, seed, "
            "value.",
        ),
        (
            rows(seed=[0, 1, 0]),
            "summarize: rows must be one per result and seed; got 1 repeated, first row 2. "
            "The same seed twice would count as two.",
        ),
    ],
)
def test_contract_bad_input_is_one_sentence(table, sentence):
    with pytest.raises(UserError) as error:
        scores.summarize(table)
    assert str(error.value) == sentence
