"""Alternated timings: every job in a process of its own, round by round, ratios of medians.

CPU seconds are user + system of all threads; wall and CPU count the job alone, not imports and
preparation. Peak memory is the process's largest resident size, imports included.
"""

from __future__ import annotations

import importlib.metadata
import json
import pickle
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """A contender: ``prepare(*arguments)`` returns the function that is timed.

    What the timed function returns (a dict of numbers such as a KL divergence, or a function that
    works them out when the clock has stopped) is shown beside. `scale` multiplies the times of a
    job that does one part in so many of the work.
    """

    name: str
    prepare: Callable[..., Callable[[], Any]]
    arguments: tuple[Any, ...] = ()
    scale: float = 1


def compare(
    title: str, jobs: Sequence[Job], *, rounds: int = 3, packages: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Run all jobs in turn, `rounds` times, and print a table; the first job is the reference."""
    found: dict[str, list[dict[str, Any]]] = {job.name: [] for job in jobs}
    failed: dict[str, str] = {}
    for _ in range(rounds):
        for job in jobs:
            if job.name in failed:
                continue
            result = _in_a_process(job)
            if "error" in result:
                failed[job.name] = result["error"]
            else:
                found[job.name].append(result)
    versions = [f"Python {platform.python_version()}", *(_version(name) for name in packages)]
    print(f"\n{title}\n{', '.join(versions)}; medians of {rounds} alternated rounds")
    reference = found[jobs[0].name]
    rows = []
    extras = list(
        dict.fromkeys(k for results in found.values() for r in results for k in r["notes"])
    )
    print(f"{'':36}{'CPU s':>9}{'ratio':>7}{'wall s':>9}{'ratio':>7}{'MB':>7}"
          + "".join(f"{name:>10}" for name in extras))  # fmt: skip
    for job in jobs:
        results = found[job.name]
        if not results:
            print(f"{job.name:36} not measured: {failed[job.name]}")
            continue
        row: dict[str, Any] = {"job": job.name, "mb": _median(results, "mb")}
        for kind in ("cpu", "wall"):
            row[kind] = _median(results, kind)
            pairs = zip(results, reference, strict=False)
            row[f"{kind}_ratio"] = statistics.median(a[kind] / b[kind] for a, b in pairs)
        notes = {k: statistics.median(r["notes"][k] for r in results) for k in results[0]["notes"]}
        rows.append({**row, **notes})
        print(f"{job.name:36}{row['cpu']:9.2f}{row['cpu_ratio']:7.2f}{row['wall']:9.2f}"
              f"{row['wall_ratio']:7.2f}{row['mb']:7.0f}"
              + "".join(f"{notes[k]:10.4f}" if k in notes else f"{'':10}" for k in extras),
              flush=True)  # fmt: skip
    return rows


def _median(results: list[dict[str, Any]], key: str) -> float:
    return statistics.median(result[key] for result in results)


def _in_a_process(job: Job) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.measure"]
    done = subprocess.run(command, input=pickle.dumps(job), capture_output=True, check=False)
    lines = done.stdout.decode().strip().splitlines()
    if done.returncode or not lines:
        why = done.stderr.decode().strip().splitlines() or ["the process died"]
        return {"error": why[-1]}
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def _timed(job: Job) -> dict[str, Any]:
    function = job.prepare(*job.arguments)
    wall, cpu = time.perf_counter(), time.process_time()
    notes = function()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if callable(notes):  # figures of merit that must not be timed
        notes = notes()
    return {"wall": wall * job.scale, "cpu": cpu * job.scale, "mb": peak, "notes": notes or {}}


def _version(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{name} not installed"


if __name__ == "__main__":
    print(json.dumps(_timed(pickle.load(sys.stdin.buffer))))
