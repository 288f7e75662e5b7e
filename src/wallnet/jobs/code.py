"""Classes of users, named ``module:Class`` in the configuration: calculators and models.

The identity of their code is the version of the installed package or a digest of the source. It is
part of a job, so that results are computed again after an upgrade or an edit. The module is in an
installed package, on PYTHONPATH or in the folder of the campaign. Only `load_class` executes it,
and only then does Python search the folder for other modules.
In messages, `key` is the key of the configuration that names the class.
"""

import importlib
import inspect
import os
import re
import sys
from functools import cache
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TypeVar

from wallnet import revisions
from wallnet.config import ConfigError
from wallnet.config.declarations import PACKAGED
from wallnet.files.whole import one_line

T = TypeVar("T")


def revision_of(calculator: str) -> int:
    """Return the revision of the package's code that computes the traces of a calculator."""
    return revisions.of(calculator if calculator in PACKAGED else "simulate")


FOLDER = "WALLNET_CLASSES"
"""Variable that names the folder of a user's classes if it is not that of the campaign."""

of_users: set[str] = set()
"""Packages and modules of classes that `load_class` has imported, except those of wallnet."""


def folders() -> list[str]:
    """Return the folders that are searched for classes of users after those of Python."""
    return [*filter(None, [os.environ.get(FOLDER)]), str(Path.cwd())]


def find(name: str, key: str = "calculator") -> ModuleSpec:
    """Find the module of a class without importing anything; return the package around it.

    Raises
    ------
    wallnet.config.ConfigError
        If there is no such module, or it is one of Python's standard library.
    """
    module = name.partition(":")[0]
    top, *inner = module.split(".")
    if top in sys.stdlib_module_names:
        raise ConfigError(
            f"{key} {name}: {top} is a module of Python's standard library, which has no such "
            "class; name another module, or rename yours"
        )
    # packages installed for development can have finders of their own
    finders = (finder.find_spec(top, None) for finder in sys.meta_path)
    spec = PathFinder.find_spec(top, [*sys.path, *folders()])
    if spec := spec or next(filter(None, finders), None):
        path = "/".join(inner)
        places = spec.submodule_search_locations or ()
        if not inner or any(
            any(Path(place).glob(path + end)) for place in places for end in (".*", "/")
        ):
            return spec
    raise ConfigError(
        f"{key} {name}: there is no module {module}; correct the name, install its "
        f"package, or put it into the campaign's folder {Path.cwd()} or on PYTHONPATH"
    )


def load_class(name: str, key: str, base: type[T], what: str) -> type[T]:
    """Import a class that derives from a base class and is not abstract.

    Messages say `what` it has to be.

    Raises
    ------
    wallnet.config.ConfigError
        If the module cannot be imported, or has no such class.
    """
    module, _, class_name = name.partition(":")
    if (package := find(name, key).name) != "wallnet":
        of_users.add(package)
        sys.path += [folder for folder in folders() if folder not in sys.path]
    try:
        imported = importlib.import_module(module)
    except Exception as error:  # the module can raise any error
        raise ConfigError(
            f"{key} {name}: module {module} cannot be imported "
            f"({type(error).__name__}: {one_line(error)}); correct it"
        ) from None
    classes = {
        name: value
        for name, value in vars(imported).items()
        if isinstance(value, type) and issubclass(value, base) and not inspect.isabstract(value)
    }
    if class_name not in classes:
        listed = f"it has {', '.join(classes)}" if classes else "it has none"
        raise ConfigError(
            f"{key} {name}: module {module} has no class {class_name} {what}; {listed}"
        )
    return classes[class_name]


@cache
def code_of(name: str, key: str = "calculator") -> str:
    """Return the identity of the code of a class.

    It is name and version of the installed package that contains the module. If there is none, it
    is a digest of the source of the module, or of all modules of the package around it, without
    comments and docstrings.

    Raises
    ------
    wallnet.config.ConfigError
        If the module does not exist or is not valid Python.
    """
    spec = find(name, key)
    places = spec.submodule_search_locations or [str(spec.origin)]
    # a package that is installed for development has its code elsewhere: it counts as source
    for place in places:
        for package in metadata.distributions(path=[str(Path(place).parent)]):
            if re.search(rf"^{spec.name}[/.]", package.read_text("RECORD") or "", re.MULTILINE):
                return f"{package.name} {package.version}"
    paths = [Path(place) for place in places]
    if spec.submodule_search_locations:
        paths = [path for folder in sorted(paths) for path in sorted(folder.rglob("*.py"))]
        paths = [path for path in paths if path.is_file()]  # Python imports no others
    try:
        return f"source {revisions.digest_of(paths)}"
    except (SyntaxError, ValueError, OSError) as error:
        raise ConfigError(
            f"{key} {name}: the source of module {spec.name} cannot be read "
            f"({one_line(error)}); correct it"
        ) from None
