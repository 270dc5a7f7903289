"""What a map reveals: outliers, mixed classes, pieces, each as the functions say."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise import Run, analysis, scores
from layerwise.scores import names


@pytest.fixture(scope="module")
def mapped(converging: Run):
    return analysis.project(converging, layer="layer1", checkpoint="epoch-000", method="pca",
                            subset="test")  # fmt: skip


def test_outliers_are_the_points_among_strangers(converging: Run, mapped) -> None:
    found = analysis.outliers(converging, mapped)
    Y = mapped[["x", "y"]].to_numpy(dtype=np.float32)
    kind = converging.labels["kind"][mapped["observation"]]
    hits = scores.neighborhood_hits(Y, kind)
    rows = mapped["observation"].to_numpy()
    assert set(found["observation"]) == set(rows[hits < 0.5])
    assert found["hit"].is_monotonic_increasing
    for row in found.itertuples():
        assert row.nearest != converging.labels["kind"][row.observation]


def test_confusions_stand_beside_those_of_the_network(converging: Run, mapped) -> None:
    found = analysis.confusions(converging, mapped)
    shares = found.pivot(index="class", columns="other", values="neighbors").to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    said = analysis.predictions(converging, "epoch-000")["predicted"].to_numpy()[:90]
    kind = converging.labels["kind"][:90]
    expected = [[(said[kind == a] == b).mean() for b in range(3)] for a in range(3)]
    named = found.pivot(index="class", columns="other", values="predicted").to_numpy()
    np.testing.assert_allclose(named, expected)


def test_pieces_are_explained_by_what_parts_them(converging: Run, mapped) -> None:
    # the y of every point is moved by the sign of its "height": two islands a class
    height = converging.labels["height"][mapped["observation"]]
    parted = mapped.assign(y=mapped["y"] + 40 * np.sign(height))
    parted.attrs = {**mapped.attrs, "moved": True}
    pieces = analysis.sub_clusters(converging, parted)
    assert (pieces.drop_duplicates("class")["silhouette"] > 0.6).all()
    mixed = analysis.confusions(converging, parted)
    rows = analysis.score_errors(converging, parted, mixed, pieces, column="height")
    found = rows.set_index("score")
    assert found.loc[f"{names.PIECES} and height", "value"] > 0.7
    assert found.loc[f"{names.PIECES} and height", "floor"] < 0.4
    assert found.loc[f"{names.WITHIN} height", "value"] > 0.95
    assert found.loc[f"{names.WITHIN} height", "floor"] == pytest.approx(0.5, abs=0.1)
    assert set(rows["method"]) == {"pca"}
    whole = analysis.sub_clusters(converging, mapped)
    rows = analysis.score_errors(converging, mapped, mixed, whole, column="height")
    assert rows.set_index("score").loc[f"{names.PIECES} and height", "value"] < 0.7
