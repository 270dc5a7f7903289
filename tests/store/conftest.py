"""Fixtures of the store's tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def load(name: str) -> ModuleType:
    """Import a helper that lies beside the tests (they are not a package)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sample() -> ModuleType:
    return load("sample")


@pytest.fixture(scope="session")
def format1() -> ModuleType:
    return load("format1")


@pytest.fixture(scope="session")
def recorded(sample, tmp_path_factory) -> Path:
    """The sample run, recorded; only to be read."""
    folder = tmp_path_factory.mktemp("store") / "run"
    sample.record(folder)
    return folder
