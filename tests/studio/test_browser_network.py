"""Asking a real network from the studio, in a real Chromium with a real mouse, and its pictures.

Outcome: what the pointer rests on is explained, what it leaves is forgotten, names stay text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from sklearn.datasets import load_digits
from tests.studio.asking import Asked
from tests.studio.browsing import STATE, card, place, served, settled, until
from tests.studio.odd import ATTACK
from torch import nn

from layerwise import analysis, record, report
from layerwise.attribution import OnDemand
from layerwise.store import Run, media

N = 60
MOSAIC = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.full((1, 90, 180, 3), 25, np.uint8)
HEAT = "canvas.heat"
SEEN = """(canvas) => {
    const {width, height} = canvas;
    const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
    return {width, height, data: Array.from(data)};
}"""


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(216, 10), nn.ReLU(),
        nn.Linear(10, 10),
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network on digits, with a map of its neurons and pictures of them; a class is an attack."""
    images, digit = load_digits(return_X_y=True)
    x = torch.from_numpy(images[:N].astype(np.float32) / 16).reshape(N, 1, 8, 8)
    made = record(
        network(), x, to=tmp_path_factory.mktemp("asked") / "run",
        layers=["input", "1", "4", "output"],
        labels={"digit": digit[:N]}, class_names={"digit": [ATTACK, *"123456789"]},
    )  # fmt: skip
    analysis.project(made, layer="4", checkpoint="final", method="pca")
    analysis.neurons(made, layer="4")
    place = {"layer": "4", "checkpoint": "final"}
    sets = [
        media.pictures("top patches", MOSAIC, title=f"4: top {ATTACK}", **place),
        media.pictures("preferred inputs", MOSAIC[:, :20, :20], title="4: preferred", **place),
        media.pictures("top patches", MOSAIC[:6], title="1: top", layer="1", checkpoint="final"),
        media.pictures("adversarial samples", MOSAIC[:3, :30, :30], title="PGD",
                       about="observation", index=[5, 6, 7]),
    ]  # fmt: skip
    for number, frame in enumerate(sets):
        made.write_table("images", frame, {"function": "made up", "number": number})
    return made


@pytest.fixture(scope="module")
def address(run: Run) -> Iterator[str]:
    with served(run, ask=OnDemand(run, network())) as found:
        yield found


@pytest.fixture
def page(visit: Callable[..., Page], address: str) -> Page:
    found = visit(address)
    settled(found)
    return found


@pytest.fixture
def pretended(
    run: Run, visit: Callable[..., Page], request: pytest.FixtureRequest
) -> Iterator[Any]:
    """A page whose network is only pretended, and that network."""
    ask = Asked(slow=getattr(request, "param", False))
    with served(run, ask=ask) as found:
        page = visit(found, forgiven="status of 400")
        settled(page)
        yield page, ask
        ask.go.set()


def point(page: Page, i: int) -> int:
    """Rest the mouse on an observation, and return which one is hit."""
    x, y = place(page, [i])[0]
    page.mouse.move(x, y, steps=4)
    until(page, "STORE.hover >= 0")
    return int(page.evaluate(STATE, "hover"))


def colours(map_: Locator) -> np.ndarray[Any, Any]:
    seen = map_.evaluate(SEEN)
    return np.array(seen["data"]).reshape(seen["height"], seen["width"], 4).astype(int)


def test_the_hovered_input_is_explained_by_the_network_itself(page: Page, run: Run) -> None:
    i = point(page, 5)
    inspector = card(page, "Inspector")
    shown = inspector.locator(HEAT)
    expect(shown).to_be_visible()
    answer = OnDemand(run, network())(run, "final", i)
    seen = colours(shown)
    values = answer["attribution"]
    assert seen.shape == (8, 8, 4)
    for at in np.argsort(-np.abs(values), axis=None)[:20]:
        red, _, blue, _ = seen[np.unravel_index(at, values.shape)]
        assert (red > blue) == (values.flat[at] > 0)  # orange raises the target, blue lowers it
    predicted = int(np.argmax(answer["output"]))
    name = page.evaluate("() => window.__studio.store.state.model.runs[0].classes.names")[predicted]
    expect(inspector).to_contain_text(f"predicted: {name}")
    expect(inspector).to_contain_text(f"{answer['value']:.3g}")
    expect(inspector).to_contain_text(f"{np.abs(values).max():.3g}"[:4])
    assert page.evaluate("() => window.attacked") is None


