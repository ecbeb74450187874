"""The keys and buttons, in a real browser where one is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import minitorch as mt
from minitorch import nn, viz

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# After the page has loaded: run the moves, then write what the page shows into an element of its own.
DRIVE = """<script>addEventListener("load", () => {
const root = document.querySelector(".mtv"), said = [];
const key = name => (root.contains(document.activeElement) ? document.activeElement : root).dispatchEvent(
  new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
const say = () => said.push(root.querySelector("output").textContent + " " + (SHOWN));
try { root.focus(); MOVES } catch (e) { said.push(String(e)); }
const p = document.createElement("p"); p.id = "said"; p.textContent = said.join("|"); document.body.append(p);
});</script></body>"""


def drive(picture: viz.Picture, folder: Path, moves: str, shown: str) -> list[str]:
    page = folder / "page.html"
    picture.save(page)
    script = DRIVE.replace("MOVES", moves).replace("SHOWN", shown)
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", script), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    command = [BROWSER, *flags, f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri()]
    out = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    found = re.search(r'<p id="said">(.*?)</p>', out)
    assert found, out[-500:]
    return found[1].split("|")


needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome is installed")


@needs_browser
def test_steps_by_keys(tmp_path: Path) -> None:
    picture = viz.versions("y = x[:2]\ny.add_(1)\nz = x.clone()", {"x": mt.zeros(4)})
    moves = 'say(); key("ArrowRight"); say(); key("End"); say(); key("ArrowUp"); say(); key("Home"); say();'
    shown = '[...root.querySelectorAll("div[data-step]:not([hidden]) pre")].map(e => e.textContent).join()'
    said = drive(picture, tmp_path, moves, shown)
    assert said == ["1 of 4 (start)", "2 of 4 y = x[:2]", "4 of 4 z = x.clone()", "3 of 4 y.add_(1)", "1 of 4 (start)"]


@needs_browser
def test_tape_folds_by_keys(tmp_path: Path) -> None:
    mt.manual_seed(0)
    inner = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
    net = nn.ModuleDict({"inner": inner, "last": nn.Linear(3, 1)})
    picture = viz.tape(net["last"](inner(mt.randn(2, 3))).sum(), net)
    moves = (
        'const press = n => root.querySelector(`[data-fold=${n}]`).click(); say(); press("all"); say(); root.focus();'
        'key("ArrowRight"); key("ArrowRight"); say(); key("Enter"); say(); press("up"); say(); key("End"); say();'
    )
    shown = 'root.querySelectorAll(".mtv-item").length + " boxes, at " + root.querySelector("h4").textContent'
    said = drive(picture, tmp_path, moves, shown)
    assert said[:3] == [
        "1 of 6 11 boxes, at SumBackward0",
        "1 of 4 3 boxes, at SumBackward0",
        "3 of 4 3 boxes, at inner",
    ]
    assert said[3] == "3 of 6 5 boxes, at inner.2"  # sum, last, and inner's three, of which two are folds still
    assert said[4] == "3 of 4 3 boxes, at inner"
    assert said[5] == "4 of 4 3 boxes, at The leaves have their gradients"
