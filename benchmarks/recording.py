"""Recording to disk against the bare forward loop and against torchlens, in one alternated run.

The bare loop is what anybody writes: ``with torch.inference_mode(): model(batch)``, nothing kept.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measure import Job, compare

WORK = {"mlp": (20_000, 500), "cnn": (2_000, 250)}
"""Observations and batch size."""

LAYERS = {
    "mlp": ["relu1", "relu2", "relu3", "relu4"],
    "cnn": ["relu1", "relu2", "pool1", "relu3", "relu4", "pool2", "relu5"],
}


def prepare(network: str) -> tuple[object, np.ndarray]:
    from layerwise import models

    n, _ = WORK[network]
    x = np.random.default_rng(0).random((n, 1, 28, 28), np.float32)
    if network == "mlp":
        return models.mlp((1, 28, 28), 10, random_state=0).eval(), x
    return models.convnet((1, 28, 28), 10, hidden=(512,), dropout=(0.25, 0.5)).eval(), x


def bare(network: str, keep: bool = False) -> Callable[[], None]:
    import torch

    from layerwise.network.allocator import keep_freed_memory

    model, x = prepare(network)
    batches = torch.from_numpy(x).split(WORK[network][1])
    if keep:
        keep_freed_memory()

    def job() -> None:
        with torch.inference_mode():
            for batch in batches:
                model(batch)

    return job


def ours(network: str, dtype: str, keep: bool = False, layers: str = "") -> Callable[[], None]:
    from layerwise import record
    from layerwise.network.allocator import keep_freed_memory

    model, x = prepare(network)
    folder = Path(tempfile.mkdtemp())
    record(model, x[:600], to=folder / "warm", layers=LAYERS[network], dtype=dtype)
    wanted = [layers] if layers else LAYERS[network]
    if keep:
        keep_freed_memory()

    def job() -> None:
        record(model, x, to=folder / "run", layers=wanted, dtype=dtype,
               batch_size=WORK[network][1])  # fmt: skip

    return job


def torchlens(network: str) -> Callable[[], None]:
    import torch
    import torchlens as tl

    model, x = prepare(network)
    folder = tempfile.mkdtemp()
    stimuli = torch.from_numpy(x)

    def job() -> None:
        tl.extract_dataset(model, stimuli, LAYERS[network], batch_size=WORK[network][1],
                           output_dir=folder + "/run", progress=False)  # fmt: skip

    return job


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="leave torchlens out")
    options = parser.parse_args(arguments)
    for network in WORK:
        n, batch = WORK[network]
        jobs = [
            Job("bare inference_mode loop", bare, (network,)),
            Job("bare loop, memory kept", bare, (network, True)),
            Job("layerwise, float16", ours, (network, "float16")),
            Job("layerwise, float32", ours, (network, "float32")),
            Job("layerwise, float16, memory kept", ours, (network, "float16", True)),
            Job("layerwise, first layer alone", ours, (network, "float16", False, "relu1")),
        ]
        if not options.quick:
            jobs.append(Job("torchlens extract_dataset", torchlens, (network,)))
        title = (
            f"{network}: {len(LAYERS[network])} layers of {n:,} observations, batches of {batch}"
        )
        compare(title, jobs, rounds=options.rounds, packages=("torch", "torchlens"))


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import recording

    recording.main()
