"""A page about a run with every table."""

from __future__ import annotations

import pytest
from tests.studio.reading import Page

from layerwise.store import Run
from layerwise.studio import Contents


@pytest.fixture(scope="session")
def page(studied: Run) -> Page:
    return Page(Contents(studied))
