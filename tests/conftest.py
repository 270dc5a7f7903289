"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from layerwise.store import Run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip

_DEFAULT = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets, or skip with the reason."""
    folder = Path(os.environ.get("LAYERWISE_DATA", _DEFAULT))
    if not folder.is_dir():
        reason = f"no real data sets: {folder} does not exist (set LAYERWISE_DATA)"
        if os.environ.get("LAYERWISE_REQUIRE_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return the system's browser, driven by Playwright, or skip with the reason.

    A module's own, because Playwright keeps an event loop running in this thread meanwhile.
    """
    if CHROMIUM is None:
        if os.environ.get("LAYERWISE_REQUIRE_BROWSER"):
            pytest.fail("no chromium on this machine")
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run with every table that the report and the studio know."""
    from tests.runs import make_run, study

    known = {
        "evolution over layers": "Fig. 10", "evolution over epochs": "Fig. 11",
        "neurons": "Fig. 12", "discriminative neuron map": "Fig. 13", "one neuron": "Fig. 14",
        "polarity": "Figs. 6 and 7", "map test after last": "Fig. 3b",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("studied") / "seed-0"
    return study(make_run(folder, figures=known, shown_class="8"))
