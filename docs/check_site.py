"""Check that the built site works without a network.

    python docs/check_site.py docs/_build/html

The script reads every page and style sheet. It names what a browser would load from another host:
scripts, styles, fonts, images, frames. It also names links within the site that lead nowhere. Links
to other sites are no fault: a browser follows them only on a click.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

LOADING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "link": ("href",),
}
"""Attributes that a browser loads when it opens the page."""

NOT_LOADED = {"alternate", "author", "canonical", "help", "license", "next", "prev", "search"}
"""Relations of a `link` that a browser does not load."""

_IN_STYLE = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")


def is_outside(address: str) -> bool:
    """Return whether an address is on another host."""
    parts = urlsplit(address.strip())
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ftp")


def in_style(text: str) -> Iterator[str]:
    """Yield the addresses that a style sheet loads."""
    for match in _IN_STYLE.finditer(text):
        yield match[1] or match[2]


def loaded(page: BeautifulSoup) -> Iterator[str]:
    """Yield the addresses that a page loads."""
    for name, attributes in LOADING.items():
        for tag in page.find_all(name):
            if name == "link" and NOT_LOADED & set(tag.get("rel") or ()):
                continue
            for attribute in attributes:
                for part in (tag.get(attribute) or "").split(","):
                    if part.strip():
                        yield part.split()[0]
    for tag in page.find_all("style"):
        yield from in_style(tag.get_text())
    for tag in page.find_all(style=True):
        yield from in_style(str(tag["style"]))


def faults(folder: Path) -> list[str]:
    """Return what is wrong with a built site, one sentence each.

    Parameters
    ----------
    folder : Path
        The folder with the pages.
    """
    sentences = []
    pages = {
        path.resolve(): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(folder.rglob("*.html"))
    }
    anchors = {
        path: {str(tag.get("id") or tag.get("name")) for tag in page.find_all(True)}
        for path, page in pages.items()
    }
    for path, page in pages.items():
        name = path.relative_to(folder.resolve()).as_posix()
        sentences += [f"{name} loads {url}" for url in loaded(page) if is_outside(url)]
        for tag in page.find_all("a", href=True):
            address = urlsplit(str(tag["href"]))
            if address.scheme or address.netloc:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if not target.exists():
                sentences.append(f"{name} links to {tag['href']}, which is not there")
            elif address.fragment and unquote(address.fragment) not in anchors.get(target, ()):
                sentences.append(f"{name} links to {tag['href']}, which that page lacks")
    for path in sorted(folder.rglob("*.css")):
        name = path.relative_to(folder).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        sentences += [f"{name} loads {url}" for url in in_style(text) if is_outside(url)]
    if not pages:
        sentences.append(f"{folder} has no pages; run make docs")
    return sentences


def main(arguments: list[str] | None = None) -> None:
    """Print the faults of a site; exit with 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with the pages")
    sentences = faults(parser.parse_args(arguments).folder)
    for sentence in sentences:
        print(sentence)
    if sentences:
        sys.exit(1)


if __name__ == "__main__":
    main()
