"""First paint, pan, zoom and recolour of the studio's scatter beside Bokeh's and Plotly's.

The same points in the same Chromium, each page one file opened from disk, by a real mouse. First
paint is counted from the start of the navigation; the others from the input, or from the call that
recolours, to the second animation frame after it. At 60 Hz nothing takes less than 17 ms, and work
that a page puts off to later is not counted. Bokeh draws a sample of the points during a gesture.
A page that takes longer than the limit is given up; what it had done by then is shown.
"""

from __future__ import annotations

import argparse
import base64
import importlib.metadata
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

PAGES = Path(__file__).parent / "pages"
WIDTH, HEIGHT = 900, 650
PALETTE = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933",
    "#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777",
)  # fmt: skip
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    "--enable-unsafe-swiftshader",
)  # fmt: skip
"""The last one gives the peers WebGL where there is no graphics card."""

ACTIONS = ("paint", "recolour", "pan", "zoom")
REPEATS = 5


def points(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places and classes of ten clusters."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, n)
    centers, spread = rng.uniform(-20, 20, (10, 2)), rng.uniform(1, 4, (10, 2))
    places = centers[labels] + rng.normal(size=(n, 2)) * spread[labels]
    return places.astype(np.float32), labels.astype(np.uint8)


def ours(n: int) -> str:
    from layerwise.studio.bundle import link

    places, labels = points(n)
    static = Path(link.__file__).parents[1] / "static"
    linked = link.link("scatter.js", form="module", folder=static / "scatter")
    body, exports = linked.rsplit("export default ", 1)
    return f"""<!doctype html><meta charset="utf-8">
<style>{(static / "style" / "scatter.css").read_text()}
body {{ margin: 0 }} #plot {{ width: {WIDTH}px; height: {HEIGHT}px }}</style>
<body class="layerwise-studio"><div id="plot"></div>
<script>{_script("clock.js")}
const bytes = (text) => {{
  const raw = atob(text);
  const all = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) all[k] = raw.charCodeAt(k);
  return all;
}};
window.points = {{
  positions: new Float32Array(bytes("{_base64(places)}").buffer),
  labels: bytes("{_base64(labels)}"),
  palette: {list(PALETTE)},
}};
</script>
<script>const {{ Scatter }} = (() => {{ {body}; return {exports} }})();</script>
<script>{_script("ours.js")}</script>"""


def bokeh(n: int) -> str:
    from bokeh.embed import file_html
    from bokeh.models import ColumnDataSource
    from bokeh.plotting import figure
    from bokeh.resources import INLINE
    from bokeh.transform import linear_cmap

    places, labels = points(n)
    plot = figure(
        width=WIDTH, height=HEIGHT, output_backend="webgl", tools="pan,wheel_zoom",
        active_drag="pan", active_scroll="wheel_zoom",
    )  # fmt: skip
    data = {"x": places[:, 0], "y": places[:, 1], "label": labels}
    source = ColumnDataSource(data, name="points")
    color = linear_cmap("label", PALETTE, 0, 9)
    plot.scatter("x", "y", source=source, size=5, line_color=None, fill_color=color)
    head, tail = file_html(plot, INLINE, "points").rsplit("</body>", 1)
    script = f"<script>{_script('clock.js')}{_script('bokeh.js')}</script>"
    return f"{head}{script}</body>{tail}"


def plotly(n: int) -> str:
    import plotly.graph_objects as go

    places, labels = points(n)
    scale = [[k / 9, color] for k, color in enumerate(PALETTE)]
    marker = {"size": 5, "color": labels, "colorscale": scale, "cmin": 0, "cmax": 9}
    figure = go.Figure(go.Scattergl(x=places[:, 0], y=places[:, 1], mode="markers", marker=marker))
    figure.update_layout(width=WIDTH, height=HEIGHT, dragmode="pan", hovermode=False)
    return str(
        figure.to_html(
            include_plotlyjs=True,
            config={"scrollZoom": True},
            post_script=_script("clock.js") + _script("plotly.js"),
        )
    )


CONTENDERS = {"layerwise": ours, "bokeh": bokeh, "plotly": plotly}


def _script(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def visit(file: Path) -> None:
    """Open a page and print the milliseconds of every action as soon as they are known."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": WIDTH + 50, "height": HEIGHT + 50})
        page.set_default_timeout(0)
        page.goto(file.as_uri(), wait_until="commit")
        page.wait_for_function("window.clock && clock.painted !== null && window.look")
        print("paint", page.evaluate("clock.painted"), flush=True)
        for shift in range(1, REPEATS + 1):
            took = page.evaluate("(shift) => clock.time(() => recolor(shift))", shift)
            print("recolour", took, flush=True)
        x, y = WIDTH // 2, HEIGHT // 2
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(REPEATS + 1):  # the first only tells that this is a drag
            page.evaluate("clock.arm('pointermove')")
            page.mouse.move(x + 15 * (step + 1), y + 8 * (step + 1))
            took = page.evaluate("clock.input")
            if step:
                print("pan", took, flush=True)
        page.mouse.up()
        for step in range(REPEATS):
            page.evaluate("clock.arm('wheel')")
            page.mouse.wheel(0, -100 if step % 2 else 100)
            print("zoom", page.evaluate("clock.input"), flush=True)
        print(f"look {browser.version}, {page.evaluate('look()')}", flush=True)
        browser.close()


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def measured(file: Path, limit: float) -> tuple[dict[str, float], str]:
    """Return medians by action, of what was done within the limit, and how it was drawn."""
    command = [sys.executable, "-m", "benchmarks.studio", "--visit", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit, check=False)
        output, errors = done.stdout, done.stderr
    except subprocess.TimeoutExpired as over:
        output, errors = over.stdout or b"", b""
    found: dict[str, list[float]] = defaultdict(list)
    look = errors.decode().strip().splitlines()[-1] if errors else "not finished"
    for line in output.decode().splitlines():
        name, value = line.split(" ", 1)
        if name == "look":
            look = value
        else:
            found[name].append(float(value))
    return {name: statistics.median(times) for name, times in found.items()}, look


def compare(n: int, rounds: int, limit: float) -> None:
    """Visit all contenders in turn, and print medians and their ratios to ours."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    looks: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.html" for name in CONTENDERS}
        for name, page in CONTENDERS.items():
            files[name].write_text(page(n), encoding="utf-8")
        for _ in range(rounds):
            for name, file in files.items():
                if looks.get(name) == "not finished":
                    continue  # would take as long again
                times, looks[name] = measured(file, limit)
                found[name].append(times)
        sizes = {name: file.stat().st_size / 1e6 for name, file in files.items()}
    print(f"\n{n:,} points; ms, and times ours; medians of {rounds} alternated rounds")
    print(f"{'':12}" + "".join(f"{action:>18}" for action in ACTIONS) + f"{'page MB':>9}")
    reference = found["layerwise"]
    for name, results in found.items():
        cells = ""
        for action in ACTIONS:
            pairs = [
                (one[action], ours[action])
                for one, ours in zip(results, reference, strict=False)
                if action in one and action in ours
            ]
            if not pairs:
                cells += f"{'not finished':>18}"
                continue
            ratio = statistics.median(a / b for a, b in pairs)
            cells += f"{statistics.median(a for a, _ in pairs):10.0f} {ratio:6.1f}x"
        print(f"{name:12}{cells}{sizes[name]:9.1f}  {looks[name]}", flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=120, help="seconds for one page")
    parser.add_argument("--visit", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.visit:
        visit(options.visit)
        return
    if chromium() is None:
        print("\nscatter: no chromium on this machine, not measured")
        return
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("bokeh", "plotly")]
    print(f"\nscatter of points in Chromium: first paint and interaction; {', '.join(versions)}")
    for n in options.points:
        compare(n, options.rounds, options.limit)


if __name__ == "__main__":
    main()
