"""The loop: what a linear unit prefers, constraints, the best iterate, and nothing leaks."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from tests.awkward import Functional, Keywords
from tests.networks import Signals, SmallViT
from torch import nn

from layerwise import models
from layerwise.data import load
from layerwise.foundation.checks import InvalidType, InvalidValue, NotFound
from layerwise.network import from_layer
from layerwise.network.targets import layer, logit, of_input, unit
from layerwise.synthesis import Adam, Fourier, Jitter, Pixels, RMSProp, diversity, maximize
from layerwise.synthesis.recipes import RECIPES, Recipe, as_recipe

DIGITS = load("digits")


def net(seed: int = 0) -> nn.Sequential:
    return models.convnet((1, 8, 8), 10, channels=((6, 6),), hidden=(16,), random_state=seed)


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_closed_form_first_layer_units_prefer_their_own_weights() -> None:
    dense = models.mlp((1, 8, 8), 10, hidden=(32,), dropout=(0.0,))
    found = maximize(dense, unit("fc1", range(32)), DIGITS, recipe="erhan")
    weights = dense.fc1.weight.detach().numpy()
    assert cosines(found.images, weights).min() > 0.999  # E1
    assert found.norm is not None
    expected = found.norm * np.linalg.norm(weights, axis=1) + dense.fc1.bias.detach().numpy()
    np.testing.assert_allclose(found.values, expected, rtol=1e-3)

    conv = net()
    found = maximize(conv, unit("conv1", range(6), (3, 4)), DIGITS, recipe="erhan")
    patch = found.images[:, :, 2:5, 3:6]
    assert cosines(patch, conv.conv1.weight.detach().numpy()).min() > 0.999
    outside = found.images.copy()
    outside[:, :, 2:5, 3:6] = 0
    assert np.abs(outside).max() < 0.03 * np.abs(patch).max()


def test_law_erhan_never_falls_and_stays_on_the_sphere() -> None:
    found = maximize(net(), unit("fc1", range(16)), DIGITS, recipe="erhan", starts=3)
    assert found.history.shape == (16, 3, 201)
    assert (np.diff(found.history, axis=-1) >= 0).all()  # E4
    mean = np.linalg.norm(DIGITS.inputs().reshape(len(DIGITS), -1), axis=1).mean()
    lengths = np.linalg.norm(found.start_images.reshape(48, -1), axis=1)
    np.testing.assert_allclose(lengths, mean, rtol=1e-5)
    np.testing.assert_allclose(found.start_values, found.history[..., -1], rtol=1e-4, atol=1e-5)
    given = maximize(net(), "fc1:3", (1, 8, 8), recipe="erhan", norm=2.5, steps=5)
    assert np.linalg.norm(given.images) == pytest.approx(2.5, rel=1e-5)


def test_outcome_the_best_start_is_shown() -> None:
    found = maximize(net(), unit("output", [3, 1]), DIGITS, recipe="keras-vis", starts=4, steps=20)
    best = found.start_values.argmax(1)
    np.testing.assert_array_equal(found.values, found.start_values.max(1))
    np.testing.assert_array_equal(found.images, found.start_images[[0, 1], best])
    with torch.no_grad():
        logits = net().eval()(torch.from_numpy(found.images))
    np.testing.assert_allclose(found.values, logits[[0, 1], [3, 1]], rtol=1e-4)


def test_outcome_the_best_iterate_is_kept() -> None:
    """H4: what is returned has the largest objective that the climb met; or the last, if asked."""
    leaps = Recipe("leaps", Pixels("range"), RMSProp(0.5), 30)
    best = maximize(net(), logit(range(10)), DIGITS, recipe=leaps)
    steps, history = best.best_step[:, 0], best.history[:, 0]
    np.testing.assert_array_equal(steps, history.argmax(1))
    assert (steps < 30).any()
    assert (history.max(1) > history[:, 0]).all()
    np.testing.assert_allclose(best.values, history.max(1), rtol=1e-4)
    last = maximize(net(), logit(range(10)), DIGITS, recipe=replace(leaps, keep="last"))
    assert (last.best_step == 30).all()
    np.testing.assert_allclose(last.values, history[:, -1], rtol=1e-4, atol=1e-5)


def test_reference_keras_vis_by_loops() -> None:
    """Every image by itself, in numpy, as its source has it."""
    model, data = net().double().eval(), DIGITS.inputs().astype(np.float64)
    found = maximize(model, unit("output", range(10)), data, recipe="keras-vis", steps=15)
    start = np.random.default_rng([0, 0]).standard_normal((1, 8, 8))
    for k in (0, 7):
        x, cache, best = 0.5 + 0.05 * start, np.zeros((1, 8, 8)), (np.inf, start)
        for _ in range(16):
            t = torch.from_numpy(x).requires_grad_()
            steps = (t[:, 1:, :-1] - t[:, :-1, :-1]) ** 2 + (t[:, :-1, 1:] - t[:, :-1, :-1]) ** 2
            loss = -model(t[None])[0, k] + 10 * (t**6).sum() ** (1 / 6) / 64 + 10 * steps.sum() / 64
            if loss.item() < best[0]:
                best = (loss.item(), x)
            g = torch.autograd.grad(loss, t)[0].numpy()
            g = g / (np.sqrt((g**2).mean()) + 1e-7)
            cache = 0.95 * cache + 0.05 * g**2
            x = x - g / np.sqrt(cache + 1e-7) / 255
        np.testing.assert_allclose(found.images[k], best[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_law_all_units_together_are_each_alone(recipe: str) -> None:
    settings: dict[str, Any] = {"recipe": recipe, "starts": 2, "steps": 6, "random_state": 3}
    model = net().double()
    together = maximize(model, unit("conv2", range(6)), DIGITS, **settings)
    batched = maximize(model, unit("conv2", range(6)), DIGITS, batch_size=4, **settings)
    for k in range(6):
        alone = maximize(model, f"conv2:{k}", DIGITS, **settings)
        for name in ("images", "values", "start_images", "history"):
            for other in (alone, batched):
                row = 0 if other is alone else k
                np.testing.assert_allclose(
                    getattr(together, name)[k], getattr(other, name)[row], rtol=1e-5, atol=1e-6
                )
        np.testing.assert_array_equal(together.best_step[k], alone.best_step[0])


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_law_same_seed_same_bytes(recipe: str) -> None:
    first, again, other = (
        maximize(net(), logit(range(10)), DIGITS, recipe=recipe, steps=4, random_state=seed)
        for seed in (5, 5, 6)
    )
    assert first.images.tobytes() == again.images.tobytes()
    assert first.images.tobytes() != other.images.tobytes()
    assert first.images.dtype == np.float32


torch.manual_seed(0)
RGB = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Softplus(), nn.Flatten(), nn.Linear(4 * 8 * 6, 3))
DENSE = nn.Sequential(nn.Linear(7, 5), nn.Tanh(), nn.Linear(5, 3))


@pytest.mark.parametrize("recipe", [None, *RECIPES])
@pytest.mark.parametrize(
    ("model", "shape"),
    [(net(), (1, 8, 8)), (RGB, (3, 10, 8)), (Signals(), (2, 40)), (DENSE, (7,)),
     (SmallViT(), (3, 8, 8)), (Functional(), (1, 28, 28))],
)  # fmt: skip
def test_contract_any_shape_of_input(
    model: nn.Module, shape: tuple[int, ...], recipe: str | None
) -> None:
    data = np.random.default_rng(0).uniform(-1, 2, (9, *shape)).astype(np.float32)
    found = maximize(model, logit([0, 2]), data, recipe=recipe, steps=20, value_range=(-1, 2))
    assert found.images.shape == (2, *shape)
    assert np.isfinite(found.images).all()
    if found.recipe.penalty is None:  # whose weight suits logits of trained networks
        barely = maximize(model, logit([0, 2]), data, recipe=recipe, steps=1, value_range=(-1, 2))
        assert (found.values > barely.values).all()
    if recipe in ("ink", "modern"):
        assert -1 <= found.images.min() <= found.images.max() <= 2
    if recipe is None:
        usual = {(3, 10, 8): "modern", (3, 8, 8): "modern", (2, 40): "erhan", (7,): "erhan"}
        assert found.recipe.name == usual.get(shape, "ink")


def test_outcome_tokens_are_asked_for_their_embeddings() -> None:
    torch.manual_seed(0)
    model = Keywords()
    ids = {"input_ids": torch.randint(0, 10, (5, 7)), "attention_mask": torch.ones(5, 7).long()}
    embedded = model.embed(ids["input_ids"]).detach().numpy()
    asked = from_layer(model, "embed", ids)
    found = maximize(asked, unit("fc", range(6), 2), embedded)
    assert found.images.shape == (6, 7, 6)
    np.testing.assert_allclose(cosines(found.images[:, 2], model.fc.weight.detach().numpy()), 1,
                               atol=1e-3)  # fmt: skip
    assert np.abs(np.delete(found.images, 2, axis=1)).max() < 0.05
    with pytest.raises(InvalidType, match="of token ids take the embeddings"):
        maximize(model, "fc:1", ids["input_ids"])


def test_law_the_model_is_left_as_it_was_also_when_it_fails() -> None:
    model = net().train()
    model.conv1.weight.requires_grad_(False)
    state, noise = copy.deepcopy(model.state_dict()), torch.random.get_rng_state()
    maximize(model, unit("conv2", [1, 2]), DIGITS, steps=2)
    with pytest.raises(InvalidValue):
        maximize(model, unit("conv2", [1, 99]), DIGITS, steps=2)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert trained == {name for name, _ in model.named_parameters()} - {"conv1.weight"}
    assert all(p.grad is None for p in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())
    assert torch.equal(torch.random.get_rng_state(), noise)


@pytest.mark.parametrize("recipe", ["erhan", Recipe("free", Pixels(), Adam(1.0), 100)])
def test_outcome_a_rectified_unit_that_is_off_is_found(recipe: Recipe | str) -> None:
    model = nn.Sequential(nn.Linear(4, 2), nn.ReLU())
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[-1.0, -1, -1, -1], [0, 0, 0, 0]]))
        model[0].bias.fill_(-5.0)
    found = maximize(model, unit("1", [0, 1]), (4,), recipe=recipe, norm=10.0)
    assert found.history[0, 0, 0] == 0  # where its gradient vanishes
    assert found.values[0] > 14.9
    assert found.values[1] == 0  # nothing excites this one


def test_outcome_regularisers_and_diversity_do_what_they_say() -> None:
    model, target = net(), unit("conv2", [0, 3])
    plain = maximize(model, target, DIGITS, recipe="erhan", starts=3, steps=40)
    apart = maximize(
        model, target + 5 * diversity("conv1", 3), DIGITS, recipe="erhan", starts=3, steps=40
    )

    def spread(found: Any) -> float:
        maps = model.eval().conv1(torch.from_numpy(found.start_images[0])).flatten(2)
        grams = torch.nn.functional.normalize((maps @ maps.mT).flatten(1), dim=1)
        return float(1 - (grams @ grams.T).detach()[np.triu_indices(3, 1)].mean())

    assert spread(apart) > spread(plain) + 0.1
    dark = of_input(lambda x: x.flatten(1).sum(1), "light")
    assert (
        maximize(model, target - 9 * dark, DIGITS, recipe="ink", steps=30).images.mean()
        < maximize(model, target, DIGITS, recipe="ink", steps=30).images.mean()
    )


def test_outcome_standardised_inputs_by_their_range() -> None:
    mean, std = np.array([0.5, 0.4, 0.3]), np.array([0.2, 0.25, 0.3])
    low, high = (0 - mean) / std, (1 - mean) / std
    found = maximize(RGB, logit(1), (3, 10, 8), value_range=(low, high),
                     recipe=Recipe("wild", Fourier(), Adam(1.0), 100))  # fmt: skip
    pixels = found.images[0] * std[:, None, None] + mean[:, None, None]
    assert pixels.min() >= -1e-6
    assert pixels.max() <= 1 + 1e-6
    assert (pixels.max(axis=(1, 2)) > 0.9).all()
    assert (pixels.min(axis=(1, 2)) < 0.1).all()


def test_outcome_a_recipe_of_ones_own() -> None:
    mine = Recipe("mine", Pixels("range"), RMSProp(0.05), 8, transforms=(Jitter(0.2),))
    found = maximize(net(), layer("conv2"), DIGITS, recipe=mine, steps=9)
    assert found.recipe == replace(mine, steps=9)
    assert (found.target, found.images.shape) == ("conv2", (1, 1, 8, 8))


def test_contract_mistakes_are_one_sentence() -> None:
    with pytest.raises(NotFound, match=r"no recipe 'moderne' in .*Did you mean 'modern'\?"):
        maximize(net(), "conv2:1", DIGITS, recipe="moderne")
    with pytest.raises(InvalidType, match="recipe must be a Recipe or its name; got int"):
        as_recipe(3, ())  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="norm must be given with a recipe that limits it"):
        maximize(net(), "conv2:1", (1, 8, 8), recipe="erhan")
    with pytest.raises(NotFound, match="no layer 'conv9'"):
        maximize(net(), "conv9:1", DIGITS)
    with pytest.raises(InvalidValue, match="starts must be an integer >= 1"):
        maximize(net(), "conv2:1", DIGITS, starts=0)
    with pytest.raises(InvalidValue, match="Recipe: keep must be one of best, last"):
        replace(RECIPES["ink"], keep="first")
