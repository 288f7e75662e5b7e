"""Compilation of the engine's inner loops by numba, and what it stores of them.

numba stores what it compiled in `__pycache__`, the user's cache or NUMBA_CACHE_DIR. Its names have
a hash of the source of the modules in `SOURCES`: constants of other modules must not be used in
compiled functions.
"""

import hashlib
import logging
import warnings
from pathlib import Path

from llvmlite import binding
from numba import njit, types
from numba.core import event
from numba.core.registry import cpu_target
from numba.extending import intrinsic

SOURCES = tuple(Path(__file__).with_name(f"{name}.py") for name in ("compiling", "stage", "loops"))
"""Modules whose code is compiled."""

# a stage has many arrays, and LLVM vectorises a loop only if few checks tell that none overlap; an
# LLVM without this option would end the process, and those of llvmlite 0.44 to 0.50 have it
binding.set_option("wallnet", "-vectorize-memory-check-threshold=1000")

UNSTORED = (
    "each process compiles the engine, since numba can store it in no folder; set "
    "NUMBA_CACHE_DIR or XDG_CACHE_HOME to a folder that can be written"
)

COMPILING = (
    "compiling the engine once for this processor and each kind of film, for some ten seconds "
    "each, which estimated times leave out"
)
COMPILED = "the engine is compiled"

compiled = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined = njit(
    error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True
)


class Compiling(event.Listener):
    """Listener that says when numba compiles and has compiled, not that it loads what is stored."""

    def __init__(self):
        # functions that are being compiled; the first one calls the others
        self._depth = 0

    def on_start(self, event):
        """Say it of the first function."""
        if not self._depth:
            logging.getLogger(__name__).warning(COMPILING)
        self._depth += 1

    def on_end(self, event):
        """Say it after the first function."""
        self._depth -= 1
        if not self._depth:
            logging.getLogger(__name__).warning(COMPILED)


def entry(*arguments, sources=()):
    """Return a decorator that compiles a function for the types of its arguments, or loads it.

    Its code is that of `SOURCES` and of further `sources`; it is not stored if these are None.
    """

    def decorate(function):
        if sources is None:
            return njit(arguments, error_model="numpy")(function)
        # numba's files have this name: no other version or processor replaces or reads them, since
        # numba writes the list of its files before the files
        processor = cpu_target.target_context.codegen().magic_tuple()
        own = (path.read_text(encoding="utf-8") for path in SOURCES)
        made_of = *own, *sources, processor, arguments
        digest = hashlib.sha256("\n".join(map(str, made_of)).encode()).hexdigest()
        function.__qualname__ = f"{function.__name__}_{digest[:16]}"
        try:
            return njit(arguments, error_model="numpy", cache=True)(function)
        except Exception as error:  # no folder can be written, or what is stored is damaged
            if "no locator available" in str(error):
                warnings.warn(UNSTORED, stacklevel=1)  # once, since all are of this line
            return njit(arguments, error_model="numpy")(function)

    return decorate


@intrinsic
def pointer(typingctx, array, offset):
    """Return the pointer to the element of an array with this offset."""
    signature = types.CPointer(array.dtype)(array, types.intp)

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return signature, generate


@intrinsic
def fma(typingctx, a, b, c):
    """Return a b + c, rounded once."""
    signature = types.float32(types.float32, types.float32, types.float32)

    def generate(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return signature, generate
