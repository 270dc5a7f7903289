"""The section on errors: of many classes those that occur."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.runs import small_run

from layerwise.report import errors as module
from layerwise.report.blocks import Figure
from layerwise.report.errors import errors


@pytest.fixture
def run(tmp_path):
    run = small_run(tmp_path / "run", network="a net")
    label = next(iter(run.labels))
    codes = np.unique(run.labels[label], return_inverse=True)[1]
    frame = pd.DataFrame({
        "checkpoint": run.checkpoints[-1], "observation": np.arange(len(codes)),
        "predicted": np.zeros(len(codes), int), "correct": codes == 0, "confidence": 0.5,
    })  # fmt: skip
    names = {label: [f"class {k}" for k in range(50)]}
    run.write_table("observations", pd.DataFrame({label: codes}), {"class_names": names})
    run.write_table("predictions", frame, {"function": "predictions"})
    return run


def drawn(run, monkeypatch) -> tuple[np.ndarray, list[str], Figure]:
    seen = {}
    draw = module.figures.confusion

    def spy(counts, class_names):
        seen.update(counts=counts, names=class_names)
        return draw(counts, class_names=class_names)

    monkeypatch.setattr(module.figures, "confusion", spy)
    picture = errors([run]).blocks[0]
    return seen["counts"], seen["names"], picture


def test_of_fifty_classes_the_two_that_occur_are_drawn(run, monkeypatch) -> None:
    counts, names, picture = drawn(run, monkeypatch)
    assert names == ["class 0", "class 1"]
    assert counts.sum() == run.n_observations
    assert counts[:, 1].sum() == 0
    assert "Drawn are the 2 classes of 50 that occur." in picture.caption


def test_few_classes_are_all_drawn(run, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_CLASSES", 50)
    counts, _, picture = drawn(run, monkeypatch)
    assert counts.shape == (50, 50)
    assert "that occur" not in picture.caption
