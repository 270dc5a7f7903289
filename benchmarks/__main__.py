"""All benchmarks: `python -m benchmarks [--rounds N]`."""

from __future__ import annotations

import argparse

from benchmarks import (
    evolution,
    imports,
    linked,
    projection,
    recording,
    scores,
    studio,
    tally,
    units,
)

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rounds", default="3")
rounds = ["--rounds", parser.parse_args().rounds]
for benchmark in (imports, recording, tally, projection, evolution, scores, units, studio, linked):
    benchmark.main(rounds)
