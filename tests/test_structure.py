"""The house: light imports, no torch on the reading side, every public name documented."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import layerwise

READING = ("foundation", "store", "projection", "scores", "figures", "report", "data", "analysis",
           "units", "studio")  # fmt: skip
HEAVY = (
    "sklearn",
    "matplotlib",
    "numba",
    "pandas",
    "scipy",
    "torch",
    "faiss",
    "openTSNE",
    "PIL",
    "starlette",
    "uvicorn",
)


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in out.stdout.split()}


def test_import_layerwise_imports_nothing_heavy() -> None:
    assert not modules_after("import layerwise").intersection(HEAVY)


def test_the_command_line_answers_before_anything_heavy_is_imported() -> None:
    assert not modules_after("import layerwise.cli.main").intersection(HEAVY)


@pytest.mark.parametrize("room", READING)
def test_the_reading_side_never_imports_torch(room: str) -> None:
    assert "torch" not in modules_after(f"import layerwise.{room}")


def test_every_public_name_exists_and_is_documented() -> None:
    for room in layerwise._ROOMS:
        module = importlib.import_module(f"layerwise.{room}")
        assert module.__doc__, room
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isclass(found) or inspect.isfunction(found):
                assert inspect.getdoc(found), f"{room}.{name}"


def test_top_level_names_are_there() -> None:
    for name in layerwise.__all__:
        assert getattr(layerwise, name) is not None
    assert set(layerwise.__all__) == set(dir(layerwise))
    with pytest.raises(AttributeError):
        layerwise.nonsense  # noqa: B018


def test_every_module_says_what_it_is_for() -> None:
    for found in pkgutil.walk_packages(layerwise.__path__, "layerwise."):
        module = importlib.import_module(found.name)
        assert (module.__doc__ or "").strip().endswith((".", "::")), found.name
