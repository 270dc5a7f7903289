"""Images: the spectrum against numpy, limits kept, gradients of every parametrisation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise.foundation.checks import InvalidValue
from layerwise.synthesis.images import COLOR_BASIS, Fourier, Pixels, frequencies
from layerwise.synthesis.space import input_space

SHAPES = [(1, 4, 4), (3, 3, 5), (2, 6), (2, 2, 3, 2), (5,), (1, 1, 1)]


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 7, 9), (2, 12)])
def test_reference_the_spectrum_by_numpy(shape: tuple[int, ...]) -> None:
    space, fourier = input_space(shape, value_range=(-1.0, 3.0)), Fourier(spread=1.0)
    parameters = fourier.draw(space, np.random.default_rng(0))
    real, imaginary = parameters.numpy()
    positions = shape[1:]
    scale = np.zeros(real.shape[1:])
    for place in np.ndindex(*scale.shape):
        waves = [k / n if k <= n / 2 else k / n - 1 for k, n in zip(place, positions, strict=True)]
        scale[place] = 1 / max(np.hypot(0, np.linalg.norm(waves)), 1 / max(positions))
    axes = tuple(range(1, len(shape)))
    x = np.fft.irfftn((real + 1j * imaginary) * scale, s=positions, axes=axes, norm="ortho") / 4
    if len(shape) == 3 and shape[0] == 3:
        basis = np.array(COLOR_BASIS)
        basis = basis / np.sqrt((basis**2).sum(0)).max()
        x = np.array([sum(basis[r, c] * x[c] for c in range(3)) for r in range(3)])
    expected = -1 + 4 / (1 + np.exp(-x))
    found = fourier.image(parameters[None].double(), space)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("image", [Pixels("none", "middle"), Fourier(spread=0.5)])
def test_gradient_and_shape(image: Pixels | Fourier, shape: tuple[int, ...]) -> None:
    space = input_space(shape)
    rng = np.random.default_rng(0)
    parameters = torch.stack([image.draw(space, rng) for _ in range(2)]).requires_grad_()
    assert image.image(parameters, space).shape == (2, *shape)
    assert torch.autograd.gradcheck(lambda p: image.image(p, space), (parameters,))


def test_law_colours_are_those_of_photographs_for_three_channels_alone() -> None:
    rng = np.random.default_rng(0)
    correlation = {}
    for channels in (3, 4):
        space = input_space((channels, 32, 32))
        parameters = torch.stack([Fourier(spread=0.3).draw(space, rng) for _ in range(20)])
        x = Fourier().image(parameters, space).transpose(0, 1).flatten(1)
        correlation[channels] = np.corrcoef(x.numpy())
    covariance = np.array(COLOR_BASIS) @ np.array(COLOR_BASIS).T
    deviations = np.sqrt(np.diag(covariance))
    expected = covariance / np.outer(deviations, deviations)  # .91, .80, .90
    np.testing.assert_allclose(correlation[3], expected, atol=0.05)
    assert np.abs(correlation[4][np.triu_indices(4, 1)]).max() < 0.3


@settings(deadline=None, max_examples=50)
@given(
    limit=st.sampled_from(["norm", "range", "ink"]), seed=st.integers(0, 99),
    scale=st.floats(0.01, 100),
)  # fmt: skip
def test_law_limits_are_kept_and_projecting_again_changes_nothing(
    limit: str, seed: int, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    data = rng.uniform(-0.4, 2.8, (9, 2, 4, 4))
    space, pixels = input_space(data), Pixels(limit)
    x = pixels.project(scale * torch.from_numpy(rng.normal(size=(3, 2, 4, 4))), space)
    if limit == "norm":
        norm = np.linalg.norm(data.reshape(9, -1), axis=1).mean()
        np.testing.assert_allclose(x.flatten(1).norm(dim=1), norm, rtol=1e-5)
    else:
        assert bool(((x >= space.low - 1e-6) & (x <= space.high + 1e-6)).all())
    if limit == "ink":
        lowest = data.min(axis=(0, 2, 3), keepdims=True)
        ink = np.linalg.norm((data - lowest).reshape(9, -1), axis=1).mean()
        assert float((x - space.low).flatten(1).norm(dim=1).max()) <= ink * (1 + 1e-5)
    torch.testing.assert_close(pixels.project(x, space), x)


def test_outcome_starts() -> None:
    space, rng = input_space((1, 100, 100), value_range=(-2.0, 4.0)), np.random.default_rng(0)
    uniform, middle, zero = (
        Pixels(start=start).draw(space, rng) for start in ("uniform", "middle", "zero")
    )
    assert (uniform.min() >= -2, uniform.max() <= 4) == (True, True)
    assert float(uniform.std()) == pytest.approx(6 / np.sqrt(12), rel=0.02)
    assert (float(middle.mean()), float(middle.std())) == pytest.approx((1, 0.3), abs=0.01)
    assert (float(zero.mean()), float(zero.std())) == pytest.approx((0, 0.01), abs=1e-3)


def test_contract_mistakes_are_one_sentence() -> None:
    with pytest.raises(InvalidValue, match="Pixels: limit must be one of none, norm, range, ink"):
        Pixels("box")
    with pytest.raises(InvalidValue, match="maximize: norm must be given with a recipe that"):
        Pixels("norm").project(torch.ones(1, 4), input_space((4,)))


def test_closed_form_frequencies() -> None:
    row = [0.25, np.hypot(0.25, 0.25), np.hypot(0.25, 0.5)]
    np.testing.assert_allclose(frequencies((4, 4))[1], row)
