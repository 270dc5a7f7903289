"""The page in a real Chromium, opened from a file: what runs there, what does not, what it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.networks_of_two import layers
from tests.runs import small_run

from layerwise import analysis, report

STILL = "This part is empty on paper and without JavaScript"
ATTACK = "</script><img src=x onerror=\"window.attacked='yes'\">"
WATCH = """
  addEventListener("securitypolicyviolation", (event) => console.error(event.violatedDirective));
"""


@pytest.fixture
def visit(chromium) -> Iterator[Callable[..., SimpleNamespace]]:
    """Return what opens a file; the answer has the page, its complaints and its requests."""
    contexts = []

    def opened(path: Path, *, width: int = 1400, **options) -> SimpleNamespace:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.add_init_script(WATCH)
        page, complaints, requests = context.new_page(), [], []
        page.on("console", lambda message: message.type == "error"
                and complaints.append(message.text))  # fmt: skip
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        return SimpleNamespace(page=page, complaints=complaints, requests=requests)

    yield opened
    for context in contexts:
        context.close()


def drawn(page) -> bool:
    """Wait for the first map to have points in more than one colour."""
    page.wait_for_selector("#studio canvas")
    page.wait_for_function(
        """() => [...document.querySelectorAll("#studio canvas")].some((canvas) => {
          const context = canvas.getContext("2d");
          if (!context || !canvas.width) return false;
          const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size > 4;
        })"""
    )
    return True


def test_the_studio_runs_from_the_file_alone(visit, everything):
    seen = visit(everything)
    assert drawn(seen.page)
    assert not seen.page.get_by_text(STILL).is_visible()
    elsewhere = [url for url in seen.requests if not url.startswith(("data:", "blob:"))]
    assert elsewhere == [everything.as_uri()]
    assert seen.complaints == []


def test_a_script_that_was_changed_afterwards_does_not_run(visit, everything, tmp_path):
    text = everything.read_text()
    assert '"use strict";' in text
    changed = tmp_path / "changed.html"
    changed.write_text(text.replace('"use strict";', '"use strict"; window.attacked = "yes";'))
    seen = visit(changed)
    assert seen.page.evaluate("window.attacked") is None
    assert seen.page.locator("#studio > *").count() == 0
    assert seen.page.get_by_text(STILL).is_visible()


def test_names_stay_text(visit, small, rows, tmp_path):
    run = small(
        tmp_path / "run", layers=(ATTACK, "relu2"), classes=(ATTACK, "dog"), title=f"T {ATTACK}",
        label=ATTACK, network=ATTACK, data=ATTACK,
    )  # fmt: skip
    run.write_table("projections", rows.maps(run), {"method": "tsne"})
    run.write_table("predictions", rows.predictions(run, 2), {})
    seen = visit(report.write([run], tmp_path / "report.html"))
    assert drawn(seen.page)
    assert ATTACK in seen.page.locator("#studio").inner_text()
    assert seen.page.title() == f"T {ATTACK}"
    assert seen.page.evaluate("window.attacked") is None
    assert seen.page.locator("img[src=x]").count() == 0
    assert seen.complaints == []


def test_without_javascript_the_rest_is_there(visit, everything):
    seen = visit(everything, java_script_enabled=False)
    assert seen.page.get_by_text(STILL).is_visible()
    assert seen.page.locator("main figure img").count() > 10
    assert seen.page.locator("main .scroll table").count() > 10


def test_on_paper_the_studio_is_away(visit, everything):
    seen = visit(everything)
    assert drawn(seen.page)
    seen.page.emulate_media(media="print")
    assert not seen.page.locator("#studio").is_visible()
    (sentence,) = seen.page.locator("#explore p").filter(visible=True).all_inner_texts()
    assert sentence.startswith(STILL)


@pytest.mark.parametrize(("width", "least", "most"), [(1800, 1380, 1400), (1000, 930, 985),
                                                      (390, 330, 390)])  # fmt: skip
def test_the_studio_is_wide_where_there_is_room_and_nothing_overflows(
    visit, everything, width, least, most
):
    page = visit(everything, width=width).page
    assert drawn(page)
    box = page.locator("#studio").bounding_box()
    assert least <= box["width"] <= most
    assert abs(box["x"] + box["width"] / 2 - width / 2) <= 10
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#layers").bounding_box()["width"] <= 900


def test_a_browser_that_cannot_unpack_says_so(everything, chromium):
    context = chromium.new_context()
    context.add_init_script("delete window.DecompressionStream")
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(everything.as_uri())
    page.wait_for_selector("#studio [role=alert]")
    assert page.locator("#studio").inner_text().startswith("This browser is too old")
    assert complaints == []
    context.close()


@pytest.fixture(scope="module")
def sliding(tmp_path_factory) -> Path:
    """Return a page with a slider over three pictures."""
    folder = tmp_path_factory.mktemp("sliding")
    run = small_run(folder / "run", checkpoints=("a", "b", "c"))
    for seed, checkpoint in enumerate(run.checkpoints):
        analysis.keep_affine(run, checkpoint, *layers(2, 5, 2, seed=seed))
    return report.write([run], folder / "report.html")


def at(page) -> tuple[str, str | None, list[str | None]]:
    """Return what the slider says, to readers of the screen too, and which pictures are seen."""
    seen = page.locator(".frames img").filter(visible=True)
    return (
        page.locator(".frames output").inner_text(),
        page.locator(".frames input").get_attribute("aria-valuetext"),
        [seen.nth(k).get_attribute("data-name") for k in range(seen.count())],
    )


def test_frames_slide_by_keyboard_and_play_to_the_end(visit, sliding):
    seen = visit(sliding)
    page, slider = seen.page, seen.page.get_by_role("slider", name="Iteration")
    assert at(page) == ("a", "a", ["a"])
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert at(page) == ("b", "b", ["b"])
    page.keyboard.press("End")
    assert at(page) == ("c", "c", ["c"])
    page.get_by_role("button", name="Play").click()
    assert at(page)[0] == "a"
    page.wait_for_function("() => document.querySelector('.frames output').textContent === 'c'")
    assert page.get_by_role("button", name="Play").is_visible()
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    stopped = at(page)
    page.wait_for_timeout(900)
    assert at(page) == stopped
    assert seen.complaints == []


@pytest.mark.parametrize("how", ["paper", "without javascript"])
def test_frames_are_away_where_they_cannot_move_and_the_stills_stay(visit, sliding, how):
    seen = visit(sliding, java_script_enabled=how == "paper")
    if how == "paper":
        seen.page.emulate_media(media="print")
    assert not seen.page.locator(".frames").is_visible()
    assert seen.page.locator("#figure-lines img").is_visible()


@pytest.mark.parametrize("width", [1400, 390])
def test_frames_fit_the_page(visit, sliding, width):
    page = visit(sliding, width=width).page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    plate, shown = (page.locator(f".frames {part}").filter(visible=True).bounding_box()
                    for part in (".plate", "img"))  # fmt: skip
    assert plate["x"] <= shown["x"]
    assert shown["x"] + shown["width"] <= plate["x"] + plate["width"]


def test_a_script_of_frames_that_was_changed_does_not_run(visit, sliding, tmp_path):
    text = sliding.read_text()
    assert "pictures.length - 1" in text
    changed = tmp_path / "changed.html"
    changed.write_text(text.replace("pictures.length - 1", "pictures.length - 2"))
    assert not visit(changed).page.locator(".frames").is_visible()
