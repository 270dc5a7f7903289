"""Preferred inputs without torch: what the reading half is given, made of known numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

REAL = np.random.default_rng(1).random((30, 1, 8, 8)).astype(np.float32)
LABELS = np.arange(30) % 10
NAMES = tuple("0123456789")


def portrait(
    layer: str = "relu1", n: int = 3, starts: int = 2, recipe: str = "ink", *,
    scale: float = 1.0, seed: int = 0, n_channels: int = 64, shape: tuple[int, ...] = (1, 8, 8),
) -> Any:  # fmt: skip
    """Return what `layerwise.synthesis.portraits` gives, of n units."""
    rng = np.random.default_rng(seed)
    images = (scale * rng.random((n, starts, *shape))).astype(np.float32)
    values = rng.random((n, starts)).astype(np.float32) + 1
    best, units = values.argmax(axis=1), np.arange(n)
    history = np.sort(rng.random((n, starts, 101)), axis=2).astype(np.float32)
    classes = layer == "classes"
    return SimpleNamespace(
        layer=layer, units=units, position="" if classes else "mean",
        preferred=SimpleNamespace(
            images=images[units, best], values=values[units, best], start_images=images,
            start_values=values, history=history, best_step=np.full((n, starts), 100),
            recipe=SimpleNamespace(name=recipe),
        ),
        agreement=SimpleNamespace(
            cosine=np.full(n, 0.5), least=np.full(n, 0.4), spread=np.full(n, 0.01),
            all_agree=np.zeros(n, bool),
        ),
        among=SimpleNamespace(
            largest=np.array([1.5] * n), row=np.arange(n), percentile=np.linspace(0.9, 1, n),
            n_observations=30, shape=(10 if classes else n_channels,),
        ),
        predicted=units if classes else np.full(n, 7), confidence=np.full(n, 0.95),
        nearest=SimpleNamespace(
            rows=np.arange(10 * n).reshape(n, 10) % 30, distances=np.full((n, 10), 0.25)
        ),
    )  # fmt: skip


def real(shape: tuple[int, ...] = (1, 8, 8)) -> dict[int, np.ndarray]:
    """Return real inputs by row."""
    return {row: REAL[row].reshape(-1)[: np.prod(shape)].reshape(shape) for row in range(30)}
