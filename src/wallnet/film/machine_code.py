"""Machine code of the engine's inner loops: compiled by numba once, then loaded without numba.

The import of numba and the tables that it fills before its first function take half a second, even
with its own cache: longer than the simulation of many pulses. The object code is therefore stored
with a digest of all that determines it, and LLVM loads it in every later process.
"""

import ctypes
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from wallnet.files import FileError, written_whole

FROM_C = frozenset({"memset", "memcpy", "memmove"})
"""Functions of the C library that the machine code may call; LLVM finds them in any process."""

_loaded: list[Any] = []
"""What must live as long as its machine code is in use."""


def functions(
    entries: Mapping[str, str], sources: Sequence[Path], compiled: Callable[[], Any]
) -> dict[str, Callable[..., float]]:
    """Return compiled functions, from the cache if they were compiled before.

    The machine code is stored in the first of these folders that is writable: NUMBA_CACHE_DIR if
    that is set, the cache of Python next to the sources, the user's cache. If none is, every
    process compiles, which takes some ten seconds.

    Parameters
    ----------
    entries : Mapping
        Arguments of each function, by its name; see `layout.ENTRIES`.
    sources : sequence of Path
        Files whose texts determine the functions.
    compiled : callable
        Function without arguments that returns the module with the functions, each compiled by
        numba for one signature. It is called only if they are not in the cache.

    Returns
    -------
    dict
        Functions of contiguous arrays and of numbers, by name.
    """
    name = f"{sources[0].stem}-{_key(sources)}.bin"
    folders = list(_folders(sources[0].parent))
    code = next((code for folder in folders if (code := _read(folder / name))), None)
    if code is None:
        module = compiled()
        code = _object_code({name: getattr(module, name) for name in entries})
        for folder in folders:
            with suppress(FileError), written_whole(folder / name) as partial:
                partial.write_bytes(hashlib.sha256(code).digest() + code)
                break
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _loaded.append(engine)
    return {
        name: _function(engine.get_function_address(name), kinds.split())
        for name, kinds in entries.items()
    }


def _function(address: int, kinds: Sequence[str]) -> Callable[..., float]:
    """Return the function of numba at an address."""
    function = ctypes.CFUNCTYPE(ctypes.c_int32)(address)

    def call(*values: Any) -> float:
        result, error = (ctypes.c_float * 2)(), ctypes.c_void_p()
        failed = function(result, ctypes.byref(error), *_arguments(kinds, values))
        assert not failed
        return result[0]

    return call


def _arguments(kinds: Sequence[str], values: Sequence[Any]) -> Iterator[Any]:
    """Yield what numba passes for each value: of an array its owners, sizes, address and shape."""
    for kind, value in zip(kinds, values, strict=True):
        if kind in "fl":
            yield (ctypes.c_float if kind == "f" else ctypes.c_int64)(value)
            continue
        found = isinstance(value, np.ndarray) and f"{value.dtype.char}{value.ndim}"
        if found != kind or not value.flags.c_contiguous:
            raise TypeError(f"a compiled loop takes a contiguous array {kind}, not {found}")
        sizes = (value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
        yield from map(ctypes.c_int64, (0, 0, *sizes))


def _key(sources: Sequence[Path]) -> str:
    """Return a digest of all that determines the machine code."""
    said = hashlib.sha256()
    for path in (Path(__file__), *sources):
        said.update(path.read_bytes())
    compilers = version("numba"), version("llvmlite"), sys.implementation.cache_tag
    said.update(f"{compilers} {_processor()}".encode())
    return said.hexdigest()[:16]


def _folders(package: Path) -> Iterator[Path]:
    """Yield folders for the machine code, in the order in which they are tried."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(chosen)
    yield package / "__pycache__"
    with suppress(RuntimeError):  # no home
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wallnet"


def _read(path: Path) -> bytes | None:
    """Return machine code, or None if it is not there or damaged."""
    with suppress(OSError):
        stored = path.read_bytes()
        digest, code = stored[:32], stored[32:]
        if hashlib.sha256(code).digest() == digest:
            return code
    return None


def _object_code(dispatchers: dict[str, Any]) -> bytes:
    """Return the object code of functions that need nothing of numba.

    numba adds code for exceptions and counts the owners of arrays, of which there are none here.
    Once only the functions themselves are visible from outside, LLVM finds that the rest is not
    reached.
    """
    machine = _machine()
    whole = llvm.parse_assembly("")
    for name, dispatcher in dispatchers.items():
        (compiled,) = dispatcher.overloads.values()
        text = re.sub(r"(?m)^.*call .*@NRT_(in|de)cref\(.*\n", "", compiled.library.get_llvm_str())
        part = llvm.parse_assembly(text)
        own = compiled.fndesc.llvm_func_name
        for each in part.functions:
            if not each.is_declaration:
                each.linkage = "external" if each.name == own else "internal"
        part.get_function(own).name = name
        whole.link_in(part)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(whole, builder)
    declared = (each.name for each in whole.functions if each.is_declaration)
    left = {name for name in declared if not name.startswith("llvm.")} - FROM_C
    if left:
        raise RuntimeError(f"the compiled loops call {', '.join(sorted(left))}")
    return machine.emit_object(whole)


def _machine() -> Any:
    """Return LLVM's description of this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        codemodel="jitdefault",
        jit=True,
    )


def _processor() -> str:
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
