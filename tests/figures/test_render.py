"""Figures as files: round trip (same figure, same bytes), contract of formats, no global state."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from layerwise import figures
from layerwise.foundation.checks import InvalidValue, UserError


def picture():
    Y = np.random.default_rng(0).normal(size=(50, 2))
    return figures.scatter(Y, np.arange(50) % 3, correct=np.arange(50) > 4, title="t")


def test_round_trip_same_figure_same_bytes():
    assert figures.to_png(picture()) == figures.to_png(picture())
    assert figures.to_svg(picture()) == figures.to_svg(picture())


@pytest.mark.parametrize(
    ("suffix", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_contract_save_writes_the_format_of_the_name_without_date_or_version(
    tmp_path, suffix, head
):
    first = figures.save(picture(), tmp_path / f"a.{suffix}")
    second = figures.save(picture(), tmp_path / f"b.{suffix.upper()}")
    content = first.read_bytes()
    assert content.startswith(head)
    assert content == second.read_bytes()
    for trace in (b"matplotlib.org", b"Software", b"CreationDate", b"<dc:date>"):
        assert trace not in content


def test_contract_points_stand_in_svg_as_one_picture():
    n = 3_000
    svg = figures.to_svg(figures.scatter(np.random.default_rng(0).normal(size=(n, 2))))
    assert svg.count("<image") == 1
    assert svg.count("<use") < n / 10


def test_contract_dpi_scales_the_picture():
    def width(png):
        return int.from_bytes(png[16:20], "big")

    assert width(figures.to_png(picture(), dpi=200)) == 2 * width(
        figures.to_png(picture(), dpi=100)
    )


def test_contract_other_suffixes_are_refused(tmp_path):
    with pytest.raises(UserError) as error:
        figures.save(picture(), tmp_path / "a.gif")
    assert str(error.value) == "save: path must be a name ending in .png, .svg or .pdf; got a.gif."


def test_contract_a_figure_that_cannot_be_written_is_one_sentence(tmp_path):
    for path in (tmp_path / "no" / "x.png", tmp_path / "taken.png"):
        (tmp_path / "taken.png").mkdir(exist_ok=True)
        with pytest.raises(InvalidValue, match="must be a file in a folder that exists; got"):
            figures.save(Figure(), path)


def test_structure_neither_pyplot_nor_torch_is_imported():
    code = (
        "import sys, numpy as np\n"
        "from layerwise import figures, scores\n"
        "figures.to_png(figures.scatter(np.eye(2), [0, 1]))\n"
        "scores.neighborhood_hit(np.eye(5), [0, 0, 0, 1, 1], n_neighbors=2)\n"
        "print([name for name in ('matplotlib.pyplot', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
