"""The other pictures: the facts they show, and that each page is whole, closed, named and needs no network."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn, optim, viz
from minitorch.viz.images import png

VOID = {"img", "input", "meta", "br"}


def bowl(p: mt.Tensor) -> mt.Tensor:
    return p[..., 0] ** 2 + 5 * p[..., 1] ** 2


def pictures() -> dict[str, viz.Picture]:
    mt.manual_seed(0)
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))
    a = mt.arange(12.0).reshape(3, 4)
    return {
        "tape": viz.tape(net(mt.randn(3, 4)).exp().sum() + (x * x).sum(), net),
        "strides": viz.strides(a.t()[1:], a[::2]),
        "broadcast": viz.broadcast((4, 1), mt.zeros(3)),
        "disagree": viz.broadcast((4, 3), (2, 3)),
        "versions": viz.versions("y = x[:2]\ny.add_(1)\nx.view(5) # <b>", {"x": mt.zeros(4)}),
        "gradcheck": viz.gradcheck_curve(lambda v: v.exp().sum(), mt.tensor([0.5, 1.0]), 13),
        "paths": viz.paths({"SGD": lambda p: optim.SGD(p, lr=0.1), "<Adam>": optim.Adam}, bowl, (1.0, 1.0), 5),
        "conv": viz.conv(mt.randn(2, 4, 5), mt.randn(2, 1, 3, 2), mt.randn(2), stride=2, padding=(1, 0), groups=2),
        "grid": viz.grid(mt.rand(5, 3, 4, 6), nrow=3),
        "rnn": viz.rnn(nn.LSTM(3, 4, 2), mt.randn(5, 2, 3)),
        "attention": viz.attention(mt.softmax(mt.randn(2, 3, 3), -1), ["a", "<b>", "c&d"]),
        "activations": viz.activations(net, mt.randn(8, 4)),
    }


class Reader(HTMLParser):
    """Checks that tags close in order; collects elements."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict]] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        names = [n for n, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"


@pytest.fixture(scope="module")
def all_pictures() -> dict[str, viz.Picture]:
    return pictures()


@pytest.mark.parametrize("name", list(pictures()))
def test_pages(name: str, all_pictures: dict, tmp_path) -> None:
    picture = all_pictures[name]
    picture.save(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert page.startswith("<!DOCTYPE html>") and "prefers-color-scheme" in page
    addresses = re.findall(r"https?://[^\s\"'<>)]+", page)
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}  # a name, never fetched
    for tag, attrs in reader.found:
        assert not {"src", "href"} & set(attrs) or attrs.get("src", "").startswith("data:"), (tag, attrs)
        if tag in ("svg", "button", "input", "figure"):
            assert attrs.get("aria-label", "").strip() or tag == "button", (tag, attrs)
        if tag == "img":
            assert attrs["alt"].strip()
    tags = [tag for tag, _ in reader.found]
    assert tags.count("figure") == tags.count("figcaption") == 1
    assert "svg" in tags or name in ("tape", "versions", "grid")  # a table, an image, drawn by the script
    assert picture.summary.strip() and str(picture).startswith(picture.title)
    if picture.steps > 1:
        assert dict(reader.found[tags.index("figure")][1])["tabindex"] == "0"
        assert {"first", "back", "next", "last", "play"} <= {a.get("data-go") for _, a in reader.found}


@pytest.mark.parametrize("name", list(pictures()))
def test_frames_are_all_there(name: str, all_pictures: dict) -> None:
    picture = all_pictures[name]
    steps = {int(k) for k in re.findall(r'data-step="(\d+)"', picture.body())}
    assert not steps or steps == set(range(picture.steps))


def test_names_are_escaped(all_pictures: dict) -> None:
    assert "<b>" not in all_pictures["attention"]._repr_html_() + all_pictures["versions"]._repr_html_()
    assert "<Adam>" not in all_pictures["paths"]._repr_html_()


