"""Threads: limited while asked for, given back afterwards, errors worded for the caller."""

from __future__ import annotations

import subprocess
import sys

import numba
import pytest
from scipy import fft

from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.projection.threads import threads


def test_limited_inside_and_restored_outside():
    before = numba.get_num_threads(), fft.get_workers()
    with threads("TSNE", 1):
        assert (numba.get_num_threads(), fft.get_workers()) == (1, 1)
    assert (numba.get_num_threads(), fft.get_workers()) == before
    with pytest.raises(RuntimeError, match="inside"), threads("TSNE", 1):
        raise RuntimeError("inside")
    assert (numba.get_num_threads(), fft.get_workers()) == before


def test_the_environment_is_left_as_it_was():
    script = (
        "import os; before = dict(os.environ); import layerwise.projection.threads;"
        "raise SystemExit(dict(os.environ) != before)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_bad_counts():
    with pytest.raises(InvalidValue, match="MDS: n_jobs must be"), threads("MDS", 0):
        pass
    with pytest.raises(InvalidType, match="MDS: n_jobs must be"), threads("MDS", 1.5):
        pass


def test_waiting_threads_sleep_whoever_asked_first():
    """GNU OpenMP reads its settings when it is loaded: our room must load it, with the setting."""
    pytest.importorskip("numba.np.ufunc.omppool", reason="numba has no OpenMP here")
    script = (
        "import os, sys; os.environ.pop('OMP_WAIT_POLICY', None);"
        "import layerwise.foundation.compiled;"
        "raise SystemExit('numba.np.ufunc.omppool' not in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
