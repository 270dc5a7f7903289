"""Outliers in words: outcome (the share that the network errs on, against the rest)."""

from __future__ import annotations

import pandas as pd
import pytest

from layerwise.report.outliers import Outliers, strangers

AFTER = "epoch-009"


@pytest.fixture
def found(small, rows, tmp_path):
    """Return what makes a run of 100 points, ten of them outliers, some of these misclassified."""

    def make(wrong, predicted=True):
        run = small(tmp_path / "run", n=100)
        run.write_table("projections", rows.maps(run, ("relu2",)), {"method": "tsne"})
        run.write_table("outliers", rows.outliers("relu2", AFTER, list(range(10))), {})
        if predicted:
            correct = [row not in wrong for row in range(100)]
            run.write_table("predictions", pd.DataFrame({
                "checkpoint": AFTER, "observation": range(100), "correct": correct,
                "predicted": [(row + (not ok)) % 2 for row, ok in enumerate(correct)],
                "confidence": 0.9,
            }), {})  # fmt: skip
        return run

    return make


def test_the_share_of_errors_stands_beside_that_of_the_rest(found):
    run = found(wrong={0, 1, 2, 3, 4, 5, 50, 51, 52})
    text = strangers([run]).text.replace("\xa0", " ")
    assert text == (
        "10 of 100 observations lie among other classes in the map of layer relu2: the network "
        "errs on 60.0 % of them, and on 3.3 % of the rest."
    )
    one = Outliers.of([run])
    assert one.wrong.sum() == 6
    assert one.others == (3, 90)
    assert one.true.tolist() == [0, 1] * 5


def test_a_small_difference_is_called_none(found):
    assert "(no difference beyond the error)" in strangers([found(wrong={0, 50, 51})]).text


def test_without_predictions_nothing_is_said_of_the_network(found):
    run = found(wrong=set(), predicted=False)
    assert "is not known" in strangers([run]).text
    assert Outliers.of([run]).wrong is None


def test_without_labels_or_table_there_is_no_finding(small, rows, tmp_path):
    assert strangers([small(tmp_path / "a")]) is None
    bare = small(tmp_path / "b", classes=())
    bare.write_table("outliers", rows.outliers("relu2", AFTER, [1]), {})
    assert strangers([bare]) is None
