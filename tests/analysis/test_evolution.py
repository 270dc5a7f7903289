"""Evolution: the same observations at every time, kept, and with the numbers of the functions."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise import Run, analysis, projection, scores
from layerwise.foundation.checks import InvalidValue, NotFound

QUICK = {
    "independent": {"perplexity": 5.0, "n_iter": 60, "early_exaggeration_iter": 20},
    "sequential": {"perplexity": 5.0, "n_iter": 60, "early_exaggeration_iter": 20},
    "joint": {"perplexity": 5.0, "n_iter": 60, "early_exaggeration_iter": 20},
    "dynamic": {"perplexity": 5.0, "n_iter": 300},
}


@pytest.mark.parametrize("method", projection.EVOLUTIONS)
def test_over_epochs_every_time_shows_the_same_observations(converging: Run, method: str) -> None:
    found = analysis.evolve(converging, over="epochs", method=method, subset="test",
                            **QUICK[method])  # fmt: skip
    assert found.groupby("time")["observation"].apply(list).map(tuple).nunique() == 1
    assert found.drop_duplicates("time")["checkpoint"].tolist() == list(converging.checkpoints)
    assert set(found["at"]) == set(found["layer"]) == {"layer2"}
    maps, rows = analysis.maps_of(found)
    assert maps.shape == (3, 90, 2)
    sequence = [
        np.asarray(converging.activations("layer2", c))[rows] for c in converging.checkpoints
    ]
    expected = projection.evolve(sequence, method=method, random_state=0, **QUICK[method])
    np.testing.assert_allclose(maps, expected, rtol=1e-5)


def test_over_layers_at_one_checkpoint(converging: Run) -> None:
    found = analysis.evolve(converging, over="layers", at="epoch-001", **QUICK["sequential"])
    assert set(found["method"]) == {"sequential"}, "the paper's way by default"
    assert found.drop_duplicates("time")["layer"].tolist() == ["layer1", "layer2"]
    assert set(found["checkpoint"]) == {"epoch-001"}


def test_motion_is_that_of_the_functions_and_the_classes_draw_together(converging: Run) -> None:
    found = analysis.evolve(converging, over="epochs", method="independent",
                            **QUICK["independent"])  # fmt: skip
    table = analysis.motion(converging, found)
    maps, rows = analysis.maps_of(found)
    kind = converging.labels["kind"][rows]
    whole = table[table["time"] < 0].set_index("measure")["value"]
    assert whole["trail length"] == pytest.approx(scores.trail_length(maps).mean())
    sequence = [np.asarray(converging.activations("layer2", c)) for c in converging.checkpoints]
    assert whole["Pearson"] == pytest.approx(scores.motion_correlation(sequence, maps).pearson)
    inner = table[table["measure"] == "spread n-D"].set_index("time")["value"]
    assert inner.is_monotonic_decreasing
    assert inner[2] == pytest.approx(scores.spread_ratio(sequence[2], kind))
    over_layers = analysis.evolve(converging, over="layers", **QUICK["sequential"])
    assert "Pearson" not in set(analysis.motion(converging, over_layers)["measure"])


def test_trails_go_from_the_first_map_to_the_last(converging: Run) -> None:
    found = analysis.evolve(converging, over="epochs", method="joint", **QUICK["joint"])
    table = analysis.trails(converging, found)
    maps, rows = analysis.maps_of(found)
    first, last = table[table["time"] == 0], table[table["time"] == 2]
    assert first["observation"].tolist() == rows.tolist()
    np.testing.assert_allclose(first[["x", "y"]], maps[0], atol=1e-4)
    np.testing.assert_allclose(last[["x", "y"]], maps[-1], atol=1e-4)


def test_a_second_question_computes_nothing(
    converging: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = analysis.evolve(converging, over="layers", method="dynamic", **QUICK["dynamic"])
    table = analysis.motion(converging, first)

    def broken(*_: object, **__: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(projection, "evolve", broken)
    monkeypatch.setattr(scores, "trail_length", broken)
    again = analysis.evolve(converging, over="layers", method="dynamic", **QUICK["dynamic"])
    np.testing.assert_array_equal(first["x"], again["x"])
    assert analysis.motion(converging, again).equals(table)
    with pytest.raises(AssertionError, match="computed again"):
        analysis.evolve(converging, over="layers", method="dynamic", perplexity=6.0)


def test_errors_are_the_users(converging: Run) -> None:
    with pytest.raises(InvalidValue, match="one space"):
        analysis.evolve(converging, over="layers", method="joint")
    with pytest.raises(InvalidValue, match="layers, epochs"):
        analysis.evolve(converging, over="time")
    with pytest.raises(NotFound, match="epoch-009"):
        analysis.evolve(converging, over="layers", at="epoch-009")
    with pytest.raises(NotFound, match="layer9"):
        analysis.evolve(converging, over="epochs", at="layer9")