def test_not_imported_until_used() -> None:
    code = "import sys, minitorch; assert 'minitorch.viz' not in sys.modules; minitorch.viz.tape"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_strides() -> None:
    a = mt.arange(12).reshape(3, 4)
    t = a.t()[1:]
    facts = viz.strides(t, a[::2]).to_json()
    row = facts["tensors"][0]
    assert (row["shape"], row["strides"], row["offset"], row["contiguous"]) == ([3, 3], [1, 4], 1, False)
    assert [facts["memory"][p] for p in row["places"]] == t.reshape(-1).tolist()
    assert facts["tensors"][1]["places"] == [0, 1, 2, 3, 8, 9, 10, 11]
    with pytest.raises(ValueError, match="other memory"):
        viz.strides(a, a.clone())
    with pytest.raises(ValueError, match="too many"):
        viz.strides(mt.zeros(1000))


@pytest.mark.parametrize("shapes", [[(8, 1, 6), (7, 1), (6,)], [(), (3,)], [(0, 1), (1, 4)], [(2, 3)]])
def test_broadcast(shapes: list) -> None:
    facts = viz.broadcast(*shapes).to_json()
    assert tuple(facts["result"]) == np.broadcast_shapes(*shapes)
    for shape, row in zip(shapes, facts["tensors"], strict=True):
        t = mt.ones(shape, requires_grad=True)
        g = t.expand(facts["result"])
        assert g.sum(row["reduced"]).numel() == t.numel() if row["reduced"] else g.shape == t.shape


def test_broadcast_that_fails() -> None:
    facts = viz.broadcast((4, 3), (2, 3)).to_json()
    assert facts["result"] is None and [r["dims"][0] for r in facts["tensors"]] == ["disagrees", "disagrees"]


def test_versions() -> None:
    program = "y = x[:2]\nz = x.clone()\ny.add_(1)\nw = x.detach()\nx.view(5)\ny.mul_(2)"
    steps = viz.versions(program, {"x": mt.zeros(4)}).to_json()["steps"]
    assert len(steps) == 6 and steps[-1]["error"].startswith("RuntimeError")  # and the last line never runs
    last = {t["name"]: t for t in steps[-1]["tensors"]}
    assert [last[n]["version"] for n in "xyzw"] == [1, 1, 0, 1]
    assert last["x"]["memory"] == last["y"]["memory"] == last["w"]["memory"] != last["z"]["memory"]
    assert [t["changed"] for t in steps[3]["tensors"]] == [True, True, False]


def test_gradcheck_curve() -> None:
    facts = viz.gradcheck_curve(lambda v: (v.sin() * v).sum(), mt.tensor([0.3, 1.7, -2.0])).to_json()
    errors = facts["errors"]
    assert min(errors["float64"]) < 1e-9 < 1e-7 < min(errors["float32"]) + 1e-6
    assert facts["best"]["float64"] < facts["best"]["float32"]
    h, e = facts["steps"], errors["float64"]
    i, j = 40, 44  # the right arm of the V: a factor of 10 in h is one of 100 in the error
    np.testing.assert_allclose(np.log10(e[j] / e[i]) / np.log10(h[j] / h[i]), 2, atol=0.1)
    with pytest.raises(ValueError, match="zero"):
        viz.gradcheck_curve(lambda v: (v * 0).sum(), mt.ones(2))


