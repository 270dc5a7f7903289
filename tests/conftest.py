"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
