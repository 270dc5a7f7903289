"""The studio in a real Chromium with a real mouse and keyboard: what a reader does, happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.conftest import CHROMIUM, FLAGS
from tests.studio.browsing import SHOWN, STATE, card, pixels, place, served, settled, until
from tests.studio.odd import ATTACK, LONG, odd_run

from layerwise import analysis, report
from layerwise.store import Run

DEEP = "layer3"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with maps, trails and neurons, whose class names are an attack and an essay."""
    texts = [f"observation {i} said {ATTACK}" for i in range(240)]
    made = odd_run(tmp_path_factory.mktemp("run") / "first", names=(ATTACK, "dog", LONG),
                   columns={"said": texts})  # fmt: skip
    analysis.neurons(made, layer=DEEP)
    analysis.discriminate(made, layer=DEEP, ranking="gini")
    for layer in ("layer1", "layer2", DEEP):
        for checkpoint in made.checkpoints:
            analysis.score(made, layer=layer, checkpoint=checkpoint)
    analysis.trails(made, analysis.evolve(made, over="layers", n=60, perplexity=5))
    return made


@pytest.fixture(scope="module")
def address(run: Run) -> Iterator[str]:
    with served(run) as found:
        yield found


@pytest.fixture
def page(visit: Callable[..., Page], address: str) -> Page:
    return visit(address)


def circle(page: Page, ids: list[int]) -> None:
    """Draw a lasso around these observations with the mouse."""
    points = place(page, ids)
    centre = points.mean(axis=0)
    radius = np.linalg.norm(points - centre, axis=1).max() + 15
    turns = np.linspace(0, 2 * np.pi, 24)
    around = centre + radius * np.c_[np.cos(turns), np.sin(turns)]
    page.mouse.move(*around[0])
    page.mouse.down()
    for point in around[1:]:
        page.mouse.move(*point)
    page.mouse.up()


def test_a_lasso_fills_the_table_and_the_pictures(page: Page) -> None:
    near = page.evaluate("""async () => {
        const { state } = window.__studio.store;
        const { layer, checkpoint, model } = state;
        return model.runs[0].neighbors({layer, checkpoint}, 0, 3);
    }""")
    circle(page, [0, *near])
    selection = page.evaluate("() => Array.from(window.__studio.store.state.selection)")
    assert set(selection) >= {0, *near}
    assert len(selection) < 240
    expect(page.locator(".top")).to_contain_text(f"{len(selection)} selected")
    expect(card(page, "Inputs")).to_contain_text(f"{len(selection)}")
    shots = card(page, "Inputs").locator("button").filter(has=page.locator("canvas"))
    expect(shots).to_have_count(min(len(selection), 60))


@pytest.mark.parametrize("flag", ["--disable-3d-apis", "--enable-unsafe-swiftshader"])
def test_the_same_with_and_without_webgl(chromium: Browser, address: str, flag: str) -> None:
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, flag])
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(address)
    until(page, SHOWN)
    settled(page)
    circle(page, [0, 1, 2])
    assert {0, 1, 2} <= set(page.evaluate("() => [...window.__studio.store.state.selection]"))
    assert len(set(pixels(page, "Observations"))) > 50
    browser.close()


def test_hover_shows_the_input_and_a_click_keeps_it(page: Page) -> None:
    x, y = place(page, [5])[0]
    page.mouse.move(x, y)
    inspector = card(page, "Inspector")
    until(page, "STORE.hover >= 0")
    hovered = page.evaluate(STATE, "hover")
    expect(inspector.locator("canvas").first).to_be_visible()
    page.mouse.click(x, y)
    page.mouse.move(2, 2)
    expect(inspector).to_contain_text("pinned")
    assert page.evaluate(STATE, "pinned") == hovered
    expect(inspector).to_contain_text(f"observation {hovered} said <img")


def test_a_neuron_recolours_the_observations(page: Page) -> None:
    settled(page)
    before = pixels(page, "Observations")
    host = card(page, "Neurons").locator("canvas").last
    host.focus()
    for key in ("n", "n", "Enter"):
        page.keyboard.press(key)
    until(page, "STORE.unit >= 0")
    unit = page.evaluate(STATE, "unit")
    expect(card(page, "Observations")).to_contain_text(f"neuron {unit}")
    expect(card(page, "Neuron").locator("table, .bars").first).to_be_visible()
    assert pixels(page, "Observations") != before