def test_every_method_and_target_of_what_is_kept(page: Page, run: Run) -> None:
    i = point(page, 9)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(2, 2)
    inspector = card(page, "Inspector")
    shown = set()
    for method in OnDemand.methods:
        inspector.get_by_label("Method").select_option(method)
        expect(inspector.locator(f"{HEAT}[aria-label*='logit']")).to_be_visible()
        page.wait_for_timeout(600)
        shown.add(colours(inspector.locator(HEAT)).tobytes())
        expect(inspector.get_by_role("alert")).to_have_count(0)
    assert len(shown) == len(OnDemand.methods)
    inspector.get_by_label("Method").select_option("gradient")
    inspector.get_by_label("Target").select_option("class 3")
    expect(inspector.locator(f"{HEAT}[aria-label='Gradient of logit:3']")).to_be_visible()
    page.evaluate("() => window.__studio.store.set({unit: 4})")
    inspector.get_by_label("Target").select_option("unit")
    expect(inspector.locator(f"{HEAT}[aria-label='Gradient of 4:4']")).to_be_visible()
    expect(inspector).to_contain_text("neuron 4 of 4")
    value = OnDemand(run, network())(run, "final", i, layer="4", unit=4)["value"]
    expect(inspector.locator(".aim")).to_contain_text(f"{value:.3g}")
    inspector.get_by_label("Method").select_option("none")
    expect(inspector.locator(HEAT)).to_have_count(0)
    until(page, "location.hash.includes('explain=none')")


def test_answers_are_kept(pretended: Any) -> None:
    page, ask = pretended
    rows = [point(page, 5)]
    expect(card(page, "Inspector").locator(HEAT)).to_be_visible()
    page.mouse.move(2, 2)
    rows.append(point(page, 30))
    expect(card(page, "Inspector")).to_contain_text(f"{0.5 + rows[1]}")
    for i, row in zip((5, 30), rows, strict=True):
        page.mouse.move(2, 2)
        point(page, i)
        expect(card(page, "Inspector")).to_contain_text(f"{0.5 + row}")
    assert [one["row"] for one in ask.questions] == rows


@pytest.mark.parametrize("pretended", [True], indirect=True)
def test_who_moves_on_is_not_waited_for(pretended: Any) -> None:
    page, ask = pretended
    first = point(page, 5)
    waiting = card(page, "Inspector").get_by_role("progressbar", name="Asking the network")
    expect(waiting).to_be_visible()
    page.mouse.move(2, 2)
    second = point(page, 30)
    assert first != second
    expect(waiting).to_be_visible()
    assert ask.given_up == [first]
    ask.go.set()
    expect(card(page, "Inspector").locator(HEAT)).to_be_visible()
    expect(waiting).to_have_count(0)
    assert [one["row"] for one in ask.questions] == [first, second]


def test_what_went_wrong_is_one_sentence(pretended: Any) -> None:
    page, _ = pretended
    page.evaluate("() => window.__studio.store.set({explain: 'occlusion', pinned: 1})")
    alert = card(page, "Inspector").get_by_role("alert")
    expect(alert).to_have_text("This network cannot be covered.")
    page.evaluate("() => window.__studio.store.set({explain: 'gradient'})")
    expect(alert).to_have_count(0)
    expect(card(page, "Inspector").locator(HEAT)).to_be_visible()


