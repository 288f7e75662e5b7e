"""The compiled loops are stored once, and loaded by later processes where they are the same."""

import re

import numba
import numpy as np
import pytest
from helpers.random_films import Askew

from wallnet.film import compiling, loops
from wallnet.film.core import Engine
from wallnet.film.terms import Layer, Terms


def scaled(x):
    return 3 * x


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Return a function that compiles or loads `scaled`, and says whether it was loaded."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    name = scaled.__qualname__

    def make(sources=()):
        scaled.__qualname__ = name
        try:
            function = compiling.entry(numba.float32, sources=sources)(scaled)
        finally:
            scaled.__qualname__ = name
        assert function(0.5) == 1.5
        return bool(function.stats.cache_hits)

    return make


def stored(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_functions_are_compiled_once(made, tmp_path):
    assert [made() for _ in range(3)] == [False, True, True]
    assert len(stored(tmp_path)) == 2


def test_a_kind_of_film_says_that_it_is_compiled_and_not_that_it_is_loaded(
    monkeypatch, tmp_path, caplog
):
    """Once for each of two functions, and not for the many that they call."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    kind = Engine(Layer.uniform((3e-9, 3e-9, 2e-9), Terms(8e5, further=(Askew(1e5, 2e5),))))._kind
    functions = loops.rate_of, loops.advance_ranges_of
    hits = []
    for _ in range(2):
        for function, thermal in zip(functions, ((), (False,)), strict=True):
            function.cache_clear()
            hits.append(bool(function(*kind, *thermal).stats.cache_hits))
            function.cache_clear()
    said = [record.getMessage() for record in caplog.records]
    assert said == [compiling.COMPILING, compiling.COMPILED] * 2
    assert hits == [False, False, True, True]


def test_what_all_films_need_is_compiled_in_silence(made, caplog):
    """The server imports it, and its commands would inherit that it was said."""
    assert not made()
    assert not caplog.records


def test_functions_of_another_source_or_processor_have_files_of_their_own(
    made, monkeypatch, tmp_path
):
    made()
    *others, last = compiling.SOURCES
    changed = tmp_path / "loops.py"
    changed.write_text(last.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(compiling, "SOURCES", (*others, changed))
        assert [made(), made()] == [False, True]
    codegen = compiling.cpu_target.target_context.codegen()
    with monkeypatch.context() as patch:
        patch.setattr(type(codegen), "magic_tuple", lambda _: ("another", "processor", ""))
        assert [made(), made()] == [False, True]
    assert [made(("further",)), made(("further",)), made(("another",))] == [False, True, False]
    assert made()
    assert len(stored(tmp_path / "cache")) == 10


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["cut", "empty", "folder"])
def test_what_is_damaged_is_compiled_again(made, suffix, damage, tmp_path):
    made()
    (path,) = (path for path in stored(tmp_path) if path.suffix == f".{suffix}")
    whole = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes({"cut": whole[:-9], "empty": b""}[damage])
    assert not made()


def test_without_a_folder_to_write_in_every_process_compiles_and_says_so():
    space = {}
    exec(compile("def doubled(x):\n    return 2 * x", "<nowhere>", "exec"), space)
    with pytest.raises(RuntimeError, match="no locator available"):
        numba.njit(cache=True)(space["doubled"])
    with pytest.warns(
        match="set NUMBA_CACHE_DIR or XDG_CACHE_HOME to a folder that can be written"
    ):
        assert compiling.entry(numba.float32)(space["doubled"])(0.5) == 1.0


def test_the_stored_loops_depend_on_no_other_module():
    """numba does not see that a constant of another module has changed."""
    for path in compiling.SOURCES:
        text = path.read_text(encoding="utf-8")
        modules = re.findall(r"^\s*(?:from|import) +(\.\S*|wallnet\S*)", text, re.M)
        names = {f"wallnet.film.{source.stem}" for source in compiling.SOURCES}
        assert {*modules} <= names, path


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
    with pytest.raises(TypeError, match="No matching definition"):
        loops.multiply(np.ones((3, 2, 8), dtype=np.complex64), damage(kernel))


def test_a_term_from_elsewhere_is_stored_by_its_source(monkeypatch):
    """The source of the term's function is one of those of its loops."""
    kind = Engine(Layer.uniform((3e-9, 3e-9, 2e-9), Terms(8e5, further=(Askew(1e5, 2e5),))))._kind
    loops.rate_of.cache_clear()
    source = "def negative_gradient(x, y, z, a, b):\n    return x, y, z\n"
    monkeypatch.setattr("inspect.getsource", lambda _: source)
    noted = []
    monkeypatch.setattr(loops, "entry", lambda *_, sources: noted.append(sources) or (lambda f: f))
    loops.rate_of(*kind)
    loops.rate_of.cache_clear()
    assert noted == [(source,)]
