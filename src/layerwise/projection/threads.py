"""How many threads a projection may use, and that waiting threads sleep.

GNU OpenMP lets waiting threads spin. With thousands of short parallel steps that costs nothing on
an idle machine, but where cores are shared the spinning threads take the time of those that work:
t-SNE of 2,000 points took 16 s instead of 1.7 s beside five other processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numba
from scipy import fft
from threadpoolctl import threadpool_limits

from layerwise.foundation import checks

if "OMP_WAIT_POLICY" not in os.environ:
    # The library reads its settings once, when it is loaded, which is here.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    with suppress(ImportError):
        import numba.np.ufunc.omppool
    del os.environ["OMP_WAIT_POLICY"]


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
