"""What maps reveal: outcome (numbers of the tables) and contract (without pictures or answers)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layerwise.report import pictures, reveal
from layerwise.report.blocks import Figure
from layerwise.scores.names import CONFUSION, PIECES, PIECES_SILHOUETTE

AFTER = "epoch-009"
PLACE = {"layer": "relu2", "checkpoint": AFTER, "subset": "", "method": "tsne"}


def figures_of(section):
    return {block.id: block for block in section.blocks if isinstance(block, Figure)}


@pytest.fixture(scope="module")
def section(studied):
    return reveal.reveal([studied])


def pieces(n, silhouettes, small=()):
    """Return two classes in two pieces; the second pieces of `small` hold one point."""
    row = np.arange(n)
    cluster = np.where(np.isin(row % 2, small), row < 2, row % 4 > 1).astype(int)
    return pd.DataFrame({**PLACE, "observation": row, "class": row % 2, "cluster": cluster,
                         "silhouette": np.take(silhouettes, row % 2)})  # fmt: skip


def mixed(predicted=0.25):
    """Return how two classes mix."""
    return pd.DataFrame({**PLACE, "class": [0, 0, 1, 1], "other": [0, 1, 0, 1],
                         "neighbors": [0.9, 0.1, 0.3, 0.7], "predicted": predicted})  # fmt: skip


def test_outliers_are_shown_with_their_classes_and_the_network_s_answer(section, studied):
    figure = figures_of(section)["figure-outliers"]
    found = studied.table("outliers")
    assert len(figure.numbers.rows) == len(found)
    row = found.iloc[0]
    assert figure.numbers.rows[0][0] == str(row["observation"])
    assert figure.numbers.rows[0][2] == str(row["nearest"])
    assert "the network errs on" in figure.alt
    assert "fewer than half of their neighbours" in figure.caption
    assert "the network errs on them too" in figure.caption


def test_neighbourhoods_stand_beside_the_network_with_their_rank_correlation(section, studied):
    figure = figures_of(section)["figure-neighborhoods"]
    score = studied.table("scores").query(f"score == {CONFUSION!r}")["value"].item()
    assert f"a rank correlation of {score:.2f} (off the diagonal; 0 by chance)" in figure.caption
    assert [float(row[2].rstrip("\xa0%")) for row in figure.numbers.rows] == sorted(
        (float(row[2].rstrip("\xa0%")) for row in figure.numbers.rows), reverse=True
    )


def test_both_maps_of_the_polarity_have_their_pieces(section):
    figure = figures_of(section)["figure-polarity"]
    assert "as is 1.00, edges 0." in figure.caption
    assert "After Figs. 6 and 7 of Rauber et al. 2017." in figure.caption
    assert len(figure.numbers.rows) == 20
    assert "0, as is  piece 1" in figures_of(section)["figure-polarity-pieces"].alt


def test_a_mean_picture_is_the_mean_of_its_rows(studied):
    thumbnails = studied.thumbnails()
    (mean,) = pictures.means(thumbnails, [np.array([3, 5])])
    two = np.asarray(thumbnails[[3, 5]], dtype=float).reshape(2, 8, 8, 1)
    assert np.abs(mean - (two[0] + two[1]) / 2).max() <= 0.5
    assert mean.dtype == np.uint8


def test_without_pictures_the_numbers_stay(small, rows, tmp_path):
    run = small(tmp_path / "run", n=40)
    run.write_table("outliers", rows.outliers("relu2", AFTER, [4, 5]), {})
    run.write_table("subclusters", pieces(40, [0.3, 0.8]), {})
    outliers, split = reveal.reveal([run]).blocks
    assert outliers.rows == (
        ("4", "cat", "cat", "0.0\xa0%", "–"),
        ("5", "dog", "cat", "40.0\xa0%", "–"),
    )
    assert split.rows == (("dog", "0.80", "10", "10"), ("cat", "0.30", "10", "10"))


def test_a_piece_of_one_point_is_no_piece(small, tmp_path):
    run = small(tmp_path / "run", n=40)
    run.write_table("subclusters", pieces(40, [0.3, 0.9], small=(1,)), {})
    (table,) = reveal.reveal([run]).blocks
    assert [row[0] for row in table.rows] == ["cat", "dog"]


def test_pieces_name_what_explains_them(small, rows, tmp_path):
    run = small(tmp_path / "run", n=40)
    run.write_table("subclusters", pieces(40, [0.3, 0.8]), {})
    for score, value in ((PIECES_SILHOUETTE, 0.55), (f"{PIECES} and polarity", 0.91)):
        run.write_table("scores", rows.scores(
            {(AFTER, "relu2"): value}, score=score, method="tsne", floor=0.04
        ), {"score": score})  # fmt: skip
    caption = reveal.reveal([run]).blocks[0].caption
    assert "Mean over the classes: 0.55." in caption
    assert "Piece and polarity correlate at |r| = 0.91 (pieces shuffled: 0.04)." in caption


def test_without_the_network_s_answers_the_map_stands_alone(small, tmp_path):
    run = small(tmp_path / "run")
    run.write_table("confusions", mixed(np.nan), {})
    (figure,) = reveal.reveal([run]).blocks
    assert "The network's answers are not known." in figure.caption
    assert "right" not in figure.caption
    assert figure.numbers.rows[0] == ("dog", "cat", "30.0\xa0%", "–")


def test_the_map_that_matters_most_is_looked_into(small, tmp_path):
    run = small(tmp_path / "run")
    other = mixed().assign(layer="relu1", neighbors=[0.5, 0.5, 0.5, 0.5])
    early = mixed().assign(checkpoint="epoch-000", neighbors=[0.6, 0.4, 0.4, 0.6])
    for number, frame in enumerate((other, early, mixed())):
        run.write_table("confusions", frame, {"number": number})
    (figure,) = reveal.reveal([run]).blocks
    assert "dog has 30.0\xa0% of cat" in figure.alt


def test_without_labels_or_tables_there_is_no_section(small, rows, tmp_path):
    assert reveal.reveal([small(tmp_path / "a")]) is None
    run = small(tmp_path / "b", classes=())
    run.write_table("outliers", rows.outliers("relu2", AFTER, [1]), {})
    assert reveal.reveal([run]) is None


def test_a_class_that_was_not_cut_has_no_pieces(small, tmp_path):
    run = small(tmp_path / "run")
    run.write_table("subclusters", pieces(8, [np.nan, np.nan]), {})
    assert reveal.reveal([run]) is None
