"""Priors: the formulas by literal loops, what they punish, gradients everywhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.network.question import question
from layerwise.network.targets import Target, unit
from layerwise.synthesis.regularizers import (
    diversity,
    edge_energy,
    lp_norm,
    scales_of_edges,
    total_variation,
)


def asked(target: Target, x: Tensor) -> Tensor:
    with question(nn.Identity(), target, x) as ask:
        return ask(x)


SHAPES = [(2, 6, 7), (1, 8, 8), (3, 11), (1, 6, 6, 6), (5,)]


@pytest.mark.parametrize("beta", [2.0, 1.0, 1.5])
@pytest.mark.parametrize("shape", [(2, 5, 4), (1, 8, 8), (3, 6)])
def test_reference_total_variation_by_loops(beta: float, shape: tuple[int, ...]) -> None:
    x = torch.randn(3, *shape, dtype=torch.double)
    expected = []
    for image in x.numpy():
        total = 0.0
        for place in np.ndindex(*shape):
            squares, inside = 0.0, True
            for axis in range(1, len(shape)):
                there = list(place)
                there[axis] += 1
                inside &= there[axis] < shape[axis]
                if there[axis] < shape[axis]:
                    squares += (image[tuple(there)] - image[place]) ** 2
            total += squares ** (beta / 2) if inside else 0.0
        expected.append(total / image.size)
    np.testing.assert_allclose(asked(total_variation(beta), x).numpy(), expected, rtol=1e-12)


def test_reference_norm_by_loops() -> None:
    x = torch.randn(3, 2, 4, 4, dtype=torch.double)
    expected = [sum(abs(v) ** 6 for v in image.ravel()) ** (1 / 6) / 32 for image in x.numpy()]
    np.testing.assert_allclose(asked(lp_norm(), x).numpy(), expected, rtol=1e-12)


def test_reference_edge_energy_by_loops() -> None:
    x = torch.randn(1, 2, 9, 12, dtype=torch.double)
    k = np.exp(-(np.arange(-2, 3) ** 2) / 2)
    kernel = np.outer(k, k) / np.outer(k, k).sum()
    total = 0.0
    for channel in x.numpy()[0]:
        u = channel
        while min(u.shape) > 5:
            padded = np.pad(u, 2)
            for i, j in np.ndindex(*u.shape):
                total += (u[i, j] - (padded[i : i + 5, j : j + 5] * kernel).sum()) ** 2
            padded = np.pad(u, 1)  # zeros count in the mean, as in torch
            rows, columns = padded.shape[0] // 2, padded.shape[1] // 2
            u = padded[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean((1, 3))
    assert float(asked(edge_energy(), x)) == pytest.approx(total, rel=1e-12)


def test_law_edge_energy_is_of_edges_alone() -> None:
    constant = torch.full((1, 1, 40, 40), 3.0)
    for edges in scales_of_edges(constant):
        assert edges.shape[-1] > 5
    assert float(scales_of_edges(constant)[0][..., 2:-2, 2:-2].abs().max()) < 1e-5
    t = torch.arange(32.0)
    low, high = (
        torch.sin(2 * np.pi * waves * t / 32)[None, None, None].expand(1, 1, 32, 32)
        for waves in (1, 12)
    )
    low, high = low / low.norm(), high / high.norm()
    energies = asked(edge_energy(), torch.cat([low, high, 3 * high]))
    assert energies[1] > 2 * energies[0]
    assert float(energies[2]) == pytest.approx(9 * float(energies[1]), rel=1e-5)


def test_closed_form_identical_images_are_not_diverse_and_orthogonal_ones_are() -> None:
    x = torch.zeros(4, 2, 3)
    x[0, 0], x[1, 0], x[2, 0], x[3, 1] = 1.0, 2.0, 1.0, 1.0
    torch.testing.assert_close(asked(diversity("output", 2), x), torch.tensor([0.0, 0, 1, 1]))
    three = asked(diversity("output", 3), torch.cat([x[1:], x[1:]]))
    torch.testing.assert_close(three, torch.tensor([0.5, 0.5, 1.0, 0.5, 0.5, 1.0]))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "make", [total_variation, lambda: total_variation(1.0), lp_norm, edge_energy]
)
def test_gradient_and_one_value_per_image(
    make: Callable[[], Target], shape: tuple[int, ...]
) -> None:
    x = torch.randn(2, *shape, dtype=torch.double, requires_grad=True)
    with question(nn.Identity(), make(), x) as ask:
        assert torch.autograd.gradcheck(lambda x: ask(x), (x,))
        zero, gradient = ask.gradient(torch.zeros(2, *shape, dtype=torch.double))
    assert float(zero.abs().max()) == 0
    assert bool(gradient.isfinite().all())
    if len(shape) == 1 and make is not lp_norm:
        assert float(asked(make(), x.detach()).abs().max()) == 0  # nothing has a neighbour


def test_contract_they_compose_with_targets() -> None:
    net, x = nn.Linear(4, 2), torch.randn(3, 4)
    target = unit("output", 1) - 0.5 * lp_norm(2)
    assert str(target) == "output:1 - 0.5 * L2 norm"
    with question(net, target, x) as ask, torch.no_grad():
        torch.testing.assert_close(ask(x), net(x)[:, 1] - 0.5 * x.norm(dim=1) / 4)
    with pytest.raises(InvalidValue, match="lp_norm: p must be a number in"):
        lp_norm(0.5)
    with pytest.raises(InvalidValue, match="diversity: starts must be an integer >= 2"):
        diversity("conv1", 1)
    with pytest.raises(InvalidType, match="total_variation: beta must be a number"):
        total_variation("2")  # type: ignore[arg-type]
