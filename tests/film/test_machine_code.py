"""Machine code is compiled once, stored whole, and loaded only where it is what it should be."""

import ast
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numba
import numpy as np
import pytest

from wallnet.film import kernels, machine_code

ENTRIES = {"scaled": "f"}


class Compiler:
    """Compiles a function that multiplies by a factor, and counts how often."""

    def __init__(self, factor):
        self.factor, self.times = factor, 0

    def __call__(self):
        self.times += 1
        factor = self.factor
        return SimpleNamespace(scaled=numba.njit("float32(float32)")(lambda x: factor * x))


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of the user"))
    path = tmp_path / "package/loops.py"
    path.parent.mkdir()
    path.write_text("factor = 3")
    return path


def stored(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".py")


def test_functions_are_compiled_once(source):
    compiler = Compiler(3)
    for _ in range(3):
        loaded = machine_code.functions(ENTRIES, [source], compiler)
        assert loaded["scaled"](0.5) == 1.5
    assert compiler.times == 1
    (path,) = stored(source.parent)
    assert path.parent.name == "__pycache__"
    # readable for all whom the user's mask allows
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_functions_of_another_source_processor_or_version_are_compiled_again(source, monkeypatch):
    assert machine_code.functions(ENTRIES, [source], Compiler(3))["scaled"](2.0) == 6
    source.write_text("factor = 4")
    assert machine_code.functions(ENTRIES, [source], Compiler(4))["scaled"](2.0) == 8
    source.write_text("factor = 3")
    assert machine_code.functions(ENTRIES, [source], Compiler(5))["scaled"](2.0) == 6
    with monkeypatch.context() as patch:
        patch.setattr(machine_code, "_processor", lambda: "another")
        assert machine_code.functions(ENTRIES, [source], Compiler(6))["scaled"](2.0) == 12
    true = machine_code.version
    for name in ("numba", "llvmlite"):
        with monkeypatch.context() as patch:
            patch.setattr(machine_code, "version", lambda of, n=name: true(of) + "x" * (of == n))
            assert machine_code.functions(ENTRIES, [source], Compiler(7))["scaled"](2.0) == 14
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-312")
    assert machine_code.functions(ENTRIES, [source], Compiler(8))["scaled"](2.0) == 16
    assert len(stored(source.parent)) == 6


def test_all_modules_of_the_compiled_functions_count(monkeypatch):
    """Also one whose constants alone they import."""
    given = []
    monkeypatch.setattr(
        machine_code, "functions", lambda _, sources, *__: given.extend(sources) or {}
    )
    kernels._compiled.__wrapped__()
    needed = {"loops"}
    while needed != (more := needed.union(*map(imported, needed))):
        needed = more
    assert needed > {"loops"}
    assert {path.stem for path in given} == needed
    assert all(path.is_file() for path in given)


def imported(name):
    """Return the names of the engine's modules that one of them imports."""
    text = Path(kernels.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == "wallnet.film":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("wallnet.film."):
            found.add(node.module.split(".")[2])
    return found


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "folder"])
def test_damaged_machine_code_is_not_run(source, damage):
    machine_code.functions(ENTRIES, [source], Compiler(3))
    (path,) = stored(source.parent)
    whole = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        changed = whole[:-1] + bytes([whole[-1] ^ 1])
        path.write_bytes({"cut": whole[:-9], "changed": changed, "empty": b""}[damage])
    compiler = Compiler(3)
    for _ in range(2):
        assert machine_code.functions(ENTRIES, [source], compiler)["scaled"](2.0) == 6
    assert compiler.times == 1
    # what cannot be replaced is stored elsewhere
    assert len(stored(source.parents[1])) == 1


def test_machine_code_is_stored_in_the_first_folder_that_is_writable(source, monkeypatch, tmp_path):
    compiler = Compiler(3)

    def run():
        """Run as two processes; return what is stored, and how often it was compiled."""
        before = compiler.times
        for _ in range(2):
            assert machine_code.functions(ENTRIES, [source], compiler)["scaled"](2.0) == 6
        found = stored(tmp_path)
        for path in found:
            path.unlink()
        return [path.parent for path in found if path.suffix], compiler.times - before

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "chosen"))
    assert run() == ([tmp_path / "chosen"], 1)
    shut = tmp_path / "chosen"
    shut.rmdir()
    shut.write_text("")  # no folder can be made there
    assert run() == ([source.parent / "__pycache__"], 1)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert run() == ([source.parent / "__pycache__"], 1)
    (source.parent / "__pycache__").rmdir()
    (source.parent / "__pycache__").write_text("")
    assert run() == ([tmp_path / "of the user/wallnet"], 1)


def test_a_function_that_needs_numba_at_run_time_is_refused(source):
    def compiled():
        made = numba.njit("float32(float32)")(lambda x: np.full(int(x), x)[-1])
        return SimpleNamespace(scaled=made)

    with pytest.raises(RuntimeError, match="the compiled loops call .*NRT"):
        machine_code.functions(ENTRIES, [source], compiled)
    assert not stored(source.parent)


@pytest.mark.parametrize(
    "damage",
    [
        lambda m: m.astype(np.float64),
        lambda m: m[..., ::2],
        lambda m: m.T,
        lambda m: m[0],
        lambda m: m.tolist(),
    ],
    ids=["double", "strided", "transposed", "flat", "list"],
)
def test_arrays_of_another_kind_are_refused(damage):
    kernel = np.ones((4, 2, 8), dtype=np.float32)
    with pytest.raises(TypeError, match="takes a contiguous array f3"):
        kernels.multiply(np.ones((3, 2, 8), dtype=np.complex64), damage(kernel))


def test_ranges_of_moving_columns_have_a_margin_and_do_not_touch():
    until = np.zeros(60)
    until[[0, 20, 26, 36, 57]] = 2.0
    until[40] = 1.0  # not after the present time
    found = kernels.moving_ranges(until, 1.0, 4)
    assert found.tolist() == [[0, 5], [16, 31], [32, 41], [53, 60]]
    # one column less between them, and they are one range
    until[35] = 2.0
    assert kernels.moving_ranges(until, 1.0, 4).tolist() == [[0, 5], [16, 41], [53, 60]]
    assert kernels.moving_ranges(np.zeros(60), 1.0, 4).shape == (0, 2)
    assert found.dtype == np.int64
