"""Figures of one observation: boxes where the fields are, every layer named, text readable."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle
from tests.followed import AFTER, BEFORE, network, picture
from tests.networks import Signals, SmallViT

from layerwise.figures import Trace, feature_maps, observation, one_unit, receptive_field, traces
from layerwise.foundation.checks import InvalidValue
from layerwise.recording import activations
from layerwise.units import map_images


def rectangles(ax):
    return [patch.get_bbox() for patch in ax.patches if isinstance(patch, Rectangle)]


@pytest.fixture(scope="module")
def maps():
    x = (picture() / 255).astype(np.float32)[None]
    return {BEFORE: activations(network(), x), AFTER: activations(network(1.5), x)}


def test_outcome_every_layer_at_every_checkpoint_is_named_and_readable(maps, assert_readable):
    figure = observation(maps, picture=picture(), caption="bar 0", title="One picture")
    assert_readable(figure)
    words = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    for layer in maps[AFTER]:
        assert f"{layer}, {BEFORE}: " in words
        assert f"{layer}, {AFTER}: " in words
    assert "bar 0, and what the middle unit of each layer sees of it" in words


def test_closed_form_boxes_stand_around_the_pixels_of_the_field(maps):
    figure = observation({"": {"conv2": maps[AFTER]["conv2"]}}, picture=picture())
    ax = figure.axes[0]
    left, right, bottom, top = ax.images[0].get_extent()
    pixel = (right - left) / 16
    frame, swatch = rectangles(ax)  # and the sample beside its name
    np.testing.assert_allclose(
        [frame.x0, frame.x1, frame.y0, frame.y1],
        [left + 5 * pixel, left + 13 * pixel, top + 5 * pixel, top + 13 * pixel],
    )
    assert swatch.x0 > right
    assert ax.texts[0].get_text() == "conv2: 8 × 8"
    assert bottom - top == pytest.approx(16 * pixel)


def test_outcome_layers_that_see_the_same_have_one_box_and_all_is_said(maps):
    figure = observation(maps, picture=picture())
    names = [text.get_text() for text in figure.axes[0].texts]
    assert names == ["conv1: 3 × 3", "pool1: 4 × 4", "conv2: 8 × 8", "fc: all of it"]


def test_closed_form_one_unit_and_what_it_sees(maps, assert_readable):
    figure = one_unit(maps[AFTER]["conv2"], (0, 5), 7, picture=picture(), title="bar")
    left, right = figure.axes
    (seen,), (unit,) = rectangles(left), rectangles(right)
    assert [seen.y0, seen.y1, seen.x0, seen.x1] == [-0.5, 6.5, 8.5, 15.5]
    assert [unit.x0, unit.x1, unit.y0, unit.y1] == [4.5, 5.5, -0.5, 0.5]
    assert right.get_title() == "conv2, channel 7\nrow 0, column 5 (of 6 × 6)"
    assert left.get_title() == "sees rows 0 to 6, columns 9 to 15\n(of 16 × 16)"
    assert_readable(figure)
    dense = one_unit(maps[AFTER]["fc"], (), 3, picture=picture())
    assert dense.axes[0].get_title().startswith("sees rows 0 to 15, columns 0 to 15")


def test_outcome_tokens_are_a_matrix_and_one_token_is_marked(assert_readable):
    torch.manual_seed(0)
    found = activations(SmallViT(), torch.rand(3, 8, 8))
    image = np.zeros((8, 8, 3), np.uint8)
    assert_readable(observation({"": found}, picture=image))
    figure = one_unit(found["encoder.0.norm1"], (6,), 2, picture=image)
    (seen,), (unit,) = (rectangles(ax) for ax in figure.axes)
    assert [seen.y0, seen.y1, seen.x0, seen.x1] == [1.5, 3.5, 3.5, 5.5]
    assert [unit.x0, unit.y0] == [5.5, -0.5]


def test_closed_form_signals_share_the_axis_of_the_input(assert_readable):
    torch.manual_seed(0)
    signal = np.sin(np.arange(80, dtype=np.float32).reshape(2, 40) / 3)
    found = activations(Signals(), signal, ["conv1", "conv2", "fc"])
    figure = observation({"": found}, signal=signal, title="A signal")
    assert_readable(figure)
    assert [ax.get_ylabel() for ax in figure.axes] == ["input", "conv1", "conv2"]
    first, last = figure.axes[0].lines[1], figure.axes[2].lines[0]
    np.testing.assert_array_equal(first.get_ydata(), signal[1])
    np.testing.assert_array_equal(last.get_xdata(), np.arange(20) * 2)
    np.testing.assert_array_equal(last.get_ydata(), found["conv2"].values[0])
    pooled = torch.nn.Sequential(torch.nn.Conv1d(2, 3, 5), torch.nn.AdaptiveAvgPool1d(1))
    figure = observation({"": activations(pooled, signal)}, signal=signal)
    np.testing.assert_array_equal(figure.axes[2].lines[0].get_xdata(), [19.5])
    marked = one_unit(found["conv2"], (10,), 1, signal=signal)
    bands = [rectangles(ax)[0] for ax in marked.axes]
    assert [(band.x0, band.x1) for band in bands] == [(13.5, 26.5)] * 2


def test_outcome_many_channels_and_layers_stay_readable(assert_readable):
    layers = [Trace(f"encoder.layers.{k}.conv1", np.ones((9, 50)) * k, range(9)) for k in range(12)]
    figure = traces(layers)
    assert_readable(figure)
    assert all(len(ax.lines) == 6 for ax in figure.axes)
    assert figure.axes[0].get_legend().get_title().get_text() == "channel (+ 3 not drawn)"
    deep = {f"features.denseblock{k}.conv": {"": map_images(np.ones((40, 4, 4)))} for k in range(5)}
    boxes = {name: ((k, 2 * k + 9), (k, 2 * k + 9)) for k, name in enumerate(deep)}
    assert_readable(feature_maps(deep, picture=picture(), boxes=boxes, input_size=(30, 30)))


def test_contract_what_cannot_be_drawn_is_one_sentence(maps):
    with pytest.raises(InvalidValue, match="layers must be at least one, or a picture"):
        feature_maps({})
    with pytest.raises(InvalidValue, match="checkpoints must be one or more"):
        observation({})
    with pytest.raises(InvalidValue, match="1 to 12 layers; got 0"):
        traces([])
    with pytest.raises(InvalidValue, match="a number for each channel; got 'x' of shape"):
        traces([Trace("x", np.zeros((2, 3)), [0])])
    with pytest.raises(InvalidValue, match="picture must be the observation as a picture"):
        one_unit(maps[AFTER]["conv1"], (0, 0), 0)
    channel = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(InvalidValue, match=r"position\[0\] must be an integer in \[0, 3\]; got 4"):
        receptive_field(picture(), None, channel, (4, 0))
    with pytest.raises(InvalidValue, match="uint8; got float64"):
        receptive_field(picture() / 255, None, channel, (0, 0))
    nothing = receptive_field(picture(), None, channel, (0, 0))
    assert nothing.axes[0].get_title() == "sees padding alone"
