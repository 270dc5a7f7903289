"""No test of this room may see the user's folders or the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from layerwise.data import fetch


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that stands for the user's cache; LAYERWISE_DATA is unset."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.delenv(fetch.VARIABLE, raising=False)
    monkeypatch.setattr(fetch, "cache_folder", lambda: folder)
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every request fail as it does without a network."""
    import requests

    def refuse(*args: object, **kwargs: object) -> None:
        raise requests.ConnectionError("no route to host")

    monkeypatch.setattr(requests, "get", refuse)
