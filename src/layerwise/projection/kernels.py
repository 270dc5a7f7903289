"""How the numerical kernels of this room are compiled: numba, cached on disk, no zero-checks.

Two intrinsics say to the compiler what Python source cannot. Kernels are marked `no_type_check`:
numba infers their types, and cannot compile a function that a run-time checker has wrapped.

A kernel that others call and that adds up floats under `fastmath` states its types. It is then
compiled or loaded with its module, before its callers. Otherwise a caller loaded from the disk
would run its own copy, optimised once more with the sums in another order, and the first map after
an installation would differ in its last digits from all later ones.
"""

from __future__ import annotations

import platform
from functools import partial
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

kernel: Any = partial(njit, cache=True, error_model="numpy")
"""``numba.njit`` that divides as numpy does: a check for zero would keep loops from vectorising."""


def _fast_reciprocals(typingctx: Any) -> Any:
    """Let the calling function use the widest vectors and the hardware's reciprocal as it is.

    That has 14 bits (12 without AVX-512): a relative error of 6e-5 in one pair's force is lost in
    the sum over n pairs, and the Newton step saved is a seventh of the work. `noinline` keeps the
    attributes on the one function that asks for them.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        attributes = builder.function.attributes
        attributes.add("noinline")
        # llvmlite's own `add` knows only attributes without a value.
        set.add(attributes, '"prefer-vector-width"="512"')
        if platform.machine() in ("x86_64", "AMD64"):  # other processors' estimates have 8 bits
            set.add(attributes, '"reciprocal-estimates"="vec-divf:0"')
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