def test_the_mouse_chooses_a_neuron(page: Page) -> None:
    host = card(page, "Neurons").locator("canvas").last
    box = host.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for step in range(1, 60):  # outwards in a spiral until a neuron is hit
        turn, radius = step / 3, 2.4 * step
        page.mouse.move(
            box["x"] + box["width"] / 2 + radius * np.cos(turn),
            box["y"] + box["height"] / 2 + radius * np.sin(turn),
        )
        if page.evaluate(STATE, "hoverUnit") >= 0:
            break
    hovered = page.evaluate(STATE, "hoverUnit")
    assert hovered >= 0
    page.mouse.down()
    page.mouse.up()
    assert page.evaluate(STATE, "unit") == hovered
    assert page.evaluate(STATE, "color") == "unit"


def test_the_selection_colours_the_neurons(page: Page) -> None:
    page.get_by_role("button", name="Select misclassified").click()
    card(page, "Neurons").get_by_role("button", name="Which fire on").click()
    expect(card(page, "Neurons")).to_contain_text("standard deviations")


def test_sliders_move_the_whole_page_and_points_travel(page: Page) -> None:
    settled(page)
    start = place(page, [3])[0]
    layers = page.get_by_role("slider", name="Layer", exact=True)
    layers.focus()
    page.keyboard.press("ArrowLeft")
    expect(card(page, "Observations")).to_contain_text("layer2")
    expect(card(page, "Neurons")).to_contain_text("layer2")
    settled(page)
    assert not np.allclose(place(page, [3])[0], start, atol=1)
    page.get_by_role("slider", name="Epoch", exact=True).focus()
    page.keyboard.press("Home")
    expect(card(page, "Observations")).to_contain_text("epoch-000")


def test_trails_are_drawn_and_taken_away(page: Page) -> None:
    series = page.evaluate(
        "() => window.__studio.store.state.model.runs[0].about.series.find((s) => s.trails).id"
    )
    page.get_by_label("Map", exact=True).select_option(series)
    settled(page)
    overlay = card(page, "Observations").locator("canvas").last
    bare = overlay.screenshot()
    page.get_by_role("button", name="Trails").click()
    settled(page)
    assert overlay.screenshot() != bare
    page.get_by_role("button", name="Trails").click()
    settled(page)
    assert overlay.screenshot() == bare


def test_everything_by_keyboard_alone(page: Page) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.textContent") == "Select misclassified":
            break
    page.keyboard.press("Enter")
    until(page, "STORE.selection.length > 0")
    expect(page.locator(".top")).to_contain_text("selected")
    card(page, "Observations").locator("[role=application]").first.focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    chosen = page.evaluate(STATE, "pinned")
    assert chosen in page.evaluate("() => Array.from(window.__studio.store.state.selection)")
    page.keyboard.press("Escape")
    until(page, "STORE.selection.length === 0")


def test_the_address_holds_the_state(page: Page) -> None:
    page.get_by_role("button", name="Select misclassified").click()
    until(page, "STORE.selection.length > 0")
    page.evaluate("() => window.__studio.store.set({pinned: 7, trails: true, checkpoint: 0})")
    until(page, "location.hash.includes('selection=')")
    kept = """() => {
        const {pinned, trails, checkpoint, layer, selection} = window.__studio.store.state;
        return [pinned, trails, checkpoint, layer, [...selection]];
    }"""
    before = page.evaluate(kept)
    page.wait_for_timeout(400)
    page.reload()
    until(page, SHOWN)
    assert page.evaluate(kept) == before


def test_a_hostile_name_is_text(page: Page) -> None:
    assert page.evaluate("() => window.attacked") is None
    assert page.locator("img[src=x]").count() == 0
    expect(card(page, "By class")).to_contain_text("<img src=x")


def test_a_hostile_address_is_harmless(visit: Callable[..., Page], address: str) -> None:
    page = visit(address)
    for hash_ in (
        "#layer=%00&pinned=9e9&selection=____",
        "#color=label:__proto__&series=constructor",
        "#run=9&other-run=x&selection=" + "A" * 500,
        f"#selected={ATTACK}&selection=AAEB",
    ):
        page.goto(page.url.split("#")[0] + hash_)
        page.reload()
        until(page, SHOWN)
    assert page.evaluate("() => window.attacked") is None


