"""Classes of users, named ``module:Class`` in the configuration: calculators and models.

The identity of their code is the version of the installed package or a digest of the source. It is
part of a job, so that results are computed again after an upgrade or an edit. The module is in an
installed package, on PYTHONPATH or in the folder of the campaign. Only `load_class` executes it.
"""

import importlib
import inspect
import re
import sys
from functools import cache
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TypeVar

from wallnet import revisions
from wallnet.config import ConfigError
from wallnet.config.calculators import SETTINGS
from wallnet.files.whole import one_line

T = TypeVar("T")


def stage_of(calculator: str) -> str:
    """Return the stage in `wallnet.revisions` that computes the traces of a calculator."""
    return calculator if calculator in SETTINGS else "simulate"


def search_in(folder: str | Path) -> None:
    """Add a folder to the end of the search path for modules."""
    place = str(Path(folder).absolute())
    if place not in sys.path:
        sys.path.append(place)


def find(name: str, key: str = "calculator") -> ModuleSpec:
    """Find the module of a class without importing or executing anything.

    Parameters
    ----------
    name : str
        ``module:Class``.
    key : str
        Key of the configuration that names it, for messages.

    Raises
    ------
    wallnet.config.ConfigError
        If there is no such module, or it is one of Python's standard library.
    """
    module = name.partition(":")[0]
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        raise ConfigError(
            f"{key} {name}: {top} is a module of Python's standard library, which has no such "
            "class; name another module, or rename yours"
        )
    if spec := _spec(module):
        return spec
    raise ConfigError(
        f"{key} {name}: there is no module {module}; correct the name, install its "
        f"package, or put it into the campaign's folder {Path.cwd()} or on PYTHONPATH"
    )


def _spec(module: str) -> ModuleSpec | None:
    """Find a module as an import would, from package to package.

    `importlib.util.find_spec` imports the packages that contain a module.
    """
    top, *inner = module.split(".")
    found = PathFinder.find_spec(top, [*sys.path, str(Path.cwd())])
    if found is None:  # packages installed for development can have finders of their own
        finders = (finder.find_spec(top, None) for finder in sys.meta_path)
        found = next(filter(None, finders), None)
    for part in inner:
        if found is None or not found.submodule_search_locations:
            return None
        # by its own name only: for a full name, PathFinder looks for the imported package
        found = PathFinder.find_spec(part, [*found.submodule_search_locations])
    return found


def load_class(name: str, key: str, base: type[T], what: str) -> type[T]:
    """Import a class that derives from a base class and is not abstract.

    Parameters
    ----------
    name : str
        ``module:Class``.
    key : str
        Key of the configuration that names it, for messages.
    base : type
        The base class.
    what : str
        What the class has to be, for messages.

    Raises
    ------
    wallnet.config.ConfigError
        If the module cannot be imported, or has no such class.
    """
    find(name, key)
    search_in(".")
    module, _, class_name = name.partition(":")
    try:
        imported = importlib.import_module(module)
    except Exception as error:  # the module can raise any error
        raise ConfigError(
            f"{key} {name}: module {module} cannot be imported "
            f"({type(error).__name__}: {one_line(error)}); correct it"
        ) from None
    found = {
        each: value
        for each, value in vars(imported).items()
        if isinstance(value, type) and issubclass(value, base) and not inspect.isabstract(value)
    }
    if class_name not in found:
        known = f"it has {', '.join(found)}" if found else "it has none"
        raise ConfigError(
            f"{key} {name}: module {module} has no class {class_name} {what}; {known}"
        )
    return found[class_name]


@cache
def code_of(name: str, key: str = "calculator") -> str:
    """Return the identity of the code of a class.

    Parameters
    ----------
    name : str
        ``module:Class``.
    key : str
        Key of the configuration that names it, for messages.

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
    spec = find(name, key)
    module = name.partition(":")[0]
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
            f"{key} {name}: the source of module {module} cannot be read "
            f"({one_line(error)}); correct it"
        ) from None


def _installed(module: str) -> str | None:
    """Return name and version of the installed package that contains a module, if there is one.

    A package that is installed for development has its code elsewhere and is treated as source.
    """
    top = module.partition(".")[0]
    spec = _spec(top)
    assert spec is not None
    for place in spec.submodule_search_locations or [str(spec.origin)]:
        for found in metadata.distributions(path=[str(Path(place).parent)]):
            if re.search(rf"^{top}[/.]", found.read_text("RECORD") or "", re.MULTILINE):
                return f"{found.name} {found.version}"
    return None
