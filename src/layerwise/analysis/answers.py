"""An answer is computed once: it lies in the run, with the question it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from layerwise.store import Run


def answer(
    run: Run, kind: str, question: dict[str, Any], compute: Callable[[], pd.DataFrame]
) -> pd.DataFrame:
    """Return the table of that kind for a question, its ``attrs`` the question itself.

    What is asked of an answer (the scores of a map) thereby names the question it rests on.
    """
    found = run.cached(kind, question, compute)
    found.attrs = {str(key): value for key, value in question.items()}
    return found
