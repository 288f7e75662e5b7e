"""Settings of the documentation site. `make docs` builds it.

The source folder is the top of the repository, so that links between pages, to code and to the
benchmarks are the same in the site and in the repository. `docs/README.md` is the only list of
pages: the site's navigation is made from it.
"""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import wallnet

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]

project = "wallnet"
author = "the wallnet developers"
copyright = author
release = version = wallnet.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx-mathjax-offline",
]

# Pages

root_doc = "docs/index"
include_patterns = ["*.md", "benchmarks/*.md", "docs/*.md", "docs/*/*.md"]
# folders without pages are not searched: results and data may hold many thousands of files
exclude_patterns = [
    "docs/_build",
    "docs/results",
    *(
        folder.name
        for folder in ROOT.iterdir()
        if folder.name not in ("benchmarks", "docs") and folder.is_dir()
    ),
]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
smartquotes = False  # commands and messages have two dashes
highlight_language = "none"  # indented blocks are equations, commands and messages

# Notebooks

nb_execution_mode = "auto"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 1800  # s for a cell: a busy machine is no failure
nb_merge_streams = True
nb_render_markdown_format = "myst"  # with tables
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # they would be fetched

# The API

numpydoc_show_class_members = False
autodoc_typehints = "none"  # the docstrings state them
autodoc_member_order = "bysource"
autodoc_default_options = {"exclude-members": "model_config"}  # of pydantic
default_role = "py:obj"

# Appearance

html_theme = "pydata_sphinx_theme"
html_title = f"wallnet {release}"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["wallnet.css"]
html_additional_pages = {"index": "start.html"}
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"**": ["pages.html"]}
html_theme_options = {
    "navbar_center": [],
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}


def sections(text: str) -> dict[str, list[str]]:
    """Return the links in the tables below each heading of the list of pages."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return {
        title: re.findall(r"^\| \[[^]]*\]\(([^)]+)\.md\)", body, re.MULTILINE)
        for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def navigation(text: str) -> str:
    """Return the list of pages as hidden tables of contents, the list itself first."""
    trees = ["```{toctree}\n:hidden:\n\nREADME\n```\n"]
    for title, links in sections(text).items():
        listed = "\n".join(link for link in links if f"docs/{link}" != root_doc)
        trees.append(f"```{{toctree}}\n:caption: {title}\n:hidden:\n\n{listed}\n```\n")
    return "\n".join(["", *trees])


def with_titles(text: str) -> str:
    """Return a page whose links show the titles of pages instead of the names of their files."""
    return re.sub(r"\[([\w./-]+\.md)\]\(((?:[\w./-]*/)?\1)\)", r"[](\2)", text)


def read(app: "Sphinx", docname: str, source: list[str]) -> None:
    """Change what the repository's page shows to what the site shows."""
    source[0] = with_titles(source[0])
    if docname == root_doc:
        source[0] += navigation((ROOT / "docs/README.md").read_text(encoding="utf-8"))


def setup(app: "Sphinx") -> None:
    """Connect the changes of pages with the build, and set the environment of notebooks."""
    app.connect("source-read", read)
    # notebooks call wallnet and snakemake, also if the environment is not activated
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # simulations run side by side
