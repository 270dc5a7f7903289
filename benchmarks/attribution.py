"""Attributions of a convolutional network beside autograd by hand, and beside Captum's defaults.

The network is :func:`layerwise.models.convnet` with one hidden layer of 512. By hand: batches of
128. Captum's defaults are ``Saliency(model).attribute(x)`` and
``IntegratedGradients(model).attribute(x)``, all observations (and all steps) in one batch.
"difference" is the largest from the job by hand, relative to its largest value.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from benchmarks.measure import Job, compare

SIZE, CLASS, BATCH = (1, 28, 28), 3, 128
N, N_INTEGRATED, STEPS = 1_024, 16, 50

Measured = Callable[[], Callable[[], dict[str, float]]]


def ready(n: int, keep: bool) -> tuple:
    import torch

    from layerwise import models
    from layerwise.network.allocator import keep_freed_memory

    if keep:
        keep_freed_memory()
    model = models.convnet(SIZE, 10, hidden=(512,)).eval()
    return model, torch.rand(n, *SIZE, generator=torch.Generator().manual_seed(0))


def plain_gradient(model, x) -> np.ndarray:
    import torch

    found = np.empty(tuple(x.shape), np.float32)
    for first in range(0, len(x), BATCH):
        part = x[first : first + BATCH].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(model(part)[:, CLASS].sum(), part)
        found[first : first + BATCH] = gradient.numpy()
    return found


def plain_integral(model, x) -> np.ndarray:
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    alphas = np.repeat((nodes + 1) / 2, len(x)).astype(np.float32)
    found, each = np.zeros(tuple(x.shape), np.float32), np.repeat(weights / 2, len(x))
    for first in range(0, len(alphas), BATCH):
        rows = np.arange(first, min(first + BATCH, len(alphas)))
        scale = x.new_tensor(alphas[rows]).reshape(-1, 1, 1, 1)
        gradients = plain_gradient(model, x[rows % len(x)] * scale)
        np.add.at(found, rows % len(x), each[rows].reshape(-1, 1, 1, 1) * gradients)
    return found * x.numpy()


def job(n: int, attribute: Callable, plain: Callable, keep: bool) -> Measured:
    model, x = ready(n, keep)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    attribute(model, x[:2])  # imports are not timed

    def run() -> Callable[[], dict[str, float]]:
        found = attribute(model, x)

        def difference() -> dict[str, float]:
            known = plain(model, x)
            return {"difference": float(np.abs(found - known).max() / np.abs(known).max())}

        return difference

    return run


def our_gradient(model, x) -> np.ndarray:
    from layerwise.attribution import gradient

    return gradient(model, f"logit:{CLASS}", x)


def our_integral(model, x) -> np.ndarray:
    from layerwise.attribution import integrated_gradients

    return integrated_gradients(model, f"logit:{CLASS}", x, n_steps=STEPS)


def captum_gradient(model, x) -> np.ndarray:
    from captum.attr import Saliency

    inputs = x.clone().requires_grad_()
    return Saliency(model).attribute(inputs, target=CLASS, abs=False).numpy()


def captum_integral(model, x) -> np.ndarray:
    from captum.attr import IntegratedGradients

    return IntegratedGradients(model).attribute(x, target=CLASS, n_steps=STEPS).detach().numpy()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    packages = ("torch", "captum", "numpy")
    for keep in (False, True):
        memory = ", memory kept" * keep
        jobs = [
            Job("autograd by hand", job, (N, plain_gradient, plain_gradient, keep)),
            Job("layerwise gradient", job, (N, our_gradient, plain_gradient, keep)),
            Job("Captum Saliency", job, (N, captum_gradient, plain_gradient, keep)),
        ]
        title = f"Gradients of {N:,} pictures {SIZE}{memory}"
        compare(title, jobs, rounds=options.rounds, packages=packages)
        n = N_INTEGRATED
        jobs = [
            Job("Captum's defaults", job, (n, captum_integral, plain_integral, keep)),
            Job("layerwise integrated_gradients", job, (n, our_integral, plain_integral, keep)),
            Job("autograd by hand", job, (n, plain_integral, plain_integral, keep)),
        ]
        title = f"Integrated gradients of {n} pictures {SIZE}, {STEPS} steps{memory}"
        compare(title, jobs, rounds=options.rounds, packages=packages)


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import attribution

    attribution.main()
