"""Drawn faces: fixed splits, closed form of their parts, outcome that expressions differ."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.data import face_parts, load
from layerwise.foundation.checks import UserError


def test_contract_three_splits_of_the_same_pictures():
    train, test, everything = (load("faces", split=split) for split in ("train", "test", "all"))
    assert (len(train), len(test), len(everything)) == (800, 400, 1200)
    assert everything.observations.shape == (1200, 32, 32, 1)
    assert np.bincount(test.labels["expression"]).tolist() == [100] * 4
    known = {picture.tobytes() for picture in everything.observations}
    assert len(known) == 1200
    assert {picture.tobytes() for picture in train.observations} < known
    assert (
        everything.observations[0, 16, 16, 0]
        == load("faces", split="all").observations[0, 16, 16, 0]
    )
    with pytest.raises(UserError, match="split must be one of"):
        load("faces", split="dev")


def test_closed_form_parts_keep_their_distances_and_the_head_is_inside():
    places = face_parts("all")
    eyes = places["right eye"] - places["left eye"]
    size = np.linalg.norm(eyes, axis=1) / 9
    assert size.min() >= 0.85
    assert size.max() <= 1.1
    nose, middle = places["nose"], (places["left eye"] + places["right eye"]) / 2
    np.testing.assert_allclose(np.linalg.norm(nose - middle, axis=1), 4.5 * size)
    np.testing.assert_allclose(((nose - middle) * eyes).sum(axis=1), 0, atol=1e-9)
    turned = np.rad2deg(np.arctan2(eyes[:, 0], eyes[:, 1]))
    assert np.abs(turned).max() <= 12
    assert (places["mouth"] < 31).all()


def test_outcome_eyes_are_where_the_table_says():
    """Open eyes are darker than the skin between them, in every face."""
    faces, places = load("faces"), face_parts("test")
    awake = faces.labels["expression"] != 3

    def at(where):
        rows, columns = np.rint(where).astype(int).T
        return faces.observations[np.arange(len(faces)), rows, columns, 0].astype(float)

    between = at((places["left eye"] + places["right eye"]) / 2)
    for part in ("left eye", "right eye"):
        assert (at(places[part]) < between - 40)[awake].all()


def test_outcome_expressions_are_told_apart_but_not_by_single_pixels():
    from sklearn.linear_model import RidgeClassifier

    train, test = load("faces", split="train"), load("faces")
    model = RidgeClassifier().fit(train.inputs().reshape(800, -1), train.labels["expression"])
    assert model.score(test.inputs().reshape(400, -1), test.labels["expression"]) < 0.9
