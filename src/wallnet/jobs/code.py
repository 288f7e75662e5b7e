"""Identity of the code of user-defined calculators.

The identity is the version of the calculator's package or a digest of its source. It is part of a
job, so that the traces of the calculator are computed again after an upgrade or an edit. The module
is in an installed package, on PYTHONPATH or in the folder of the campaign.
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
    """Return the stage in `wallnet.revisions` that computes the traces of a calculator."""
    return calculator if calculator in SETTINGS else "simulate"


def search_in(folder: str | Path) -> None:
    """Add a folder to the end of the search path for modules."""
    place = str(Path(folder).absolute())
    if place not in sys.path:
        sys.path.append(place)


def find(calculator: str) -> ModuleSpec:
    """Find the module of a calculator; import only the packages that contain it.

    Raises
    ------
    wallnet.config.ConfigError
        If there is no such module.
    """
    search_in(".")
    module = calculator.partition(":")[0]
    try:
        spec = importlib.util.find_spec(module)
    except Exception as error:  # its packages can raise any error
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
    """Return the identity of the code of a user-defined calculator.

    Parameters
    ----------
    calculator : str
        `module:Class`.

    Returns
    -------
    str
        Name and version of the installed package that contains the module. If there is none, a
        digest of the source of the module, or of all modules of a package, without comments and
        docstrings.

    Raises
    ------
    wallnet.config.ConfigError
        If the module does not exist or is not valid Python.
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
    """Return name and version of the installed package that contains a module, if there is one.

    A package that is installed for development has its code elsewhere and is treated as source.
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
    """Yield the distributions installed in a folder, the one with a given name first."""
    others = []
    for found in metadata.distributions(path=[folder]):
        if found.name.lower().replace("-", "_") == first.lower():
            yield found
        else:
            others.append(found)
    yield from others
