"""How many threads a projection may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numba
from scipy import fft
from threadpoolctl import threadpool_limits

from layerwise.foundation import (
    checks,
    compiled,  # noqa: F401  before OpenMP starts: its waiting threads shall sleep
)


@contextmanager
def threads(function: str, n_jobs: int | None) -> Iterator[None]:
    """Limit numba, BLAS, OpenMP and the Fourier transforms to `n_jobs` threads for a while.

    Parameters
    ----------
    function : name for the error message
    n_jobs : at least 1, or None or -1 for one thread a core (as far as numba was given them)
    """
    before = numba.get_num_threads()
    count = before if n_jobs in (None, -1) else checks.integer(function, "n_jobs", n_jobs, 1)
    most = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    numba.set_num_threads(min(count, most))
    try:
        with threadpool_limits(count), fft.set_workers(count):
            yield
    finally:
        numba.set_num_threads(before)
