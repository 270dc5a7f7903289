"""One spelling of every number in the report: percent, spread, count, and lists of names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from layerwise.foundation.shapes import Array
from layerwise.studio.data.series import METHODS

MISSING = "–"
NBSP = "\u00a0"


def percent(value: float) -> str:
    r"""Return a fraction as percent with one decimal.

    Examples
    --------
    >>> percent(0.98361)
    '98.4\xa0%'
    >>> percent(float("nan"))
    '–'
    """
    return MISSING if math.isnan(value) else f"{100 * value:.1f}{NBSP}%"


def measured(value: float, spread: float = math.nan) -> str:
    r"""Return a fraction as percent, with the spread over seeds where there is one.

    Examples
    --------
    >>> measured(0.984, 0.0031)
    '98.4\xa0±\xa00.3\xa0%'
    """
    if math.isnan(value) or math.isnan(spread):
        return percent(value)
    return f"{100 * value:.1f}{NBSP}±{NBSP}{100 * spread:.1f}{NBSP}%"


def plain(value: float, spread: float = math.nan) -> str:
    r"""Return a number that is no fraction, with the spread over seeds where there is one.

    Examples
    --------
    >>> plain(-0.444), plain(0.444, 0.07)
    ('−0.44', '0.44\xa0±\xa00.07')
    """
    if math.isnan(value):
        return MISSING
    digits = f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
    return digits + ("" if math.isnan(spread) else f"{NBSP}±{NBSP}{spread:.2f}")


def decimal(values: Sequence[float] | Array) -> str:
    r"""Return the mean over seeds of a number that is no fraction, with their spread.

    Examples
    --------
    >>> decimal([0.4]), decimal([0.4, 0.5])
    ('0.40', '0.45\xa0±\xa00.07')
    """
    return plain(fmean(values), stdev(values) if len(values) > 1 else math.nan)


def together(text: str) -> str:
    r"""Return a text in which no number is parted from its spread or its percent sign.

    Examples
    --------
    >>> together("91.2 ± 0.9 %")
    '91.2\xa0±\xa00.9\xa0%'
    """
    return text.replace(" ± ", f"{NBSP}±{NBSP}").replace(" %", f"{NBSP}%")


def points(difference: float) -> str:
    """Return a difference of two fractions in percentage points, signed.

    Examples
    --------
    >>> points(-0.0504)
    '−5.0 points'
    """
    sign = "−" if difference < 0 else "+"
    return f"{sign}{abs(100 * difference):.1f} points"


def method(name: str) -> str:
    """Return a projection method as the literature spells it.

    Examples
    --------
    >>> method("tsne"), method("trimap")
    ('t-SNE', 'trimap')
    """
    return METHODS.get(name, name)


def count(number: float, noun: str = "", plural: str = "") -> str:
    """Return a whole number with thousands set apart, and its noun.

    Examples
    --------
    >>> count(2000, "observation"), count(1, "class", "classes"), count(10_000)
    ('2,000 observations', '1 class', '10,000')
    """
    digits = f"{int(number):,}"
    if not noun:
        return digits
    return f"{digits} {noun if number == 1 else plural or noun + 's'}"


def listing(names: Sequence[str], at_most: int = 8) -> str:
    """Return names joined for a sentence, a long list cut short.

    Examples
    --------
    >>> listing(["a", "b", "c"]), listing(["a", "b", "c", "d"], at_most=2)
    ('a, b and c', 'a, b and 2 more')
    """
    if len(names) > at_most:
        return ", ".join(names[:at_most]) + f" and {len(names) - at_most} more"
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + f" and {names[-1]}"
