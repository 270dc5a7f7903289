"""All benchmarks: `python -m benchmarks [--rounds N]`."""

from __future__ import annotations

import argparse

from benchmarks import imports, projection, recording, scores

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rounds", default="3")
rounds = ["--rounds", parser.parse_args().rounds]
for benchmark in (imports, recording, projection, scores):
    benchmark.main(rounds)
