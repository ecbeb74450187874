"""viz.tape shows what the engine does: its order, its gradients, what is saved; and leaves the user's graph alone."""

from __future__ import annotations

import time

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn, viz


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.a, self.norm, self.b = nn.Linear(width, width), nn.LayerNorm(width), nn.Linear(width, width)

    def forward(self, x: mt.Tensor) -> mt.Tensor:
        return x + self.b(self.a(self.norm(x)).tanh())


def network() -> tuple[nn.Module, mt.Tensor]:
    mt.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 6), Block(6), Block(6), nn.Linear(6, 2))
    return net, nn.functional.cross_entropy(net(mt.randn(5, 3)), mt.tensor([0, 1, 0, 1, 1]))


def all_nodes(root: object) -> list:
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node is not None and not hasattr(node, "variable") and node not in found:
            found.append(node)
            stack += [below for below, _ in node.next_functions]
    return found


def test_gradients_and_order_are_backwards() -> None:
    net, loss = network()
    facts = viz.tape(loss, net).to_json()
    order: list[str] = []
    sizes: list[list[int]] = []
    nodes = all_nodes(loss.grad_fn)
    for node in nodes:

        def hook(g: tuple, name: str = node.name()) -> None:
            order.append(name)
            sizes.append(list(g[0].shape))

        node.register_prehook(hook)
    loss.backward()
    assert len(nodes) == len(facts["nodes"])
    assert [n["name"] for n in facts["nodes"]] == order
    assert [n["gradient"][0]["shape"] for n in facts["nodes"]] == sizes
    leaves = {leaf["name"]: leaf["gradient"][0] for leaf in facts["leaves"]}
    assert set(leaves) == {name for name, _ in net.named_parameters()}
    for name, p in net.named_parameters():
        assert leaves[name]["shape"] == list(p.shape)
        np.testing.assert_allclose(leaves[name]["norm"], p.grad.norm().item(), rtol=1e-5)
        assert leaves[name]["values"] == p.grad.reshape(-1)[:6].tolist()


def test_nothing_of_the_users_changes() -> None:
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.retain_grad()
    calls = []
    y.register_hook(lambda g: calls.append(g) or 2 * g)
    loss = y.sum()
    facts = viz.tape(loss, {"x": x}).to_json()
    assert x.grad is None and y.grad is None
    assert facts["leaves"][0]["gradient"][0]["values"] == [4.0, 8.0]  # the hook doubles, as in a backward
    loss.backward()  # the graph is still there, and without the picture's hooks
    assert x.grad.tolist() == [4.0, 8.0] and y.grad.tolist() == [2.0, 2.0]
    assert len(calls) == 2


def test_hooks_are_gone_after_an_error() -> None:
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    z = (y * y).sum()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        viz.tape(z)
    assert all(n.hooks is None for n in all_nodes(z.grad_fn))


def test_sums_and_broadcasts() -> None:
    x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    b = mt.tensor(1.0, requires_grad=True)
    y = x.exp()
    facts = viz.tape((y * y + y + b).sum(), {"x": x, "b": b}).to_json()
    exp = next(n for n in facts["nodes"] if n["name"] == "ExpBackward0")
    assert exp["arrivals"] == 3  # twice from y * y, once from the sum
    arriving = [e["gradient"]["values"] for e in facts["edges"] if e["to"] == exp["id"]]
    np.testing.assert_allclose(np.sum(arriving, 0), exp["gradient"][0]["values"], rtol=1e-6)
    to_b = next(e for e in facts["edges"] if e["to"] >= len(facts["nodes"]) and e["gradient"]["shape"] == [])
    assert to_b["before_sum"] == [3] and to_b["gradient"]["values"] == [3.0]


def test_saved_tensors_with_versions() -> None:
    w = mt.ones(2, requires_grad=True)
    c = mt.ones(2)
    c.add_(1)
    facts = viz.tape((w * c).sum(), {"w": w, "c": c}).to_json()
    mul = next(n for n in facts["nodes"] if n["name"] == "MulBackward0")
    (saved,) = mul["saved"]
    assert (saved["leaf"], saved["version"], saved["now"], saved["shape"], saved["kept"]) == ("c", 1, 1, [2], True)
    assert mul["freed"] == 0  # c is the user's
    exp = viz.tape(w.exp().sum()).to_json()["nodes"][1]
    assert [s["name"] for s in exp["saved"]] == ["result"] and exp["freed"] == 8


