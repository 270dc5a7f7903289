"""load: every name, every kind of path, and what it says of anything else."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from layerwise.data import NAMES, load
from layerwise.data.catalog import PUBLISHED
from layerwise.foundation.checks import NotFound, UserError


def test_the_names_are_the_literal_list():
    assert NAMES == (
        "digits", "faces", "mnist", "fashion-mnist", "svhn", "cifar10", "cifar100",
        "blobs", "circles", "moons", "spiral",
    )  # fmt: skip
    assert tuple(PUBLISHED) == NAMES[2:7]
    assert all(PUBLISHED[name].name == name for name in PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.usefixtures("no_network")
def test_every_published_set_says_what_is_missing(name):
    with pytest.raises(UserError, match=rf"Run it again to go on, or put .*{name}"):
        load(name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_set_also_comes_as_npz(tmp_path, name):
    x = np.arange(20 * 4 * 4 * 3, dtype=np.uint8).reshape(20, 4, 4, 3)
    y = np.arange(20) % 10
    (tmp_path / name).mkdir()
    np.savez(
        tmp_path / name / f"{name}_small.npz",
        x_train=x[:15], y_train=y[:15], x_test=x[15:], y_test=y[15:],
    )  # fmt: skip
    loaded = load(name, data_dir=tmp_path)
    np.testing.assert_array_equal(loaded.observations, x[15:])
    assert loaded.name == name
    column = next(iter(PUBLISHED[name].class_names))
    assert loaded.class_names == {column: PUBLISHED[name].class_names[column]}
    assert loaded.source.endswith(f"As found in {name}_small.npz")


@pytest.mark.parametrize("name", NAMES)
def test_other_splits_are_refused(name):
    with pytest.raises(UserError, match="load: split must be one of train, test, all; got 'dev'"):
        load(name, split="dev")


def test_a_name_beats_a_folder_of_that_name(tmp_path, monkeypatch):
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(load("digits")) == 599
    with pytest.raises(UserError, match="one folder of pictures a class"):
        load("./digits/../digits")


def test_unknown_names_get_the_list_and_paths_do_not(tmp_path):
    with pytest.raises(NotFound, match=r"no data set 'minst'.*Did you mean 'mnist'\?.*cifar100"):
        load("minst")
    for path in (str(tmp_path / "x"), "x.npz", tmp_path / "mnist"):
        with pytest.raises(UserError, match=r"a \.npz, table or folder that exists"):
            load(path)


def test_a_size_is_for_pictures_of_your_own():
    with pytest.raises(UserError, match="size must be left out for data that are no pictures of"):
        load("digits", size=16)


def test_importing_the_room_is_cheap():
    code = (
        "import sys, layerwise.data; "
        "print([m for m in ('torch', 'PIL', 'scipy', 'sklearn', 'pooch', 'requests') "
        "if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