def test_without_the_network_one_sentence_a_report_says_nothing(
    run: Run, visit: Callable[..., Page], tmp_path: Path
) -> None:
    with served(run) as address:
        page = visit(address)
        page.evaluate("() => window.__studio.store.set({pinned: 3})")
        expect(card(page, "Inspector")).to_contain_text("layerwise view RUN --model mymodel.py:Net")
        expect(card(page, "Inspector").get_by_label("Method")).to_have_count(0)
    file = report.write([run], tmp_path / "report.html")
    page = visit(file.as_uri())
    page.evaluate("() => window.__studio.store.set({pinned: 5})")
    expect(card(page, "Inspector")).to_contain_text("pinned")
    expect(card(page, "Inspector")).not_to_contain_text("network looks at")
    expect(card(page, "Inspector")).to_contain_text("Adversarial samples")


def test_a_hovered_neuron_shows_what_excites_it(page: Page) -> None:
    host = card(page, "Neurons").locator("canvas").last
    box = host.bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for step in range(1, 120):  # outwards in a spiral until a neuron is hit
        turn, radius = step / 3, 1.6 * step
        page.mouse.move(middle[0] + radius * np.cos(turn), middle[1] + radius * np.sin(turn))
        if page.evaluate(STATE, "hoverUnit") >= 0:
            break
    unit = page.evaluate(STATE, "hoverUnit")
    inspector = card(page, "Inspector")
    expect(inspector).to_contain_text(f"neuron {unit} of 4")
    expect(inspector).to_contain_text("Top patches")
    expect(inspector).to_contain_text("Preferred inputs")
    assert colours(inspector.locator("canvas").first)[45, 90, 0] == 25 * unit
    page.mouse.down()
    page.mouse.up()
    expect(card(page, "Neuron")).to_contain_text("Top patches")
    page.mouse.move(2, 2)
    expect(inspector).not_to_contain_text("Top patches")
    assert page.evaluate("() => window.attacked") is None


def test_pictures_are_chosen_by_kind_and_enlarge(page: Page) -> None:
    pictures = card(page, "Pictures")
    pictures.get_by_role("button", name="preferred inputs").click()
    expect(pictures).to_contain_text("4 · final · 10")
    pictures.get_by_role("button", name="top patches").click()
    expect(pictures.locator(".shot")).to_have_count(10)
    pictures.get_by_role("button", name="Enlarge 3").hover()
    until(page, "STORE.hoverUnit === 3")
    expect(card(page, "Inspector")).to_contain_text("neuron 3 of 4")
    pictures.get_by_role("button", name="Enlarge 3").click()
    dialog = page.get_by_role("dialog")
    box = dialog.locator("canvas").bounding_box()
    assert box
    assert box["width"] > 800
    assert colours(dialog.locator("canvas"))[45, 90, 0] == 75
    page.keyboard.press("ArrowRight")
    assert colours(dialog.locator("canvas"))[45, 90, 0] == 100
    dialog.get_by_role("button", name="Colour by neuron 4").click()
    expect(dialog).to_have_count(0)
    assert page.evaluate(STATE, "unit") == 4
    expect(pictures.locator("[data-index='4']")).to_have_attribute("data-pinned", "")
    page.evaluate("() => window.__studio.store.set({layer: 1})")
    expect(pictures).to_contain_text("1 · final · 6")
    pictures.get_by_role("button", name="Enlarge 2").click()
    page.get_by_role("dialog").get_by_role("button", name="Colour by neuron").click()
    assert page.evaluate(STATE, "unit") == 2 * 36 + 3 * 6 + 3  # the middle of channel 2


def test_it_fits_a_narrow_window_in_the_dark(visit: Callable[..., Page], address: str) -> None:
    page = visit(address, color_scheme="dark")
    page.set_viewport_size({"width": 420, "height": 900})
    page.evaluate("() => window.__studio.store.set({pinned: 5})")
    expect(card(page, "Inspector").locator(HEAT)).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert colours(card(page, "Inspector").locator(HEAT))[..., :3].mean() < 110
