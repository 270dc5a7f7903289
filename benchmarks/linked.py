"""How long a selection takes to reach every view of the studio: 10,000 of 100,000 observations.

The real server and the real page in Chromium, with pictures, predictions, a neuron map and a chosen
neuron. Counted from the selection to the second frame after the last change of the document, which
is when every table, strip, chart and canvas shows it.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.studio import FLAGS, chromium
from layerwise.store import Layer, Run

N, N_UNITS, N_CLASSES, SELECTED = 100_000, 128, 10, 10_000
REPEATS = 9
SELECT = """async ([step, count]) => {
  const { store } = window.__studio;
  const ids = Uint32Array.from({ length: count }, (_, i) => 10 * i + (step % 10));
  let last = performance.now();
  const watch = new MutationObserver(() => { last = performance.now(); });
  watch.observe(document.body, { subtree: true, childList: true, attributes: true });
  const start = performance.now();
  store.select(ids, `every tenth from ${step}`);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const frames = performance.now() - start;
  while (performance.now() - last < 400) await new Promise((done) => setTimeout(done, 50));
  watch.disconnect();
  return Math.max(frames, last - start);
}"""


def recorded(folder: Path) -> Run:
    """Return a run of clusters with a map and a neuron map."""
    rng = np.random.default_rng(0)
    classes = rng.integers(N_CLASSES, size=N)
    centres = rng.normal(size=(N_CLASSES, N_UNITS))
    values = np.maximum(centres[classes] + rng.normal(size=(N, N_UNITS)), 0).astype(np.float32)
    output = (2 * np.eye(N_CLASSES)[classes] + rng.normal(size=(N, N_CLASSES))).astype(np.float32)
    stored = {
        Layer("relu", (N_UNITS,), "float32", "ReLU"): values,
        Layer("output", (N_CLASSES,), "float32", "Linear"): output,
        Layer("thumbnail", (16, 16, 1), "uint8", "thumbnail", per_checkpoint=False): rng.integers(
            256, size=(N, 16, 16, 1)
        ).astype(np.uint8),
    }
    run = Run.create(folder, n_observations=N, rows_per_part=N, layers=list(stored),
                     fingerprint={"model": "m", "data": "d"},
                     provenance={"label": "class"})  # fmt: skip
    with run.lock():
        run.add_checkpoint("trained", fingerprint="w")
        with run.write("trained", 0) as append:
            for layer, array in stored.items():
                append(layer.name, array)
    run.write_table("observations", pd.DataFrame({"class": classes}), {})
    Y = (rng.normal(size=(N_CLASSES, 2)) * 6)[classes] + rng.normal(size=(N, 2))
    head = {"checkpoint": "trained", "layer": "relu", "subset": "", "method": "tsne"}
    frame = pd.DataFrame({**head, "observation": np.arange(N), "x": Y[:, 0], "y": Y[:, 1]})
    run.write_table("projections", frame, {"function": "project", **head, "parameters": {}})
    return run


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args(arguments).rounds
    if chromium() is None:
        print("\nlinked views: no chromium on this machine, not measured")
        return
    from playwright.sync_api import sync_playwright

    from layerwise import analysis

    with tempfile.TemporaryDirectory() as folder:
        run = recorded(Path(folder) / "run")
        analysis.neurons(run, layer="relu", n=2000)
        analysis.discriminate(run, layer="relu", ranking="gini", n=2000)
        start = "from layerwise.cli.main import main; main()"
        command = [sys.executable, "-c", start, "view", str(run.path), "--no-browser"]
        times, version = [], ""
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
            assert host.stdout is not None
            address = re.search(r"http://\S+", host.stdout.readline())
            assert address
            with sync_playwright() as playwright:
                for _ in range(rounds):
                    browser = playwright.chromium.launch(
                        executable_path=chromium(), args=list(FLAGS)
                    )
                    page = browser.new_page(viewport={"width": 1400, "height": 1800})
                    page.goto(address[0])
                    page.get_by_role("heading", name="Observations").wait_for()
                    page.evaluate("() => window.__studio.store.set({ unit: 5, color: 'unit' })")
                    page.wait_for_timeout(4000)
                    for step in range(REPEATS):
                        took = page.evaluate(SELECT, [step, SELECTED])
                        times += [took] if step else []  # the first warms up
                    version = browser.version
                    browser.close()
            host.terminate()
    low, high = min(times), max(times)
    print(f"\n{SELECTED:,} of {N:,} observations selected, until every view shows it")
    print(f"Chromium {version}; median {statistics.median(times):.0f} ms, {low:.0f} to {high:.0f}, "
          f"{len(times)} selections in {rounds} visits")  # fmt: skip


if __name__ == "__main__":
    main()
