"""Which code a calculator of one's own is: the version of its package, or a digest of its source.

It is part of a job, so that an upgrade or an edit makes the traces of that calculator run again.
A module lies in an installed package, on PYTHONPATH or in the campaign's folder.
"""

import importlib.util
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import NoReturn

from wallnet import revisions
from wallnet.config import ConfigError
from wallnet.config.calculators import SETTINGS
from wallnet.files import one_line


def stage_of(calculator: str) -> str:
    """Return the stage in `wallnet.revisions` whose code a calculator's traces depend on."""
    return calculator if calculator in SETTINGS else "simulate"


def search_in(folder: str | Path) -> None:
    """Find modules in a folder too, after all other places."""
    place = str(Path(folder).absolute())
    if place not in sys.path:
        sys.path.append(place)


def find(calculator: str) -> ModuleSpec:
    """Find the module of a calculator; only the packages that it lies in are imported.

    Raises
    ------
    wallnet.config.ConfigError
        If there is none.
    """
    search_in(".")
    module = calculator.partition(":")[0]
    try:
        spec = importlib.util.find_spec(module)
    except Exception as error:  # whatever the packages around it raise
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            _missing(calculator)
        raise ConfigError(
            f"calculator {calculator}: a package of module {module} cannot be imported "
            f"({type(error).__name__}: {one_line(error)}); correct it"
        ) from None
    if spec is None or not (spec.has_location or spec.submodule_search_locations):
        _missing(calculator)
    return spec


def _missing(calculator: str) -> NoReturn:
    module = calculator.partition(":")[0]
    raise ConfigError(
        f"calculator {calculator}: there is no module {module}; correct the name, install its "
        f"package, or put it into the campaign's folder {Path.cwd()} or on PYTHONPATH"
    )


@cache
def code_of(calculator: str) -> str:
    """Return what identifies the code of a calculator of one's own.

    Parameters
    ----------
    calculator : str
        `module:Class`.

    Returns
    -------
    str
        Name and version of the installed package that holds the module. Else a digest of the
        module's source, comments and docstrings left out; of a package, of all its modules.

    Raises
    ------
    wallnet.config.ConfigError
        If the module is not there or is no valid Python.
    """
    spec = find(calculator)
    module = calculator.partition(":")[0]
    if installed := _installed(module):
        return installed
    if spec.submodule_search_locations:
        folders = sorted(map(Path, spec.submodule_search_locations))
        paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    else:
        paths = [Path(str(spec.origin))]
    try:
        return f"source {revisions.digest_of(paths)}"
    except (SyntaxError, ValueError, OSError) as error:
        raise ConfigError(
            f"calculator {calculator}: the source of module {module} cannot be read "
            f"({one_line(error)}); correct it"
        ) from None


def _installed(module: str) -> str | None:
    """Return name and version of the package that was installed with a module, if one was.

    A package that is installed for development has its code elsewhere and counts as source.
    """
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top)
    assert spec is not None
    for place in spec.submodule_search_locations or [str(spec.origin)]:
        for found in _distributions(str(Path(place).parent), top):
            if re.search(rf"^{top}[/.]", found.read_text("RECORD") or "", re.MULTILINE):
                return f"{found.name} {found.version}"
    return None


def _distributions(folder: str, first: str) -> Iterator[metadata.Distribution]:
    """Yield what is installed in a folder, that of a name first."""
    others = []
    for found in metadata.distributions(path=[folder]):
        if found.name.lower().replace("-", "_") == first.lower():
            yield found
        else:
            others.append(found)
    yield from others
