"""A page about a run with every table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from tests.studio.reading import Page

from layerwise.store import Run
from layerwise.studio import Contents

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage
    from playwright.sync_api import Page as Tab


@pytest.fixture(scope="session")
def page(studied: Run) -> Page:
    return Page(Contents(studied))


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """Return how to open an address; at the end nothing went wrong on any page.

    `forgiven`: part of what a console may say.
    """
    from playwright.sync_api import expect
    from tests.studio.browsing import SHOWN, until

    wrong: list[str] = []
    with contextlib.ExitStack() as stack:

        def opened(address: str, *, forgiven: str | None = None, **context: Any) -> Tab:
            def heard(line: ConsoleMessage) -> None:
                if line.type == "error" and (forgiven is None or forgiven not in line.text):
                    wrong.append(line.text)

            view = chromium.new_context(viewport={"width": 1400, "height": 900}, **context)
            stack.callback(view.close)
            page = view.new_page()
            page.set_default_timeout(15_000)
            page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
            page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
            page.on("console", heard)
            page.goto(address)
            expect(page.get_by_role("heading", name="Observations", exact=True)).to_be_visible()
            until(page, SHOWN)
            return page

        yield opened
        assert not wrong
