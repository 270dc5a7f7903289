"""The sample run of this room's tests: known numbers, a recorder, and a process to be killed.

Run as a script it is a fork server: for each line ``folder [call]`` on its input it forks a child
that records the sample into the folder, prints the child's id, and then how it ended. With `call`
the child kills itself at that call of the operating system.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from layerwise.store import Layer, Run, StoreError
from layerwise.store.values import STORED, decode

N, ROWS, BATCH = 41, 16, 5
LAYERS = (
    Layer("input", (3, 2, 2), "float32", "input", per_checkpoint=False),
    Layer("pictures", (4, 4, 1), "uint8", "thumbnail", per_checkpoint=False),
    Layer("conv#1[0]", (2, 3, 3), "float16", "Conv2d"),
    Layer("relu", (7,), "float32", "ReLU"),
    Layer("norm", (5,), "bfloat16", "LayerNorm", pooling="mean"),
    Layer("output", (), "float64", "output"),
)
SMALL = (LAYERS[0], LAYERS[3])
CHECKPOINTS = ("epoch-000", "epoch-001")


def stored(layer, checkpoint, n=N):
    """Return the true values as stored: random bits, so NaN and infinities are among them."""
    owner = checkpoint if layer.per_checkpoint else CHECKPOINTS[0]
    seed = hashlib.blake2b(f"{owner}/{layer.name}".encode(), digest_size=8).digest()
    rng = np.random.default_rng(int.from_bytes(seed))
    kind = STORED[layer.dtype]
    values = rng.integers(0, 256, n * layer.bytes_per_observation, dtype=np.uint8).view(kind)
    values[rng.random(len(values)) < 0.3] = 0
    return values.reshape(n, *layer.shape)


def truth(layer, checkpoint):
    """Return what reading the layer has to give."""
    return decode(stored(layer, checkpoint).reshape(N, -1), layer.dtype)


def create(folder, layers=LAYERS, **changes):
    plan = {"n_observations": N, "rows_per_part": ROWS, "layers": layers,
            "fingerprint": {"data": "d1", "model": "m1"}, "provenance": {"seed": 0}}  # fmt: skip
    return Run.create(folder, **(plan | changes))


def record(folder, layers=LAYERS, checkpoints=CHECKPOINTS):
    """Record what is missing, as layerwise.record does, in batches that do not divide a part."""
    run = create(folder, layers)
    with run.lock():
        for checkpoint in checkpoints:
            run.add_checkpoint(checkpoint, f"weights of {checkpoint}", epoch=int(checkpoint[-3:]))
            for first in run.missing(checkpoint):
                rows = min(ROWS, N - first)
                with run.write(checkpoint, first) as append:
                    for start in range(first, first + rows, BATCH):
                        stop = min(start + BATCH, first + rows)
                        for layer in run.layers_at(checkpoint):
                            append(layer.name, stored(layer, checkpoint)[start:stop])
    return run


def same(found, expected):
    """Say whether two arrays are equal to the bit (NaN has many)."""
    return (found.dtype, found.shape) == (expected.dtype, expected.shape) and (
        np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes()
    )


def check_readable(folder):
    """Compare every committed part with the truth; return how many parts are committed."""
    try:
        run = Run.open(folder)
    except StoreError:
        if (folder / "run.json").exists():
            raise
        return 0
    committed = 0
    for checkpoint in run.checkpoints:
        for commit in run.commits(checkpoint):
            if commit.exists():
                committed += 1
                for layer in commit.layers:
                    part = commit.parts()[layer.name].open()
                    rows = slice(commit.first, commit.first + commit.rows)
                    expected = stored(layer, checkpoint)[rows].reshape(commit.rows, -1)
                    assert same(part, expected), (checkpoint, layer.name, commit.first)
        for name in run.layers:
            if run.missing(checkpoint) and run.layer(name).per_checkpoint:
                with pytest.raises(StoreError, match="incomplete"):
                    run.activations(name, checkpoint)
    return committed


def content(folder):
    """Return the bytes of everything that must come out the same, however often interrupted."""
    files = [*folder.rglob("*.npy"), folder / "run.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def temporaries(folder):
    return [path for path in folder.rglob("*") if "tmp" in path.name]


class Fault:
    """Counts the calls that change the disk and does `act` at call number `at`."""

    def __init__(self, at, act):
        self.at, self.act, self.calls = at, act, 0

    def install(self, replace):
        """`replace(object, name, value)` is ``monkeypatch.setattr`` or plain ``setattr``."""
        fsync, rename, write, opened = os.fsync, os.replace, os.write, Path.open
        fault = self

        class File:
            def __init__(self, file):
                self._file = file

            def write(self, data):
                fault.step(lambda: self._file.write(bytes(data)[: len(bytes(data)) // 2]))
                return self._file.write(data)

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self._file.close()

            def __getattr__(self, name):
                return getattr(self._file, name)

        def open_(path, mode="r", *args, **kwargs):
            file = opened(path, mode, *args, **kwargs)
            return File(file) if "x" in mode else file

        replace(os, "fsync", lambda fd: (self.step(), fsync(fd))[1])
        replace(os, "replace", lambda a, b: (self.step(), rename(a, b))[1])
        replace(os, "write", lambda fd, data: (self.step(), write(fd, data))[1])
        replace(Path, "open", open_)

    def step(self, half_done=lambda: None):
        self.calls += 1
        if self.calls == self.at:
            half_done()
            self.act()


def serve():
    stored(LAYERS[0], CHECKPOINTS[0])
    record(Path(sys.argv[1]))  # compiles and imports everything
    print("ready", flush=True)
    for line in sys.stdin:
        folder, *call = line.split()
        child = os.fork()
        if child == 0:
            if call:
                kill = Fault(int(call[0]), lambda: os.kill(os.getpid(), signal.SIGKILL))
                kill.install(setattr)
            record(Path(folder))
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
