"""Damaged files. Kind: law - right numbers, a StoreError or "incomplete"; never wrong numbers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from layerwise.foundation.checks import NotFound
from layerwise.store import Run, StoreError


def mutate(content, rng):
    """Return `content` flipped, truncated, lengthened, zeroed or with bytes cut; None: deleted."""
    kind = rng.integers(7)
    if kind == 0:
        return None
    at = int(rng.integers(len(content)))
    length = int(rng.integers(1, 9))
    return {
        1: content[:at] + bytes([content[at] ^ (1 << int(rng.integers(8)))]) + content[at + 1 :],
        2: content[:at],
        3: content + rng.bytes(length),
        4: content[:at] + bytes(length) + content[at + length :],
        5: content[:at] + rng.bytes(length) + content[at + length :],
        6: content[:at] + content[at + length :],
    }[int(kind)]


def outcome(folder, expected):
    """Read everything; return what kinds of answers came, after comparing every number."""
    try:
        run = Run.open(folder)
    except StoreError:
        return {"refused"}
    readers = {
        "plan": lambda: (run.n_observations, run.layers, run.checkpoints, run.fingerprint,
                         [run.layer(name) for name in run.layers]),
        "relu": lambda: np.asarray(run.activations("relu")).tobytes(),
        "input": lambda: np.asarray(run.activations("input")).tobytes(),
        "counts": lambda: run.counts(run.checkpoints[0]).to_csv(),
        "labels": lambda: {name: column.tolist() for name, column in run.labels.items()},
        "names": lambda: run.class_names("digit"),
        "scores": lambda: run.table("scores").to_csv(),
    }  # fmt: skip
    answers = set()
    for name, reader in readers.items():
        try:
            found = reader()
        except StoreError as error:
            answers.add("incomplete" if "incomplete" in error.reason else "refused")
        except NotFound:
            assert name == "scores"  # whoever deletes a table has no table
            answers.add("gone")
        else:
            if name == "counts" and found != expected.setdefault(name, found):
                assert "n_values" in found
                answers.add("fewer")
            else:
                assert found == expected.setdefault(name, found), name
                answers.add("right")
    return answers


def fuzz(sample, folder, mutations):
    run = sample.record(folder, sample.SMALL, sample.CHECKPOINTS[:1])
    labels = pd.DataFrame({"digit": np.arange(sample.N) % 3})
    run.write_table("observations", labels, {"class_names": {"digit": ["a", "b", "c"]}})
    run.write_table("scores", pd.DataFrame({"hit": [0.97]}), {"function": "hit"})
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    expected: dict[str, object] = {}
    assert outcome(folder, expected) == {"right"}
    rng = np.random.default_rng(0)
    tally: Counter[str] = Counter()
    for _ in range(mutations):
        path = files[int(rng.integers(len(files)))]
        content = path.read_bytes()
        damaged = mutate(content, rng)
        if damaged is None:
            path.unlink()
        else:
            path.write_bytes(damaged)
        answers = outcome(folder, expected)
        if "fewer" in answers:
            assert "incomplete" in answers, path
        if answers - {"right", "gone"} and rng.random() < 0.3:
            assert run.verify(), (path, answers)
        tally[min(answers - {"right"}, default="right")] += 1
        path.write_bytes(content)
    assert outcome(folder, expected) == {"right"}
    return tally


def test_damaged_files_never_give_wrong_numbers(sample, tmp_path):
    tally = fuzz(sample, tmp_path / "run", 1500)
    assert tally["refused"] > 1000
    assert tally["fewer"] > 10


@pytest.mark.slow
def test_many_damaged_files_never_give_wrong_numbers(sample, tmp_path):
    fuzz(sample, tmp_path / "run", 10_000)
