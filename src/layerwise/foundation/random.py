"""Seeds: one spelling of `random_state` for the whole house."""

from __future__ import annotations

import numpy as np

from layerwise.foundation.checks import InvalidType, InvalidValue

RandomState = int | np.random.Generator | np.random.RandomState | None
"""A seed, a generator to draw from, or None for fresh entropy."""


def generator(random_state: RandomState) -> np.random.Generator:
    """Return a generator: same int >= 0, same stream; a generator is used as it is.

    Examples
    --------
    >>> int(generator(0).integers(1000)) == int(generator(0).integers(1000))
    True
    """
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    if isinstance(random_state, int | np.integer) and random_state < 0:
        raise _out_of_range(random_state)
    if random_state is None or isinstance(random_state, int | np.integer | np.random.Generator):
        return np.random.default_rng(random_state)
    raise InvalidType(f"random_state must be an int, a Generator or None; got {random_state!r}.")


def seed(random_state: RandomState) -> int:
    """Return one integer below 2**32 for libraries that take nothing else; an int passes through.

    Examples
    --------
    >>> seed(7)
    7
    """
    if isinstance(random_state, int | np.integer):
        if not 0 <= random_state < 2**32:
            raise _out_of_range(random_state)
        return int(random_state)
    return int(generator(random_state).integers(2**31))


def _out_of_range(got: int | np.integer) -> InvalidValue:
    return InvalidValue(f"random_state must be an integer in [0, 2**32); got {got}.")
