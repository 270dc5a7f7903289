"""The section on hidden units in the plane: what it says and shows, closed form of the wording."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.networks_of_two import layers
from tests.runs import small_run

from layerwise import analysis, report
from layerwise.report.blocks import Figure, Frames, Note
from layerwise.report.lines import lines

CHECKPOINTS = ("epoch-000", "epoch-003", "epoch-1500")


def plane_run(folder: Path, *, hidden: tuple[int, ...] = (9,), history: bool = True):
    run = small_run(folder, checkpoints=CHECKPOINTS, axes=("length", "width"), label="animal")
    if history:
        steps = pd.DataFrame({"checkpoint": CHECKPOINTS, "epoch": [0, 3, 1500],
                              "step": [0, 3, 1500], "train_loss": [1.0, 0.5, 0.1]})  # fmt: skip
        run.write_table("training", steps, {"function": "train"})
    for seed, checkpoint in enumerate(CHECKPOINTS):
        weights, biases = layers(2, *hidden, 2, seed=seed)
        analysis.keep_affine(run, checkpoint, weights, [10 * b for b in biases])
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    return plane_run(tmp_path_factory.mktemp("plane") / "run")


def test_stills_numbers_and_frames_say_the_same(run):
    section = lines([run])
    words, figure, frames = section.blocks
    assert isinstance(words, Note)
    assert isinstance(figure, Figure)
    assert isinstance(frames, Frames)
    assert frames.names == ("iteration 0", "iteration 3", "iteration 1,500")
    assert len({*frames.pngs}) == 3
    counted = analysis.lines(run)
    for row, numbers, alt in zip(
        counted.to_dict("records"), figure.numbers.rows, frames.alts, strict=True
    ):
        assert numbers[0] in alt
        assert numbers[3:] == tuple(str(row[k]) for k in ("lines", "cells", "reached", "dead"))
        assert f"{row['lines']} of 9 lines in the window, {row['cells']} cells" in alt
    first, last = counted.iloc[0], counted.iloc[-1]
    assert f"There were {first['cells']} at iteration 0" in words.text
    assert f"{last['reached']} at the end" in words.text
    assert "Each of 9 hidden units is zero on a line" in words.text


def test_without_iterations_the_checkpoints_are_named_and_deep_lines_bend(tmp_path):
    run = plane_run(tmp_path / "run", hidden=(4, 3), history=False)
    words, _, frames = lines([run]).blocks
    assert frames.names == CHECKPOINTS
    assert "bent where it meets those of the layer below" in words.text


def test_of_many_checkpoints_the_first_and_last_are_among_those_drawn(run, monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules["layerwise.report.lines"], "MOST_FRAMES", 2)
    assert lines([run]).blocks[-1].names == ("iteration 0", "iteration 1,500")


def test_a_page_without_scripts_has_the_stills_only(run):
    still, moving = (report.render([run], interactive=on) for on in (False, True))
    assert "<script" not in still
    assert 'class="frames"' not in still
    assert 'id="figure-lines"' in still
    assert moving.count('class="frames"') == 1
    assert moving.count('querySelectorAll("figure.frames")') == 1
    assert report.render([run]) == moving


def test_of_other_runs_and_without_labels_there_is_no_section(tmp_path):
    assert lines([small_run(tmp_path / "other")]) is None
    plain = small_run(tmp_path / "plain", classes=())
    analysis.keep_affine(plain, "epoch-000", *layers(2, 4, 2))
    assert lines([plain]) is None
