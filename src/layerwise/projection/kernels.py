"""What the kernels of this room say to the compiler that Python source cannot, and their types."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from layerwise.foundation.compiled import kernel, widen

__all__ = ["fast_reciprocals", "kernel", "multiply_add", "point", "row", "sums"]


def _fast_reciprocals(typingctx: Any) -> Any:
    """Let the calling function use the widest vectors and the hardware's reciprocal as it is.

    That has 14 bits (12 without AVX-512): a relative error of 6e-5 in one pair's force is lost in
    the sum over n pairs, and the Newton step saved is a seventh of the work.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        widen(builder.function)
        if platform.machine() in ("x86_64", "AMD64"):  # other processors' estimates have 8 bits
            set.add(builder.function.attributes, '"reciprocal-estimates"="vec-divf:0"')
        return context.get_dummy_value()

    return types.void(), codegen


def _multiply_add(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c``, as one instruction if there is one, even if ``a * b`` is used twice."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        function = builder.module.declare_intrinsic(
            "llvm.fmuladd", [kind], ir.FunctionType(kind, [kind] * 3)
        )
        return builder.call(function, args)

    return a(a, b, c), codegen


point: Any = types.float32
row: Any = types.Array(types.float32, 1, "C", readonly=True)
sums: Any = types.float32[::1]
"""Types to state: a coordinate, coordinates to read, and sums to add to."""

fast_reciprocals: Any = intrinsic(_fast_reciprocals)
multiply_add: Any = intrinsic(_multiply_add)