def test_cells_of_the_confusion_matrix_and_rows_of_the_table_select(page: Page) -> None:
    card(page, "By class").get_by_role("button", name="dog").click()
    run = page.evaluate("() => window.__studio.store.state.selection.length")
    assert run > 0
    expect(page.locator(".top")).to_contain_text(f"{run} selected")
    page.keyboard.press("Escape")
    cells = card(page, "Confusions").locator("td button")
    cells.first.click()
    until(page, "STORE.selection.length > 0")


def test_the_score_chart_leads_to_its_layer(page: Page) -> None:
    chart = card(page, "Scores").get_by_role("slider")
    chart.focus()
    page.keyboard.press("Home")
    assert page.evaluate(STATE, "layer") == 0
    box = chart.bounding_box()
    chart.scroll_into_view_if_needed()
    chart.click(position={"x": box["width"] * 0.45, "y": box["height"] / 2})
    assert page.evaluate(STATE, "layer") == 1


def test_two_checkpoints_are_compared_with_one_selection(page: Page) -> None:
    page.get_by_label("Compare with").select_option(index=1)
    expect(page.locator("canvas.scatter-points")).to_have_count(3)
    expect(page.locator("main")).to_contain_text("predictions")
    page.get_by_role("button", name="Select misclassified").click()
    until(page, "STORE.selection.length > 0")


def test_the_selection_is_a_file(page: Page) -> None:
    page.get_by_role("button", name="Select misclassified").click()
    with page.expect_download() as waiting:
        card(page, "Inputs").get_by_role("button", name="CSV").click()
    lines = Path(waiting.value.path()).read_text().splitlines()
    selected = page.evaluate("() => window.__studio.store.state.selection.length")
    assert len(lines) == selected + 1
    assert "kind" in lines[0]


def test_the_page_fits_a_narrow_window_and_both_themes(
    visit: Callable[..., Page], address: str
) -> None:
    page = visit(address, color_scheme="dark")
    page.set_viewport_size({"width": 420, "height": 900})
    settled(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(STATE, "dark") is True


def test_a_missing_map_is_computed_while_the_page_stays_usable(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    made = odd_run(tmp_path / "bare", n=120)
    with served(made) as address:
        page = visit(address)
        page.evaluate("() => window.__studio.store.set({series: 'mds'})")
        card(page, "Observations").get_by_role("button", name="Compute").click()
        page.get_by_role("button", name="Select misclassified").click()
        until(page, "STORE.selection.length > 0")
        until(page, "STORE.model.runs[0].about.series.some((one) => one.id.startsWith('mds'))", 60)
        until(page, SHOWN)
    assert "mds" in set(Run.open(tmp_path / "bare").table("projections")["method"])


def test_an_evolution_is_computed_and_shown(visit: Callable[..., Page], tmp_path: Path) -> None:
    made = odd_run(tmp_path / "walked", n=100)
    with served(made) as address:
        page = visit(address)
        page.get_by_label("Map", exact=True).select_option(label="through the layers of this epoch")
        until(page, "STORE.series.startsWith('layers-')", 90)
        until(page, SHOWN)
        stops = page.evaluate(
            "() => window.__studio.store.state.model.runs[0].about.series.at(-1).stops"
        )
    assert [stop["layer"] for stop in stops] == [0, 1, 2]


def test_a_run_that_is_being_recorded_grows_in_the_page(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    made = odd_run(tmp_path / "growing", n_recorded=120)
    with served(made) as address:
        page = visit(address)
        expect(page.locator(".top")).to_contain_text("50")
        with made.lock(), made.write("epoch-002", 120) as append:
            for layer in made.layers_at("epoch-002"):
                append(layer.name, np.ones((120, *layer.shape), layer.dtype))
        until(page, "STORE.model.runs[0].about.checkpoints[2].complete", 20)


@pytest.fixture(scope="module")
def file(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report.write([run], tmp_path_factory.mktemp("report") / "report.html")


def test_the_report_links_its_views_and_asks_nobody(visit: Callable[..., Page], file: Path) -> None:
    asked: list[str] = []
    page = visit(file.as_uri())
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    until(page, SHOWN)
    card(page, "Observations").scroll_into_view_if_needed()
    circle(page, [0, 1])
    until(page, "STORE.selection.length >= 2")
    expect(card(page, "Inputs").locator("canvas").first).to_be_visible()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert [url for url in asked if url.startswith("file:")] == [file.as_uri()]
    assert page.evaluate("() => window.attacked") is None


def test_the_report_says_its_piece_without_scripts(chromium: Browser, file: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    text = page.inner_text("body")
    context.close()
    assert "Maps" in text
    assert DEEP in text
