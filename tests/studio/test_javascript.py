"""The page's modules: no way from a name to markup, small files, and their own tests under node."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import layerwise.studio

STATIC = Path(layerwise.studio.__file__).parent / "static"
MODULES = sorted(STATIC.rglob("*.js"))
TESTS = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))
MARKUP = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|DOMParser"
    r"|createContextualFragment|srcdoc|setTimeout\(\s*[\"'`])"
)
LONGEST = 250
"""Lines of a module; one idea each."""


def ids(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_no_name_can_become_markup_or_code(module: Path) -> None:
    assert not MARKUP.search(module.read_text())


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_a_module_says_what_it_is_for_and_is_short(module: Path) -> None:
    text = module.read_text()
    assert text.startswith("/**\n * ")
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_nothing_is_loaded_from_elsewhere(module: Path) -> None:
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", module.read_text()))
    assert addresses <= {"http://www.w3.org/2000/svg"}


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
@pytest.mark.parametrize("test", TESTS, ids=ids)
def test_under_node(test: Path) -> None:
    done = subprocess.run(
        ["node", "--test", str(test)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
