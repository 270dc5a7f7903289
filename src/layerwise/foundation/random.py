"""Seeds: one spelling of `random_state` for the whole house."""

from __future__ import annotations

import numpy as np

from layerwise.foundation.checks import InvalidType

RandomState = int | np.random.Generator | np.random.RandomState | None
"""A seed, a generator to draw from, or None for fresh entropy."""


def generator(random_state: RandomState) -> np.random.Generator:
    """Return a generator: same int, same stream; a generator is used as it is.

    Examples
    --------
    >>> int(generator(0).integers(1000)) == int(generator(0).integers(1000))
    True
    """
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    if random_state is None or isinstance(random_state, int | np.integer | np.random.Generator):
        return np.random.default_rng(random_state)
    raise InvalidType(f"random_state must be an int, a Generator or None; got {random_state!r}.")


def seed(random_state: RandomState) -> int:
    """Return one integer below 2**31 for libraries that take nothing else; an int passes through.

    Examples
    --------
    >>> seed(7)
    7
    """
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(generator(random_state).integers(2**31))
