"""Refuse files that unpack to far more than they are: decompression bombs.

The declared size is compared with the stored one before a byte is unpacked. Real data never come
near the limit (MNIST packs 5 to 1), deflate reaches 1,000 to 1 on zeros.
"""

from __future__ import annotations

from layerwise.foundation import checks

MAX_RATIO = 100
HARMLESS = 16 * 2**20
"""Bytes that may unpack from anything: sorted labels are small and pack extremely well."""


def refuse_bomb(what: str, unpacked: int, stored: int) -> None:
    """Raise if `what` declares over 16 MiB and over 100 times the bytes it is stored in.

    Examples
    --------
    >>> refuse_bomb("x_train in mnist.npz", 47_040_128, 9_900_000)
    """
    if unpacked > HARMLESS and unpacked > MAX_RATIO * stored:
        raise checks.invalid(
            "load", what, f"at most {MAX_RATIO} times as large unpacked as stored",
            f"{stored:,} bytes that declare {unpacked:,}",
            "This looks like a decompression bomb; if you trust the file, store it unpacked.",
        )  # fmt: skip
