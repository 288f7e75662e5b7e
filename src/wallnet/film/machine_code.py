"""Machine code of the engine's inner loops: compiled by numba once, then loaded without numba.

The import of numba and the tables that it fills before its first function take longer than the
simulation of many pulses. The loops (`loops`) are therefore compiled as functions with the calling
convention of C. Their object code is stored with a digest of all that determines it, and LLVM loads
it in every later process.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from wallnet.files import FileError, written_whole

FROM_C = frozenset({"memset", "memcpy", "memmove"})
"""Functions of the C library that the machine code may call; LLVM finds them in any process."""

_loaded: list[Any] = []
"""What must live as long as its machine code is in use."""


def functions(
    sources: Sequence[Path], types: Mapping[str, Any], compiled: Callable[[], Mapping[str, Any]]
) -> dict[str, Any]:
    """Return compiled functions, from the cache if they were compiled before.

    The machine code is stored in the first of these folders that is writable: NUMBA_CACHE_DIR if
    that is set, the cache of Python next to the sources, the user's cache. If none is, every
    process compiles, which takes some ten seconds.

    Parameters
    ----------
    sources : sequence of Path
        Files whose texts determine the functions.
    types : Mapping
        Type of each function for ctypes, by name.
    compiled : callable
        Function without arguments that returns the functions as `numba.cfunc` compiles them, by
        name. It is called only if they are not in the cache.

    Returns
    -------
    dict
        Functions of ctypes by name.
    """
    name = f"{sources[0].stem}-{_key(sources)}.bin"
    folders = list(_folders(sources[0].parent))
    code = next((code for folder in folders if (code := _read(folder / name))), None)
    if code is None:
        code = _object_code(compiled())
        for folder in folders:
            with suppress(FileError), written_whole(folder / name) as partial:
                partial.write_bytes(hashlib.sha256(code).digest() + code)
                break
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _loaded.append(engine)
    return {name: kind(engine.get_function_address(name)) for name, kind in types.items()}


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


def _object_code(compiled: Mapping[str, Any]) -> bytes:
    """Return the object code of functions that need nothing of numba.

    numba adds code for exceptions and for the release of memory to each function. Once only the
    functions themselves are visible from outside, LLVM finds that none of it is reached.
    """
    machine = _machine()
    whole = llvm.parse_assembly("")
    for name, function in compiled.items():
        part = llvm.parse_assembly(function.inspect_llvm())
        for each in part.functions:
            if not each.is_declaration:
                each.linkage = "external" if each.name == function.native_name else "internal"
        part.get_function(function.native_name).name = name
        whole.link_in(part)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    for _ in range(2):  # the second run removes what the first one found to be unused
        builder.getModulePassManager().run(whole, builder)
    left = {
        each.name
        for each in whole.functions
        if each.is_declaration and not each.name.startswith("llvm.")
    }
    if left - FROM_C:
        raise RuntimeError(f"the compiled loops call {', '.join(sorted(left - FROM_C))}")
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
