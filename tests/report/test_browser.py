"""The page in a real Chromium, opened by double-click: what runs there and what does not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from layerwise import report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
ATTACK = "</script><img src=x onerror=\"document.title='attacked'\">"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


def title_after_load(page: Path, profile: Path) -> str:
    """Return the title that the document has once its scripts have run."""
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.split("<title>")[1].split("</title>")[0]


@pytest.fixture
def page(small, tmp_path) -> Path:
    run = small(tmp_path / "run", classes=(ATTACK, "dog"), title=f"T {ATTACK}", network=ATTACK)
    path = tmp_path / "report.html"
    script = "document.title = JSON.parse(document.getElementById('data-name').text)"
    path.write_text(
        report.render([run], scripts=[script], data={"name": f"ran </script> {ATTACK}"})
    )
    return path


def test_a_hashed_script_runs_with_its_data_and_names_stay_text(page, tmp_path):
    assert title_after_load(page, tmp_path / "profile").startswith("ran &lt;/script&gt; &lt;")


def test_a_script_that_was_changed_afterwards_does_not_run(page, tmp_path):
    page.write_text(page.read_text().replace("<script>document", "<script> document"))
    assert title_after_load(page, tmp_path / "profile").startswith("T &lt;/script&gt;")
