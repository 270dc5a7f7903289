"""A reader at the studio in a real Chromium: what there is to see, and where."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page
from tests.studio.hosting import TOKEN, hosted

from layerwise.store import Run
from layerwise.studio import Contents
from layerwise.studio.host.jobs import Jobs

SHOWN = "window.__studio?.scatter?.visible().length > 0"
STATE = "(key) => window.__studio.store.state[key]"


@contextlib.contextmanager
def served(*runs: Run, ask: Any = None) -> Iterator[str]:
    """Serve some runs and yield the address."""
    methods = () if ask is None else ask.methods
    contents = Contents(runs, live=True, attributions=methods)
    with contextlib.closing(Jobs(contents)) as jobs, hosted(contents, jobs, ask=ask) as host:
        yield f"http://127.0.0.1:{host.port}/?token={TOKEN}"


def card(page: Page, name: str) -> Locator:
    return page.locator(".card", has=page.get_by_role("heading", name=name, exact=True))


def pixels(page: Page, name: str) -> bytes:
    return card(page, name).locator("canvas").first.screenshot()


def until(page: Page, expression: str, seconds: float = 15) -> None:
    """Wait until an expression holds; by asking: the page's policy runs no strings."""
    end = time.monotonic() + seconds
    asked = expression.replace("STORE", "window.__studio.store.state")
    while not page.evaluate(f"() => Boolean({asked})"):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def settled(page: Page) -> None:
    """Wait until no point moves any more."""
    page.wait_for_timeout(900)


def place(page: Page, ids: list[int]) -> np.ndarray:
    """Return where observations lie in the window, (n, 2)."""
    found = page.evaluate("(ids) => ids.map((id) => window.__studio.scatter.toScreen(id))", ids)
    box = card(page, "Observations").locator("canvas").first.bounding_box()
    return np.add(found, (box["x"], box["y"]))
