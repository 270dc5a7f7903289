"""How numerical kernels are compiled: numba, cached on disk, no zero-checks, threads that sleep.

Kernels are marked `no_type_check`: numba infers their types, and cannot compile a function that a
run-time checker has wrapped.

A kernel that others call and that adds up floats under `fastmath` states its types. It is then
compiled or loaded with its module, before its callers. Otherwise a caller loaded from the disk
would run its own copy, optimised once more with the sums in another order, and the first result
after an installation would differ in its last digits from all later ones.

GNU OpenMP lets waiting threads spin. With thousands of short parallel steps that costs nothing on
an idle machine, but where cores are shared the spinning threads take the time of those that work:
t-SNE of 2,000 points took 16 s instead of 1.7 s beside five other processes.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

if "OMP_WAIT_POLICY" not in os.environ:
    # The library reads its settings once, when it is loaded, which is here.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    with suppress(ImportError):
        import_module("numba.np.ufunc.omppool")
    del os.environ["OMP_WAIT_POLICY"]

kernel: Any = partial(njit, cache=True, error_model="numpy")
"""``numba.njit`` that divides as numpy does: a check for zero would keep loops from vectorising."""


def _widest_vectors(typingctx: Any) -> Any:
    """Let the calling function use the widest vectors of the processor.

    `noinline` keeps the attribute on the one function that asks for it.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        widen(builder.function)
        return context.get_dummy_value()

    return types.void(), codegen


def widen(function: Any) -> None:
    """Mark a function of LLVM for the widest vectors."""
    function.attributes.add("noinline")
    # llvmlite's own `add` knows only attributes without a value.
    set.add(function.attributes, '"prefer-vector-width"="512"')


def _extreme(name: str) -> Any:
    """Return the lesser or the greater of two finite numbers; a loop over them becomes vectors."""

    def of(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = args[0].type
            function = builder.module.declare_intrinsic(
                f"llvm.{name}", [kind], ir.FunctionType(kind, [kind] * 2)
            )
            return builder.call(function, args, fastmath=("nnan", "nsz"))

        return a(a, b), codegen

    return intrinsic(of)


widest_vectors: Any = intrinsic(_widest_vectors)
lesser: Any = _extreme("minimum")
greater: Any = _extreme("maximum")
"""Of numbers that are not NaN: ``min`` and ``max`` mind NaN, and are ten times as slow."""
