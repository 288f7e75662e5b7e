"""The documentation site: it reaches every page, and nothing in it needs a network.

`make docs` builds the site with warnings as errors and checks the built pages.
"""

import importlib.util
import re
import runpy
from pathlib import Path

import pytest

from wallnet.plan.shown import FIGURES
from wallnet.studies import STUDIES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def settings():
    return runpy.run_path(str(DOCS / "conf.py"))


@pytest.fixture(scope="module")
def checker():
    specification = importlib.util.spec_from_file_location("check_site", DOCS / "check_site.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def pages(settings):
    """Return all files that are pages of the site."""
    paths = {path for pattern in settings["include_patterns"] for path in ROOT.glob(pattern)}
    return {path for path in paths if path.relative_to(DOCS.parent).parts[:2] != ("docs", "_build")}


# The list of pages


def test_the_list_of_pages_has_every_page_once(settings):
    listed = [
        (DOCS / f"{link}.md").resolve()
        for links in settings["sections"]((DOCS / "README.md").read_text("utf-8")).values()
        for link in links
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == pages(settings) - {DOCS / "README.md"}


def test_every_folder_with_pages_is_searched(settings):
    """A page in a new folder of docs, or deeper, would not be part of the site."""
    written = {path for path in DOCS.rglob("*.md") if "_build" not in path.parts}
    assert written == {path for path in pages(settings) if DOCS in path.parents}
    assert not {"docs", "benchmarks"} & set(settings["exclude_patterns"])


def test_the_navigation_is_the_list_under_its_headings(settings):
    text = "# All\n\n## One\n\n| a | b |\n|---|---|\n| [index.md](index.md) | x |\n"
    text += (
        "| [sub/two.md](sub/two.md) | see [three](three.md) |\n\n## Up\n\n| [c](../C.md) | y |\n"
    )
    assert settings["sections"](text) == {"One": ["index", "sub/two"], "Up": ["../C"]}
    made = settings["navigation"](text)
    trees = re.findall(r"^```\{toctree\}\n(.*?)^```$", made, re.M | re.S)
    assert made.count("```") == 2 * len(trees)
    assert [tree.split() for tree in trees] == [
        [":hidden:", "README"],
        [":caption:", "One", ":hidden:", "sub/two"],
        [":caption:", "Up", ":hidden:", "../C"],
    ]


# Without a network


def test_a_failing_notebook_and_a_warning_fail_the_build(settings):
    assert settings["nb_execution_mode"] == "auto"
    assert settings["nb_execution_raise_on_error"] is True
    recipe = (ROOT / "Makefile").read_text().partition("\ndocs:")[2].partition("\n\n")[0]
    assert " -W " in recipe
    assert "check_site.py" in recipe


def test_what_a_page_loads_from_elsewhere_is_named(checker, tmp_path):
    parts = (
        '<script src="https://a.example/a.js"></script>',
        '<script src="//b.example/a.js"></script>',
        '<link rel="stylesheet" href="https://c.example/css">',
        '<link rel="preconnect" href="https://d.example">',
        '<img src="http://e.example/a.svg">',
        '<img src="a.png" srcset="a.png 1x, https://f.example/a.png 2x">',
        '<iframe src="https://g.example"></iframe>',
        "<style>@import 'https://h.example/a.css';</style>",
        '<p style="background: url(https://i.example/a.png)">a</p>',
    )
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "index.html").write_text(f"<html><body>{''.join(parts)}</body></html>")
    (tmp_path / "j.css").write_text("@font-face {src: url('https://j.example/a.woff2')}")
    pairs = re.findall(
        r"(\w+\.\w+) loads (?:https?:)?//(\w)\.example", str(checker.faults(tmp_path))
    )
    pages = [("index.html", letter) for letter in "abcdefghi"]
    assert sorted(pairs) == [*pages, ("j.css", "j")]


def test_links_within_the_site_lead_somewhere(checker, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.html").write_text('<h1 id="there">b</h1><a href="../a.html#here">a</a>')
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="sub/b.html#there">b</a> <a href="https://example.org">out</a> '
        '<a href="#here">up</a> <a href="mailto:a@example.org">mail</a>'
        '<link rel="canonical" href="https://example.org"><script src="sub/x.js"></script>'
    )
    assert checker.faults(tmp_path) == []
    (tmp_path / "c.html").write_text(
        '<a href="sub/b.html#gone">x</a> <a href="d.html">y</a> <a href="#no">z</a>'
    )
    assert checker.faults(tmp_path) == [
        "c.html links to sub/b.html#gone, which that page lacks",
        "c.html links to d.html, which is not there",
        "c.html links to #no, which that page lacks",
    ]


# Contents


def gallery():
    """Return the text of the gallery by its headings of third level."""
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    parts = re.split(r"^### `?([\w-]+)`?\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_gallery_has_every_figure_and_every_picture_is_on_a_page():
    """A new figure needs no picture; `docs/write_tables.py` writes what the registry has."""
    shown = gallery()
    others = {"as-made", "mappings", "scaling", "validation"}
    assert set(shown) == {*FIGURES, *(study.kind for study in STUDIES.values())} | others
    assert [name for name, text in shown.items() if "\n```" not in text] == ["measured"]
    # the picture is that of the dataset beside it
    assert re.findall(r"(\(figures/.*|read_dataset.*)\n", shown["transitions"]) == [
        "(figures/transitions-synapse-rewritable-map.png)",
        'read_dataset("results/transitions/synapse-rewritable.nc", "transitions"),',
    ]
    names = "pulses.md", "samples.md", "own-device.md"
    paths = (ROOT / "README.md", *(DOCS / name for name in names))
    pages = "".join(path.read_text("utf-8") for path in paths)
    # docs/draw_figures.py, benchmarks/barriers_of_samples.py and examples/w_cofeb.yaml draw these
    others = {"wall.gif", "thermal-times.png", "samples-barriers.png", "thermal-w-cofeb-map.png"}
    assert others <= set(re.findall(r"figures/(.*?)\)", pages))
    drawn = {path.name for path in (DOCS / "figures").iterdir()}
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(figures/(.*?)\)", text)) | others == drawn
