"""Kernels: compiled or loaded from the disk, the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import hashlib
import numpy as np
from layerwise.projection import MDS, TSNE

X = np.random.default_rng(0).random((300, 8)).astype(np.float32)
maps = [MDS(random_state=0).fit_transform(X), TSNE(random_state=0, n_iter=300).fit_transform(X)]
maps.append(TSNE(random_state=0, n_iter=9, early_exaggeration_iter=0).fit(X).transform(X[:50] + 1))
print(*(hashlib.sha256(Y.tobytes()).hexdigest() for Y in maps))
"""


def test_law_the_first_map_after_an_installation_is_that_of_all_later_ones(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    compiled, loaded = (
        subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, check=True, capture_output=True
        ).stdout
        for _ in range(2)
    )
    assert list(tmp_path.rglob("*.nbi"))  # the second process had something to load
    assert compiled == loaded
