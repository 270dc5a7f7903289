"""Random rectified networks of two inputs, as numbers."""

from __future__ import annotations

import numpy as np

WINDOW = ((-2.0, 3.0), (-1.0, 2.0))


def layers(*sizes: int, seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return (weights, biases) of the layers of a network of these sizes."""
    draw = np.random.default_rng(seed)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [draw.normal(size=shape).astype(np.float32) for shape in shapes]
    return weights, [draw.normal(size=n).astype(np.float32) / 2 for n, _ in shapes]


def grid(side: int, window: tuple[tuple[float, float], tuple[float, float]] = WINDOW) -> np.ndarray:
    """Return the middles of side x side pixels of the window, row by row."""
    steps = (np.arange(side) + 0.5) / side
    x, y = (low + steps * (high - low) for low, high in window)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
