"""Steps: keras-vis' by literal loops, torch's Adam, and a search that never falls."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from layerwise.synthesis.ascent import Adam, LineSearch, RMSProp

ASCENTS = [Adam(0.1), RMSProp(0.1), LineSearch()]


def hill(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return a crooked objective of each row and its gradient."""
    x = x.detach().requires_grad_()
    scales = torch.linspace(0.1, 3, x.shape[1], dtype=x.dtype)
    f = -(scales * (x - 1).square()).sum(1) + (3 * x).sin().sum(1)
    return f.detach(), torch.autograd.grad(f.sum(), x)[0]


def climbed(ascent: Adam | RMSProp | LineSearch, x: Tensor, steps: int) -> Tensor:
    climb, path = ascent.begin(), [x]
    for _ in range(steps):
        path.append(climb(path[-1], *hill(path[-1])))
    return torch.stack(path)


def test_reference_rmsprop_by_loops() -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 5, dtype=torch.double)
    path = climbed(RMSProp(1.0, 0.95), x, 6)
    for i in range(3):
        image, cache = x[i].numpy().copy(), np.zeros(5)
        for step in range(6):
            g = hill(torch.from_numpy(image)[None])[1][0].numpy()
            g = g / (np.sqrt(sum(v**2 for v in g) / 5) + 1e-7)
            cache = 0.95 * cache + 0.05 * g**2
            image = image + g / np.sqrt(cache + 1e-7)
            np.testing.assert_allclose(path[step + 1, i], image, rtol=1e-8)


def test_reference_adam_is_torchs() -> None:
    x = torch.randn(2, 4, dtype=torch.double)
    held = x.clone().requires_grad_()
    optimizer = torch.optim.Adam([held], 0.1)
    for expected in climbed(Adam(0.1), x, 5)[1:]:
        held.grad = -hill(held)[1]
        optimizer.step()
        torch.testing.assert_close(held.detach(), expected)


@pytest.mark.parametrize("ascent", ASCENTS)
def test_law_images_do_not_see_one_another(ascent: Adam | RMSProp | LineSearch) -> None:
    x = torch.randn(4, 5, dtype=torch.double)
    together = climbed(ascent, x, 20)
    for i in range(4):
        torch.testing.assert_close(together[:, i : i + 1], climbed(ascent, x[i : i + 1], 20))


@pytest.mark.parametrize("ascent", ASCENTS)
def test_outcome_all_climb(ascent: Adam | RMSProp | LineSearch) -> None:
    torch.manual_seed(0)
    x = torch.randn(6, 5, dtype=torch.double)
    path = climbed(ascent, x, 200)
    values = torch.stack([hill(x)[0] for x in path])
    assert bool((values.amax(0) > values[0] + 0.5).all())


def test_law_what_line_search_holds_never_falls_and_ends_at_a_top() -> None:
    torch.manual_seed(0)
    x = torch.randn(6, 5, dtype=torch.double)
    values = torch.stack([hill(x)[0] for x in climbed(LineSearch(), x, 300)])
    held = values.cummax(0)
    best = climbed(LineSearch(), x, 300)[held.indices[-1], torch.arange(6)]
    assert float(hill(best)[1].norm(dim=1).max()) < 1e-2
    # a step that lowers the objective is taken back: the next one starts from the best so far
    assert bool((values[1:] < values[:-1]).any())
