"""Fixtures of runs to report on; what makes them lies in ``tests/runs.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.runs import (
    evolution_rows,
    hypothesis_rows,
    make_run,
    map_rows,
    motion_rows,
    outlier_rows,
    prediction_rows,
    ranking_rows,
    score_rows,
    small_run,
    unit_rows,
)

from layerwise.store import Run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a complete run of one seed."""
    return make_run(tmp_path_factory.mktemp("runs") / "seed-0")


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory, studied: Run) -> Path:
    """Return the page of the run with every table; it is drawn once for all tests."""
    from layerwise import report

    return report.write([studied], tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory, run: Run) -> list[Run]:
    """Return two runs that differ in their seed."""
    return [run, make_run(tmp_path_factory.mktemp("runs") / "seed-1", seed=1)]


@pytest.fixture(scope="session")
def make() -> Callable[..., Run]:
    """Return what makes runs of a test's own."""
    return make_run


@pytest.fixture(scope="session")
def small() -> Callable[..., Run]:
    """Return what makes runs without results."""
    return small_run


@pytest.fixture(scope="session")
def rows() -> SimpleNamespace:
    """Return what makes tables for them."""
    return SimpleNamespace(
        scores=score_rows,
        maps=map_rows,
        predictions=prediction_rows,
        hypotheses=hypothesis_rows,
        motion=motion_rows,
        evolution=evolution_rows,
        units=unit_rows,
        ranking=ranking_rows,
        outliers=outlier_rows,
    )