def test_not_a_scalar_and_no_leaf() -> None:
    x = mt.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="scalar outputs"):
        viz.tape(x * 2)
    assert viz.tape(x * 2, None, mt.tensor([1.0, 3.0])).to_json()["leaves"][0]["gradient"][0]["values"] == [2.0, 6.0]
    with pytest.raises(RuntimeError, match="no leaf"):
        viz.tape(mt.ones(2).sum())
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        viz.tape(loss)
    with pytest.raises(TypeError, match="named"):
        viz.tape((x * x).sum(), 3)


def test_several_outputs_and_functions() -> None:
    class Double(mt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = mt.arange(6.0).requires_grad_()
    a, b = Double.apply(x).split(3)
    facts = viz.tape((a * b).sum(), {"x": x}).to_json()
    names = [n["name"] for n in facts["nodes"]]
    assert "DoubleBackward" in names and len(facts["nodes"][names.index("SplitBackward0")]["gradient"]) == 2
    (a * b).sum().backward()
    assert facts["leaves"][0]["gradient"][0]["values"] == x.grad.tolist()


def chain(item: object, groups: list) -> list[str]:
    out, g = [], item["group"]
    while g is not None:
        out.append(groups[g]["label"])
        g = groups[g]["parent"]
    return out


def test_modules_fold() -> None:
    net, loss = network()
    facts = viz.tape(loss, net).to_json()
    tanh = [n for n in facts["nodes"] if n["name"] == "TanhBackward0"]
    assert [chain(n, facts["groups"]) for n in tanh] == [["2"], ["1"]]  # between 1.a and 1.b: within block 1
    weight = next(leaf for leaf in facts["leaves"] if leaf["name"] == "1.a.weight")
    assert chain(weight, facts["groups"]) == ["1.a", "1"]


def test_ten_thousand_nodes_fold() -> None:
    w = mt.full((4, 4), 0.1, requires_grad=True)
    h = mt.zeros(4)
    for _ in range(3334):
        h = (w @ h + 0.1).tanh()
    start = time.process_time()
    picture = viz.tape(h.sum(), {"w": w})
    took = time.process_time() - start
    facts, html = picture.to_json(), picture._repr_html_()
    assert len(facts["nodes"]) > 10_000 and not facts["unfolded"]
    assert len(facts["tree"]) < 10
    assert any(g["label"].startswith("3334 × (Tanh Add") for g in facts["groups"])
    assert len(html) < 20e6
    assert took < 2, f"{took:.1f} s"


def test_graph_without_structure_folds_too() -> None:
    x = mt.ones(1, requires_grad=True)
    y = x
    for k in range(1500):  # no repetition: the kind of each node hangs on the digits of k * k
        y = (y.sin, y.cos, y.tanh, y.sigmoid)[(k * k // 7) % 4]()
    facts = viz.tape(y.sum()).to_json()
    widths = [len(facts["tree"])] + [0] * len(facts["groups"])
    for row in [*facts["nodes"], *facts["groups"]]:
        parent = row["group"] if "group" in row else row["parent"]
        if parent is not None:
            widths[parent + 1] += 1
    assert max(widths) <= 60


def test_tree_holds_each_node_once() -> None:
    net, loss = network()
    facts = viz.tape(loss, net).to_json()

    def below(items: list) -> list[int]:
        return [k for i in items for k in ([i] if isinstance(i, int) else below(i["children"]))]

    assert sorted(below(facts["tree"])) == list(range(len(facts["nodes"])))


def test_names_in_words() -> None:
    x = mt.ones(2, 2, requires_grad=True)
    picture = viz.tape(x.sum(1).sum())
    assert picture.title == "Backward of Sum: 2 nodes, 1 leaf"
    assert "SumBackward1" not in picture.to_dot() and "2. Sum takes a gradient" in str(picture)


def test_dot_and_mermaid() -> None:
    net, loss = network()
    picture = viz.tape(loss, net)
    facts = picture.to_json()
    dot, mermaid = picture.to_dot(), picture.to_mermaid()
    assert dot.count("->") == mermaid.count("-->") == len(facts["edges"])
    assert dot.count("{") == dot.count("}") == len(facts["groups"]) + 1
    assert mermaid.count("  subgraph ") == mermaid.count("  end") == len(facts["groups"]) > 0
    assert "1.a.weight 6×6" in dot and "1.a.weight 6×6" in mermaid
