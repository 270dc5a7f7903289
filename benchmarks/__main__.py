"""All benchmarks: `python -m benchmarks [--rounds N]`."""

from __future__ import annotations

import argparse

from benchmarks import (
    attribution,
    evolution,
    imports,
    linked,
    projection,
    recording,
    scores,
    studio,
    synthesis,
    tally,
    top,
    units,
)

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rounds", default="3")
rounds = ["--rounds", parser.parse_args().rounds]
BENCHMARKS = (
    imports, recording, tally, top, attribution, projection, evolution, scores, units, studio,
    linked, synthesis,
)  # fmt: skip
for benchmark in BENCHMARKS:
    benchmark.main(rounds)
