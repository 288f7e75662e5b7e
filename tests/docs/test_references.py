"""What README.md, docs/*.md and benchmarks/*.md name exists: in backticks, code blocks and links.

A path has to be a file or a result, dotted keys have to lead somewhere in the configuration, and a
command line has to be accepted. Every other word has to stand in the code.
"""

import argparse
import ast
import errno
import functools
import importlib
import os
import pkgutil
import re
import shlex
import textwrap
import typing
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from helpers import extending

from wallnet import cli, config, files, plan
from wallnet.config.quantities import Section
from wallnet.config.reading import read_yaml
from wallnet.files.plain import laid_over
from wallnet.jobs.request import KINDS
from wallnet.plan.commands import HIDDEN
from wallnet.plan.listing import checks, everything
from wallnet.studies import STUDIES
from wallnet.validation import CHECKS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    ROOT / path
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
OTHERS = {
    *("DIR", "SecondAnisotropy", "activate", "approx"),
    *("GROUP", "chgrp", "concat", "rwX", "sacct", "tmux", "umask"),
    *("oommf.tcl", "ro-crate-metadata.json"),
    *("~/.cache", ".snakemake/log/…"),
    ".snakemake/slurm_logs/rule_NAME/WILDCARDS/NUMBER.log",
}
"""Words and paths of other programs, and in crates."""

