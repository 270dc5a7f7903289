"""An option of the C library that makes convolutional networks faster on a CPU.

glibc gives large buffers back to the kernel as soon as they are freed, and a convolutional network
asks for them anew at every layer: hundreds of thousands of page faults a pass.
"""

from __future__ import annotations

import ctypes
import ctypes.util

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_MMAP, _TRIM = 2**30, 2**31 - 1


def keep_freed_memory() -> bool:
    """Let this process keep the memory it frees, up to 2 GB; return whether that was possible.

    Call it once, before the first forward. The process then never shrinks. Only glibc (most of
    Linux) has the option.
    """
    name = ctypes.util.find_library("c")
    mallopt = getattr(ctypes.CDLL(name), "mallopt", None) if name else None
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _MMAP)) and bool(mallopt(_M_TRIM_THRESHOLD, _TRIM))
