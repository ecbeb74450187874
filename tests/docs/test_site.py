"""The site is built, every link in it leads somewhere, and every page loads in a browser without a complaint.

Built is everything but the output of most chapters, which tests/test_tutorials.py runs; `make docs` runs them all.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import BROWSER, Browser
from tests.docs import DOCS, ROOT
from tests.docs.site import broken, faults, search_index

NEEDED = ("sphinx", "myst_nb", "furo", "jupytext", "ipykernel")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]

# sphinx-build, in a process that may not talk to other machines
OFFLINE = """
import sys
def audit(event, args):
    if event == "socket.getaddrinfo" and args[0] not in ("localhost", "127.0.0.1", None, ""):
        raise SystemExit(f"the build looks up {args[0]}")
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in ("127.0.0.1", "::1"):
        raise SystemExit(f"the build connects to {args[1]}")
sys.addaudithook(audit)
from sphinx.cmd.build import main
sys.exit(main(sys.argv[1:]))
"""


def build(out: Path, *options: str) -> subprocess.CompletedProcess:
    env = {**os.environ, "DOCS_SKIP": "tutorials/0[1-9]* tutorials/1*", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", OFFLINE, "-q", "-W", "--keep-going", "-d", str(out.parent / "doctrees"), *options]
    return subprocess.run([*command, str(DOCS), str(out)], env=env, capture_output=True, text=True, timeout=1500)


def untracked() -> set[str]:
    """Files of the documentation that git neither has nor ignores; none without git."""
    command = ["git", "ls-files", "--others", "--exclude-standard", "docs", "tutorials"]
    return set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.splitlines())


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason=f"the extra `docs` is not installed: {' '.join(MISSING)}")
def test_the_site(tmp_path: Path) -> None:
    before = untracked()
    out = tmp_path / "html"
    done = build(out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert untracked() == before  # nothing is written beside the sources
    assert broken(out) == []

    first = (out / "tutorials" / "00_thirty_lines.html").read_text(encoding="utf-8")
    assert 'class="output' in first and 'class="output' in (out / "pictures.html").read_text(encoding="utf-8")
    assert (out / "pictures.html").read_text(encoding="utf-8").count("<figure") >= 10

    index = search_index(out)
    assert all((out / f"{name}.html").is_file() for name in index["docnames"])
    assert {"backward", "broadcast", "checkpoint"} <= set(index["terms"])
    pages = {path.relative_to(out).as_posix() for path in out.rglob("*.html")}
    assert {"index.html", "operations.html", "errors.html", "api/reduce.html", "tutorials/13_parity.html"} <= pages

    if BROWSER is None:
        pytest.skip("the site was built and its links hold, but no chromium or chrome is installed to load it")
    with Browser(tmp_path) as browser:
        assert faults(browser, out) == {}
        assert searched(browser, out, "layer_norm")[0] == "api/nn/norm.html"
        assert "tutorials/06_mutation.html" in searched(browser, out, "mutation")


def searched(browser: Browser, site: Path, words: str) -> list[str]:
    """The pages of the first results that the site's own search gives."""
    page = browser.open((site / "search.html").as_uri() + f"?q={words}")
    page.evaluate(
        "new Promise((done, fail) => { const end = Date.now() + 20000; (function look() {"
        "if (document.querySelectorAll('#search-results li a').length) done(); else if (Date.now() > end) fail('none');"
        "else setTimeout(look, 50); })(); })"
    )
    links = page.evaluate("[...document.querySelectorAll('#search-results li a')].map(e => e.getAttribute('href'))")
    assert page.complaints == []
    page.close()
    return list(dict.fromkeys(link.partition("#")[0].partition("?")[0] for link in links))[:10]


GOOD = '<!doctype html><title>t</title><link rel="icon" href="data:,"><h1 id="top">x</h1>'


def test_broken_links_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(GOOD + '<a href="b.html#there">b</a> <a href="#top">t</a> <a href="https://x.y">')
    (tmp_path / "b.html").write_text(GOOD + '<p id="there">')
    assert broken(tmp_path) == []
    (tmp_path / "b.html").write_text(
        GOOD + '<a href="c.html"> <a href="a.html#gone"> <img src="no.png"> <script src="https://cdn.example/k.js">'
    )
    found = broken(tmp_path)
    assert [line.split(": ")[-1] for line in found] == [
        "no place b.html#there", "no file c.html", "no place a.html#gone", "no file no.png",
        "b.html loads https://cdn.example/k.js",
    ]  # fmt: skip


@pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome is installed")
def test_complaints_are_seen(tmp_path: Path) -> None:
    pages = {
        "good": "<p>x</p>",
        "raises": "<script>nothing.there()</script>",
        "errs": "<script>console.error('boom')</script>",
        "lacks": '<img src="gone.png">',
        "fetches": '<script src="https://127.0.0.1:9/x.js"></script>',
        "formula": '<span class="math">x</span>',
        "wide": '<div style="width:5000px">x</div>',
    }
    for name, body in pages.items():
        (tmp_path / f"{name}.html").write_text(GOOD + body)
    with Browser(tmp_path) as browser:
        found = faults(browser, tmp_path)
    assert set(found) == {f"{name}.html" for name in pages if name != "good"}
    assert "boom" in found["errs.html"] and "not set" in found["formula.html"][0]
