"""The keys and buttons, pressed in a real browser where one is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import minitorch as mt
from minitorch import nn, viz
from minitorch.cli.models import build_model
from tests.browser import BROWSER, Browser, Page

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome is installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


def show(browser: Browser, picture: viz.Picture, folder: Path) -> Page:
    """The picture as a page, with the focus where the Tab key first leads: on the figure itself."""
    picture.save(folder / "page.html")
    page = browser.open((folder / "page.html").as_uri())
    page.press("Tab")
    assert page.evaluate("document.activeElement.className") == "mtv"
    return page


def step(page: Page) -> str:
    return page.evaluate('document.querySelector(".mtv output").textContent')


def title(page: Page) -> str:
    return page.evaluate('document.querySelector(".mtv-panel h4").textContent')


def panel(page: Page) -> str:
    return page.evaluate('document.querySelector(".mtv-panel").innerText')


def marked(page: Page, kind: str) -> list[str]:
    """The boxes of the graph that are marked: "now", "past" or "waits"."""
    found = f'document.querySelectorAll(".mtv-item.mtv-{kind} title")'
    return sorted(page.evaluate(f"[...{found}].map(e => e.textContent)"))


def boxes(page: Page) -> int:
    return page.evaluate('document.querySelectorAll(".mtv-item").length')


def test_steps_by_keys(browser: Browser, tmp_path: Path) -> None:
    page = show(browser, viz.versions("y = x[:2]\ny.add_(1)\nz = x.clone()", {"x": mt.zeros(4)}), tmp_path)
    shown = '[...document.querySelectorAll("div[data-step]:not([hidden]) pre")].map(e => e.textContent).join()'
    said = [(step(page), page.evaluate(shown))]
    for key in ("ArrowRight", "End", "ArrowUp", "Home", "ArrowLeft", "ArrowDown"):
        page.press(key)
        said.append((step(page), page.evaluate(shown)))
    lines = ["(start)", "y = x[:2]", "y.add_(1)", "z = x.clone()"]
    assert said == [(f"{k + 1} of 4", lines[k]) for k in (0, 1, 3, 2, 0, 0, 1)]
    assert page.complaints == []


def test_tape_folds_by_keys(browser: Browser, tmp_path: Path) -> None:
    mt.manual_seed(0)
    inner = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
    net = nn.ModuleDict({"inner": inner, "last": nn.Linear(3, 1)})
    page = show(browser, viz.tape(net["last"](inner(mt.randn(2, 3))).sum(), net), tmp_path)
    assert (step(page), boxes(page), title(page)) == ("1 of 6", 11, "SumBackward0")
    page.click("[data-fold=all]")
    assert (step(page), boxes(page), title(page)) == ("1 of 4", 3, "SumBackward0")
    page.press("ArrowRight", "ArrowRight")
    assert (step(page), boxes(page), title(page)) == ("3 of 4", 3, "inner")
    page.evaluate('document.querySelector(".mtv-item.mtv-now").focus()')
    page.press("Enter")  # sum, last, and inner's three, of which two are folds still
    assert (step(page), boxes(page), title(page)) == ("3 of 6", 5, "inner.2")
    page.click("[data-fold=up]")
    assert (step(page), boxes(page), title(page)) == ("3 of 4", 3, "inner")
    page.press("End")
    assert (step(page), boxes(page), title(page)) == ("4 of 4", 3, "The leaves have their gradients")
    assert page.complaints == []


def test_the_demos_network_steps_through(browser: Browser, tmp_path: Path) -> None:
    """The whole backward pass of `minitorch train`'s CNN, key by key, against the pass itself."""
    mt.manual_seed(0)
    model = build_model("cnn", (8, 8), 10)
    loss = nn.functional.cross_entropy(model(mt.randn(4, 1, 8, 8)), mt.tensor([3, 1, 4, 1]))
    picture = viz.tape(loss, model)
    data = picture.to_json()
    nodes, names = data["nodes"], [name for name, _ in model.named_parameters()]
    page = show(browser, picture, tmp_path)
    assert [n["name"] for n in nodes].count("ConvolutionBackward0") == 2
    for k, node in enumerate(nodes):
        assert (step(page), title(page)) == (f"{k + 1} of {len(nodes) + 1}", node["name"])
        assert marked(page, "now") == [node["name"].removesuffix("Backward0")]
        assert len([e for e in marked(page, "past") if e not in names]) == k
        if node["gradient"][0]["shape"]:
            assert "×".join(map(str, node["gradient"][0]["shape"])) in panel(page)
        for saved in node["saved"]:
            assert (saved["leaf"] or saved["name"]) in panel(page)
        page.press("ArrowRight")
    assert title(page) == "The leaves have their gradients"
    loss.backward()
    for name, parameter in model.named_parameters():
        shape = "×".join(map(str, parameter.shape))
        row = next(line for line in panel(page).splitlines() if line.startswith(name))
        assert f"{shape} float32, norm {float(parameter.grad.norm()):.4g}"[:-1] in row
    page.press("ArrowRight")  # there is nothing behind the end
    assert step(page) == f"{len(nodes) + 1} of {len(nodes) + 1}"
    page.press("ArrowLeft")
    assert title(page) == nodes[-1]["name"]
    page.press("Home")
    assert title(page) == nodes[0]["name"] and marked(page, "past") == []
    assert page.complaints == [] and [u for u in page.requests if not u.startswith("file:")] == []
