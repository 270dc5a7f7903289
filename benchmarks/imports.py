"""What `import layerwise` costs beyond torch: fresh processes in turn."""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys

STATEMENTS = ("import torch", "import torch, layerwise", "import layerwise", "pass")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args(arguments).rounds
    found: dict[str, list[float]] = {statement: [] for statement in STATEMENTS}
    for _ in range(rounds):
        for statement in STATEMENTS:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", statement], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found[statement].append(used)
    print(f"\nimports, CPU s of the whole process, medians of {rounds} rounds")
    for statement, seconds in found.items():
        print(f"{statement:36}{statistics.median(seconds):9.2f}")


if __name__ == "__main__":
    main()