def test_paths_are_the_optimizers() -> None:
    makers = {"SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9), "Adam": lambda p: optim.Adam(p, lr=0.1)}
    facts = viz.paths(makers, bowl, (1.0, -1.5), 8).to_json()
    for name, make in makers.items():
        p = mt.tensor([1.0, -1.5], requires_grad=True)
        o = make([p])
        for k in range(8):
            assert facts["paths"][name]["points"][k] == p.tolist()
            o.zero_grad()
            bowl(p).backward()
            o.step()
        assert facts["paths"][name]["values"][8] == bowl(p).item()


def test_paths_are_shown_whole_at_first() -> None:
    picture = viz.paths({"SGD": lambda p: optim.SGD(p, lr=0.05)}, bowl, (1.0, -1.5), 3)
    shown = re.findall(r'<p class="mtv-num" data-step="(\d)" data-say="[^"]*">', picture.body())
    assert shown == ["3"] and 'data-first="3"' in picture._repr_html_()
    assert re.findall(r"<polyline[^>]*hidden", picture.body()) == []


@pytest.mark.parametrize("options", [{"stride": 2, "padding": 1}, {"dilation": 2, "padding": (2, 1)}, {"groups": 2}])
def test_conv(options: dict) -> None:
    mt.manual_seed(1)
    x, w, b = mt.randn(2, 6, 7), mt.randn(4, 2 // options.get("groups", 1), 3, 2), mt.randn(4)
    facts = viz.conv(x, w, b, **options).to_json()
    want = nn.functional.conv2d(x[None], w, b, **options)[0]
    assert facts["output"] == want.tolist() and len(facts["steps"]) == want.numel()
    for step in facts["steps"]:
        total = step["bias"] + sum(p["x"] * p["w"] for p in step["products"])
        np.testing.assert_allclose(total, want[tuple(step["at"])].item(), rtol=1e-4, atol=1e-5)


def test_conv_errors() -> None:
    with pytest.raises(ValueError, match="too many"):
        viz.conv(mt.zeros(1, 40, 40), mt.zeros(1, 1, 3, 3))
    with pytest.raises(ValueError, match="padding"):
        viz.conv(mt.zeros(1, 4), mt.zeros(1, 1, 3), padding="same")
    assert viz.conv(mt.arange(5.0)[None], mt.ones(1, 1, 2), stride=2).to_json()["output"] == [[1.0, 5.0]]


def test_png_reads_back() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    plt = pytest.importorskip("matplotlib.pyplot")
    import io

    np.testing.assert_array_equal(np.rint(plt.imread(io.BytesIO(png(pixels)))[..., :3] * 255), pixels)
    assert zlib.crc32(png(pixels)[12:29]) == int.from_bytes(png(pixels)[29:33], "big")


def test_grid() -> None:
    facts = viz.grid(mt.rand(5, 1, 4, 6), nrow=3).to_json()
    assert (facts["rows"], facts["columns"], facts["pixels"]) == (2, 3, [2 * 6 + 2, 3 * 8 + 2, 3])
    with pytest.raises(ValueError, match="expected images"):
        viz.grid(mt.rand(2, 5, 4, 4))


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("batch_first", [False, True])
def test_rnn(kind: type, batch_first: bool) -> None:
    module = kind(3, 4, 2, batch_first=batch_first)
    x = mt.randn(2, 5, 3) if batch_first else mt.randn(5, 2, 3)
    facts = viz.rnn(module, x, 1).to_json()
    out = module(x)[0][1] if batch_first else module(x)[0][:, 1]
    np.testing.assert_allclose([h[-1] for h in facts["hidden"]], out.tolist(), rtol=1e-5, atol=1e-6)
    assert (facts["cell"] is not None) == (kind is nn.LSTM)
    with pytest.raises(ValueError, match="bidirectional"):
        viz.rnn(kind(3, 4, bidirectional=True), x)


def test_attention() -> None:
    w = mt.softmax(mt.randn(3, 4), -1)
    facts = viz.attention(w, ["a", "b", "c"], ["k", "l", "m", "n"]).to_json()
    assert facts["weights"] == [w.tolist()]
    with pytest.raises(ValueError, match="named"):
        viz.attention(w, ["a", "b", "c"])


def test_activations() -> None:
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    x = mt.randn(9, 4)
    rows = viz.activations(net, x).to_json()["layers"]
    assert [r["layer"] for r in rows] == ["Linear", "ReLU", "Linear"] and all(p.grad is None for p in net.parameters())
    out = net(x)
    np.testing.assert_allclose(rows[2]["gradient"]["std"], rows[2]["activation"]["std"], rtol=1e-6)  # d(o^2/2) = o
    np.testing.assert_allclose(rows[2]["activation"]["mean"], out.mean().item(), rtol=1e-4, atol=1e-6)
    hidden = net[1](net[0](x))
    np.testing.assert_allclose(rows[1]["activation"]["zeros"], (hidden == 0).float().mean().item(), rtol=1e-6)
    assert sum(rows[0]["activation"]["counts"]) == 9 * 6
    assert not any(m._forward_hooks for m in net.modules())


def test_activations_changed_in_place() -> None:
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 2))
    x = mt.randn(9, 4)
    rows = viz.activations(net, x).to_json()["layers"]
    assert rows[0]["gradient"] is None and rows[1]["gradient"] is not None
    assert rows[0]["activation"]["min"] == net[0](x).min().item() < 0  # as it was before the ReLU
