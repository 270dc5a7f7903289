"""The figure of attributions: every map named with its scale, text readable, signals as traces."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.explained import NAMES, explained, pictures
from tests.followed import AFTER, BEFORE
from tests.networks import Signals

from layerwise.attribution import explain
from layerwise.figures import attributions
from layerwise.figures.asking.attributions import columns_of
from layerwise.foundation.checks import UserError


@pytest.fixture(scope="module")
def found():
    return explained()


def test_outcome_every_observation_at_every_checkpoint(found, assert_readable):
    captions = [[f"{name}, {checkpoint}" for name in NAMES] for checkpoint in (AFTER, BEFORE)]
    figure = attributions([found[AFTER], found[BEFORE]], captions, pictures=pictures())
    assert_readable(figure)
    words = [text.get_text().replace("\n", " ") for text in figure.texts]
    for caption in (one for several in captions for one in several):
        assert caption in words
    assert sum(word == "input" for word in words) == 4
    assert sum(word.startswith("gradient ±") for word in words) == 4
    assert any(word.startswith("Grad-CAM at relu2 ") for word in words)
    tiles = [ax for ax in figure.axes if ax.get_label() == "tiles"]
    assert [len(ax.images) for ax in tiles] == [4] * 4


def test_outcome_a_signal_becomes_traces(assert_readable):
    x = torch.rand(1, 2, 30)
    found = explain(Signals(), x, "logit:1", methods=["gradient", "input_x_gradient"], n_steps=2)
    figure = attributions([found], [["one wave"]], signals=x.numpy())
    assert_readable(figure)
    assert [ax.get_ylabel().replace("\n", " ") for ax in figure.axes] == [
        "input", "gradient", "input × gradient",
    ]  # fmt: skip
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), found.maps["gradient"][0])
    labels = [[text.get_text() for text in ax.get_legend().get_texts()] for ax in figure.axes]
    assert labels == [["0", "1"], ["all"], ["all"]]  # a map adds the channels up


def test_closed_form_rows_of_large_pictures_are_of_one_length():
    large = [columns_of(np.zeros((n, 64, 80, 3))) for n in (1, 4, 5, 6, 8, 9)]
    assert large == [1, 4, 3, 3, 4, 3]
    assert columns_of(np.zeros((9, 28, 28, 3))) is None


def test_contract_refusals_are_one_sentence(found):
    with pytest.raises(UserError, match="captions must be one for each of 2 observations"):
        attributions([found[AFTER]], [["one"]])
    with pytest.raises(UserError, match="explanations must be one or more"):
        attributions([], [])


def test_outcome_tokens_are_no_signals(assert_readable):
    x = torch.rand(1, 7, 5)
    net = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    found = explain(net, x, "1:1", methods=["gradient"], n_steps=2)
    assert found.maps["gradient"].shape == (1, 7)
    figure = attributions([found], [["a sentence"]], signals=x.numpy())
    assert_readable(figure)
    assert [ax.get_label() for ax in figure.axes] == ["tiles", "key"]
