"""What holds of a folder of HTML: every link leads somewhere, nothing is fetched, pages load in a browser."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.browser import Browser


class Links(HTMLParser):
    """The places of a page (ids), where it leads, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.places |= {found[name] for name in ("id", "name") if name in found}
        if tag in ("a", "area") and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and "href" in found:
            self.loads.append(found["href"])
        elif "src" in found:
            self.loads.append(found["src"])


def broken(folder: Path) -> list[str]:
    """Links to files or places that are not there, and files loaded from elsewhere."""
    found_pages = sorted(folder.resolve().rglob("*.html"))
    pages = {page: Links(page.read_text(encoding="utf-8")) for page in found_pages}
    wrong = []
    for page, found in pages.items():
        for link in dict.fromkeys([*found.links, *found.loads]):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in found.loads and parts.scheme != "data":
                    wrong.append(f"{page.name} loads {link}")
                continue
            target = Path(os.path.normpath(page.parent / unquote(parts.path))) if parts.path else page
            if not target.is_file():
                wrong.append(f"{page.name}: no file {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].places:
                wrong.append(f"{page.name}: no place {link}")
    return wrong


def search_index(folder: Path) -> dict:
    text = (folder / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))


def faults(browser: Browser, folder: Path) -> dict[str, list[str]]:
    """What each page complains of when it is loaded, and what it asks the network for."""
    found: dict[str, list[str]] = defaultdict(list)
    page = browser.open("about:blank")
    for path in sorted(folder.rglob("*.html")):
        page.complaints.clear()
        page.requests.clear()
        page.go(path.as_uri())
        wrong = page.complaints + [url for url in page.requests if not url.startswith(("file:", "data:"))]
        unset = "[...document.querySelectorAll('.math')].filter(e => !e.querySelector('.katex')).length"
        if page.evaluate(unset):
            wrong.append("a formula is not set")
        still = "[...document.querySelectorAll('.mtv .mtv-bar')].filter(e => !e.closest('.mtv').dataset.ready).length"
        if page.evaluate(still):
            wrong.append("a picture with steps does not move")
        for width in (1200, 400):
            page.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wrong.append(f"the page is wider than a window of {width}")
        if wrong:
            found[path.relative_to(folder).as_posix()] += wrong
    page.close()
    return dict(found)
