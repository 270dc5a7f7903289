"""scikit-learn's handwritten digits: 1,797 pictures of 8x8 that are always there, no download.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (its test
part, as scikit-learn ships it).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from layerwise.data.dataset import DataSet
from layerwise.data.split import seeded_split

DIGITS = tuple("0123456789")
SOURCE = (
    "digits: 1,797 handwritten digits, 8x8 grey; Alpaydin and Kaynak 1998 (UCI), from "
    "scikit-learn; CC BY 4.0. No official split: a fixed, stratified 1,198 train / 599 test"
)


def load_digits(split: str) -> DataSet:
    """Return one split of the digits: 1,198 to train, 599 to test, or all 1,797.

    The stored values 0..16 become 0..255 (nearest integer), so `inputs()` is value / 16 to within
    1/510. Writers are not known, so the split cannot keep them apart.

    Examples
    --------
    >>> len(load_digits("train")), len(load_digits("test"))
    (1198, 599)
    """
    from sklearn.datasets import load_digits as bundled

    values, digit = bundled(return_X_y=True)
    rows = seeded_split(digit, split, Fraction(1, 3))
    pictures = np.rint(values[rows] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    return DataSet("digits", pictures, {"digit": digit[rows]}, {"digit": DIGITS}, SOURCE)