PROGRAMS = ("wallnet", "make", "snakemake", "python", "pytest")
"""Programs whose arguments are checked."""

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*|\{[\w-]+\}(?: \w+)?)\n(?P<body>.*?)^(?P=indent)```$",
    re.M | re.S,
)
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)


def without_blocks(text: str) -> str:
    """Return a page with its code blocks emptied, the number of lines kept."""
    return FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def blocks(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, language and text of fenced blocks, and of indented commands."""
    for match in FENCE.finditer(text):
        body, language = textwrap.dedent(match["body"]), match["language"]
        if language.startswith("{code-cell}"):
            body = re.sub(r"^(:.*\n)+", "", body).strip("\n")
            language = "sh" if body.startswith("%%sh\n") else "python"
            body = re.sub(r"^%+\w+.*\n", "", body)  # a magic of IPython
        elif language.startswith("{"):
            continue  # another directive
        yield line_of(text, match.start()) + 1, language, body
    for number, line in enumerate(without_blocks(text).splitlines(), start=1):
        if line.startswith("    ") and is_command(line.strip()):
            yield number, "", line.strip()


# The code


@functools.cache
def code() -> str:
    """Return the text of package, workflow, configurations and scripts."""
    patterns = ("src/wallnet/**/*.py", "workflow/**/*.smk", "Snakefile", "config.yaml", "Makefile")
    patterns += ("profiles/*/config.yaml", "pyproject.toml", ".gitignore", "tests/**/conftest.py")
    patterns += (
        "src/wallnet/exports/*.toml",
        "benchmarks/*.py",
        "docs/*.py",
        "examples/*.py",
        "tests/mistakes/*.py",
        ".ci/*",
    )
    return "\n".join(path.read_text("utf-8") for pattern in patterns for path in ROOT.glob(pattern))


@functools.cache
def words() -> set[str]:
    """Return all words of the code, of the names of tests and of the system's messages."""
    tests = "".join(path.read_text("utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    pairs = re.findall(r"^ *def (test_\w+)|\"([A-Z_]+)\"", tests, re.M)
    texts = [code(), *(name for pair in pairs for name in pair), *names()]
    return set(re.findall(r"\w+", "\n".join([*texts, *map(os.strerror, errno.errorcode)])))


def unknown(text: str) -> set[str]:
    """Return the words that stand nowhere in the code and are not of others."""
    return set(re.findall(r"[^\W\d]\w\w+", text)) - words() - OTHERS


@functools.cache
def campaign() -> config.Campaign:
    return plan.load(ROOT / "config.yaml")


@functools.cache
def results() -> list[str]:
    """Return the paths of all results of the shipped campaign, with logs and benchmarks."""
    made = [*everything(campaign()), *checks(campaign())]
    beside = [path_of(path) for path in made for path_of in (files.log_of, files.benchmark_of)]
    return [*made, *beside, files.REPORT]


def is_result(text: str) -> bool:
    """Whether text is the path of a result or a folder of some; {x}, <x> and … stand for any."""
    parts = re.split(r"(\{\w+\}|<\w+>|…)", text.rstrip("/"))
    pattern = "".join(
        re.escape(part) if index % 2 == 0 else ".+" if part == "…" else "[^/]+"
        for index, part in enumerate(parts)
    )
    expression = re.compile(rf"{pattern}(/.*)?\Z")
    return any(expression.match(path) for path in results())


@functools.cache
def rules() -> set[str]:
    """Return the names of Snakemake's rules."""
    pattern = r"^ *(?:rule|checkpoint|use rule \w+ as) (\w+)\b|^    name:\n        \"([\w-]+)\""
    plain = {name for groups in re.findall(pattern, code(), re.M) for name in groups if name}
    loops = {
        *KINDS,
        *STUDIES,
        *(f"{act}_{name}" for act in ("gather", "show") for name in STUDIES),
    }
    return plain | loops


@functools.cache
def snakemake_parser() -> argparse.ArgumentParser:
    from snakemake.cli import get_argument_parser

    return get_argument_parser()


@functools.cache
def commands() -> dict[str, argparse.ArgumentParser]:
    """Return the commands of `wallnet`."""
    actions = cli._parser("--help-all")._actions
    (subcommands,) = (
        action for action in actions if isinstance(action, argparse._SubParsersAction)
    )
    return subcommands.choices


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
        reached = [inner for annotation in reached for inner in below(annotation, part)]
    return bool(reached)


# Command lines


def is_command(text: str) -> bool:
    return bool(re.match(rf"([A-Z_]+=\S* +)*({'|'.join(PROGRAMS)})( |$)", text))


def fault_of_command(text: str) -> str | None:
    """Return what is wrong with a command line, or None."""
    for part in re.split(r"\s[|;]\s|\s(?:&&|\|\|)\s", text):
        arguments = [word for word in shlex.split(part, comments=True) if word != "2>&1"]
        while arguments and re.match(r"[A-Z_]+=", arguments[0]):
            if stray := unknown(arguments.pop(0).partition("=")[0]):
                return f"no code reads {stray}"
        check = {
            "wallnet": fault_of_wallnet,
            "snakemake": fault_of_snakemake,
            "make": fault_of_make,
            "python": fault_of_python,
            "pytest": fault_of_python,
        }.get(arguments[0] if arguments else "")
        if check and (fault := check(arguments[1:])):
            return fault
    return None


def fault_of_wallnet(arguments: list[str]) -> str | None:
    if arguments in ([], ["--help"], ["--help-all"]):
        return None
    name, *rest = arguments
    if name not in commands():
        return f"wallnet has no command {name}"
    options = commands()[name]._option_string_actions
    for option, value in zip(rest, [*rest, ""][1:], strict=True):
        if option.startswith("-") and option not in options:
            return f"wallnet {name} has no option {option}"
        allowed = {"--device": campaign().devices, "--check": CHECKS}.get(option) or getattr(
            options.get(option), "choices", None
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
    named = [match[1] for argument in arguments if (match := re.match(r"(\w+):\w+=", argument))]
    for target in (*parsed.targets, *named):
        if target not in rules() and not is_result(target):
            return f"there is no rule {target}"
    for profile in (parsed.profile, parsed.workflow_profile):
        # with none, Snakemake reads no profile
        if profile not in (None, "none") and not (ROOT / profile / "config.yaml").exists():
            return f"there is no profile {profile}"
    return None


def fault_of_make(arguments: list[str]) -> str | None:
    for argument in arguments:
        name = re.sub("=.*", " ", argument) if "=" in argument else f"{argument}:"
        if not re.search(rf"^(export )?{name}", (ROOT / "Makefile").read_text(), re.M):
            return f"the Makefile has no {argument}"
    return None


def fault_of_python(arguments: list[str]) -> str | None:
    """Return the script, module, option or marker that is not there, or None."""
    if re.search(r"\.py$", "".join(arguments[:1])) and not (ROOT / arguments[0]).exists():
        return f"there is no {arguments[0]}"
    tests = "pytest" in arguments or "tests" in "".join(arguments)
    for argument in arguments:
        if argument.startswith("wallnet.") and not is_module(argument):
            return f"there is no {argument}"
        if tests and "/" in argument and not (ROOT / argument.partition("::")[0]).exists():
            return f"there is no {argument}"
        exists = argument == "--hypothesis-profile" or f'"{argument}"' in code()
        if argument.startswith("--") and not exists:
            return f"no code has {argument}"
        if "/" not in argument and (stray := unknown(argument)):
            return f"no code has {stray}"
    return None


def is_module(name: str) -> bool:
    with suppress(ImportError):
        return importlib.util.find_spec(name) is not None
    return False


# What a page names


def is_path(page: Path, text: str) -> bool:
    """Whether text is a file, folder or result, by its path, by its end or by its name."""
    return (
        any((folder / text).exists() for folder in (ROOT, page.parent))
        or text in names()
        or any(path.endswith(text) or f"/{text}" in path for path in results())
        or text in code()
        or bool(HIDDEN.match(text))
    )


@functools.cache
def names() -> set[str]:
    """Return the names of the files of the repository."""
    return {path.name for folder in ROOT.glob("[!.]*") for path in folder.rglob("*.*")}


def fault_of_span(page: Path, text: str) -> str | None:
    """Return what is wrong with what stands in backticks, or None."""
    if is_command(text):
        return fault_of_command(text)
    if text in OTHERS:
        return None
    if text.startswith(f"{files.RESULTS}/"):
        return None if is_result(text) else f"{text} is no result"
    if re.fullmatch(r"[\w./<>{}…~:-]+(/[\w./<>{}…-]*|\.(py|md|yaml|csv|json|nc|smk|sh))", text):
        return None if is_path(page, text) else f"there is no {text}"
    option = text.split()[0]
    if option.startswith("--") and option not in snakemake_parser()._option_string_actions:
        return None if f'"{option}"' in code() else f"there is no option {option}"
    head = text.partition(".")[0]
    keys = {*config.Campaign.model_fields, *config.Device.model_fields}
    if re.fullmatch(r"[\w*…{}-]+(\.[\w*…{}-]+)+", text) and head in keys:
        # some blocks have the name of a module
        exists = is_key(text) or (is_module(f"wallnet.{head}") and ".X." not in text)
        if not exists:
            return f"there is no key {text}"
    stray = unknown(text)
    return f"no code has {stray}" if stray else None


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
    stray = unknown(body)
    return f"no code has {stray}" if stray else None


def fault_of_module(body: str) -> str | None:
    """Return what a piece of Python imports from the package although it is not there, or None."""
    for node in ast.walk(ast.parse(textwrap.dedent(body))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wallnet"):
            stray = [alias.name for alias in node.names if unknown(alias.name)]
            if stray or not is_module(str(node.module)):
                return f"{node.module} has no {stray}"
    return None


def fault_of_yaml(body: str) -> str | None:
    """Return what is wrong with a piece of config.yaml or of a profile, or None."""
    data = yaml.safe_load(body)
    profiles = [yaml.safe_load(path.read_text()) for path in ROOT.glob("profiles/*/config.yaml")]
    keys = {
        key for profile in profiles for key in (*profile, *profile.get("default-resources", {}))
    }
    if set(data) & keys:
        stray = {*data, *data.get("default-resources", {})} - keys
        return f"no profile has {stray}" if stray else None
    with suppress(config.ConfigError):  # a whole campaign
        plan.parse(data)
        return None
    try:
        plan.parse(laid_over(read_yaml(ROOT / "config.yaml"), data))
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
    faults = [
        (line_of(prose, match.start()), fault_of_span(page, " ".join(match[2].split())))
        for match in CODE.finditer(prose)
    ]
    if page != extending.PAGE:  # what it says is done by tests/extending
        faults += [(line, fault_of_block(*block)) for line, *block in blocks(text)]
    assert [(line, fault) for line, fault in faults if fault] == []


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
        for name in re.findall(r"(?<![\w/])(?:docs|benchmarks)/[\w-]+\.(?:md|py)\b", text)
        if not (ROOT / name).exists()
    ]
    for path in (ROOT / "config.yaml", *configurations):
        for comment in re.findall(r"#(.*)", texts[path]):
            stray += [
                name for name in re.findall(r"`([^`]+)`", comment) if fault_of_span(path, name)
            ]
    assert not stray


@pytest.mark.parametrize("path", sorted(ROOT.glob("benchmarks/*.py")), ids=page_id)
def test_benchmarks_import_what_exists(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "wallnet":
            module = importlib.import_module(str(node.module))
            for name in (alias.name for alias in node.names):
                assert hasattr(module, name) or importlib.import_module(f"{node.module}.{name}")


DIRECTIVE = re.compile(r"^\.\. auto\w+:: (\S+)((?:\n   :.*)*)", re.M)


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/api/*.md")), ids=page_id)
def test_pages_of_the_api_are_of_what_exists(page):
    for name, options in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
        documented = pkgutil.resolve_name(name)
        for members in re.findall(r":(?:exclude-)?members: (.+)", options):
            assert [
                member for member in members.split(", ") if not hasattr(documented, member)
            ] == []


def test_words_of_others_are_listed_only_where_a_page_has_them():
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [text for text in OTHERS if text not in pages] == []
