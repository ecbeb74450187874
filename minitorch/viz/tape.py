"""`viz.tape`: the backward graph of a tensor, stepped through node by node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from minitorch.viz.folds import Fold, fold, module_paths
from minitorch.viz.page import Picture, as_json, number, plain, size
from minitorch.viz.record import record

OPEN = 40  # a graph of at most so many nodes opens unfolded
FULL = 3000  # the page of a larger graph leaves out the single numbers of gradients and keeps their norms


class Tape(Picture):
    """The picture of a backward pass; `to_dot()` and `to_mermaid()` give the graph to other programs."""

    scripts = ("layout.js", "tape.js")
    start = "mtvTape(root);"

    def body(self) -> str:
        data = self.to_json()
        if len(data["nodes"]) > FULL:
            for edge in data["edges"]:
                edge["gradient"].pop("values", None)
        label = "The backward graph: boxes are nodes, arrows the gradients that flow from the result to the leaves"
        return (
            '<div class="mtv-bar"><button type="button" data-fold="toggle">Fold / unfold</button>'
            '<button type="button" data-fold="up">Fold enclosing</button>'
            '<button type="button" data-fold="all">Fold all</button>'
            '<button type="button" data-fold="none">Unfold all</button></div>'
            f'<div class="mtv-split"><div class="mtv-graph" role="region" aria-label="{label}"></div>'
            '<div class="mtv-panel" aria-live="polite"></div></div>'
            f'<script type="application/json">{as_json(data)}</script>'
        )

    def to_dot(self) -> str:
        """The graph in Graphviz's language, modules as clusters, gradients' shapes on the arrows."""
        data = self.to_json()
        lines = ["digraph tape {", '  node [shape=box, fontname="sans-serif"];']
        for leaf in data["leaves"]:
            lines.append(f'  n{leaf["id"]} [label="{_quoted(_label(leaf))}", style=rounded];')
        for top in data["tree"]:
            lines += _dot_tree(top, data, 1)
        for e in data["edges"]:
            lines.append(f'  n{e["from"]} -> n{e["to"]} [label="{size(e["gradient"]["shape"])}"];')
        return "\n".join([*lines, "}"])

    def to_mermaid(self) -> str:
        """The graph as a Mermaid flowchart, modules as subgraphs."""
        data = self.to_json()
        lines = ["flowchart TD"]
        for leaf in data["leaves"]:
            lines.append(f'  n{leaf["id"]}(["{_mermaid(_label(leaf))}"])')
        for top in data["tree"]:
            lines += _mermaid_tree(top, data, 1)
        for e in data["edges"]:
            lines.append(f'  n{e["from"]} -->|"{size(e["gradient"]["shape"])}"| n{e["to"]}')
        return "\n".join(lines)


def tape(loss: Any, named: Any = None, gradient: Any = None) -> Tape:
    """The backward graph of `loss`, one step per node in the order in which the engine runs them.

    named     a module (its named_parameters), a dict {name: tensor}, or pairs (name, tensor): names for the leaves.
              Parameters named with dots fold the nodes of their modules: a node without parameters of its own is
              counted to the module that the nodes before and after it lie in.
    gradient  upstream gradient, needed when `loss` is not a scalar (as `backward(gradient)`)

    Each step shows which gradients arrive at a node, their sum, what it sends on, its saved tensors with their
    versions, and what `backward` would free after it. The pass is a real one, with hooks on every node and the graph
    retained: no .grad changes and nothing is freed; the user's own hooks do run. Raises what `autograd.grad` raises.

    >>> import minitorch as mt
    >>> x = mt.tensor([1.0, 2.0], requires_grad=True)
    >>> picture = mt.viz.tape((x * x).sum(), {"x": x})
    >>> [node["name"] for node in picture.to_json()["nodes"]]
    ['SumBackward0', 'MulBackward0']
    """
    names = {id(t): name for name, t in _pairs(named)}
    data = record(loss, gradient, names)
    nodes, leaves = data["nodes"], data["leaves"]
    _add_sums(data)
    owner: list[tuple[str, ...] | None] = [None] * len(nodes)
    for e in data["edges"]:
        leaf = leaves[e["to"] - len(nodes)] if e["to"] >= len(nodes) else None
        if leaf is not None and leaf["named"] and "." in leaf["name"]:
            owner[e["from"]] = tuple(leaf["name"].split(".")[:-1])
    kinds = [_short(n["name"]) for n in nodes]
    shapes = [size(n["gradient"][0]["shape"]) if n["gradient"] and n["gradient"][0] else "" for n in nodes]
    forms = [hash(pair) for pair in zip(kinds, shapes, strict=True)]
    tree = fold(len(nodes), module_paths(len(nodes), owner), forms, kinds)
    data["groups"] = []
    for n in nodes:
        n["group"] = None
    data["tree"] = _number_groups(tree, data)
    _place_leaves(data)
    data["unfolded"] = len(nodes) <= OPEN
    counts = f"{_count(len(nodes), 'node', 'nodes')}, {_count(len(leaves), 'leaf', 'leaves')}"
    title = f"Backward of {_short(nodes[0]['name']) if nodes else 'a leaf'}: {counts}"
    return Tape("tape", title, data, "", _words(data), steps=max(len(nodes), 2))


def _pairs(named: Any) -> Iterable[tuple[str, Any]]:
    if named is None:
        return ()
    if hasattr(named, "named_parameters"):
        return named.named_parameters()
    if isinstance(named, Mapping):
        return named.items()
    if isinstance(named, (list, tuple)):
        return named
    raise TypeError(f"viz.tape: named must be a module, a dict or pairs of name and tensor, not {type(named).__name__}")


def _add_sums(data: dict) -> None:
    """How many gradients arrive at each node and leaf, and what is freed after it."""
    everything = [*data["nodes"], *data["leaves"]]
    for row in everything:
        row["arrivals"] = 0
    for e in data["edges"]:
        everything[e["to"]]["arrivals"] += 1
    for row in data["nodes"]:
        row["freed"] = sum(s["bytes"] for s in row["saved"] if not s["kept"])


def _number_groups(level: list, data: dict) -> list:
    """Folds as {"group": id, "children": ...} and a flat list of groups; iterative, for trees of any depth."""
    top: list = []
    stack: list[tuple[list, Any, list]] = [(level, None, top)]
    while stack:
        children, parent, out = stack.pop()
        for child in children:
            if isinstance(child, Fold):
                k = len(data["groups"])
                data["groups"].append({"id": k, "label": child.label, "why": child.why, "parent": parent})
                inside: list = []
                out.append({"group": k, "children": inside})
                stack.append((child.children, k, inside))
            else:
                data["nodes"][child]["group"] = parent
                out.append(child)
    return top


def _place_leaves(data: dict) -> None:
    """A leaf lies in the innermost fold that holds all nodes which send to it."""
    nodes, groups = data["nodes"], data["groups"]
    users: dict[int, list[int]] = {}
    for e in data["edges"]:
        if e["to"] >= len(nodes):
            users.setdefault(e["to"], []).append(e["from"])
    for leaf in data["leaves"]:
        found: Any = None
        for i, user in enumerate(users.get(leaf["id"], [])):
            chain, g = [], nodes[user]["group"]
            while g is not None:
                chain.append(g)
                g = groups[g]["parent"]
            found = chain if i == 0 else [g for g in found if g in chain]
        leaf["group"] = found[0] if found else None


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _short(name: str) -> str:
    return re.sub(r"Backward\d*$", "", name)


def _label(row: dict) -> str:
    return f"{_short(row['name'])} {size(row['shape'])}" if row["kind"] == "leaf" else _short(row["name"])


def _quoted(s: str) -> str:
    return s.replace("\\", "\\\\").replace('"', '\\"')


def _mermaid(s: str) -> str:
    return s.replace('"', "#quot;")


def _dot_tree(item: Any, data: dict, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(item, int):
        return [f'{pad}n{item} [label="{_quoted(_label(data["nodes"][item]))}"];']
    label = _quoted(data["groups"][item["group"]]["label"])
    inside = [line for child in item["children"] for line in _dot_tree(child, data, depth + 1)]
    return [f"{pad}subgraph cluster_{item['group']} {{", f'{pad}  label="{label}";', *inside, pad + "}"]


def _mermaid_tree(item: Any, data: dict, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(item, int):
        return [f'{pad}n{item}["{_mermaid(_label(data["nodes"][item]))}"]']
    label = _mermaid(data["groups"][item["group"]]["label"])
    inside = [line for child in item["children"] for line in _mermaid_tree(child, data, depth + 1)]
    return [f'{pad}subgraph g{item["group"]}["{label}"]', *inside, pad + "end"]


def _words(data: dict, most: int = 60) -> str:
    """The pass as numbered lines."""
    lines = []
    everything = [*data["nodes"], *data["leaves"]]
    sends: dict[int, list[str]] = {}
    for e in data["edges"][: 20 * most]:
        to = everything[e["to"]]
        sends.setdefault(e["from"], []).append(f"{_short(to['name'])} ({_brief(e['gradient'])})")
    for n in data["nodes"][:most]:
        sums = f"the sum of {n['arrivals']} gradients" if n["arrivals"] > 1 else "a gradient"
        arrived = ", ".join(_brief(g) for g in n["gradient"] if g)
        lines.append(f"{n['id'] + 1}. {_short(n['name'])} takes {sums} ({arrived})")
        if sends.get(n["id"]):
            lines.append("   sends " + ", ".join(sends[n["id"]]))
        for s in n["saved"]:
            shape = "" if s["shape"] is None else " " + size(s["shape"])
            old = "" if s["version"] is None else f", version {s['version']}"
            lines.append(f"   had saved {s['leaf'] or s['name']}{shape}{old}")
    if len(data["nodes"]) > most:
        lines.append(f"... and {len(data['nodes']) - most} more nodes")
    for leaf in data["leaves"][:most]:
        g = leaf["gradient"][0]
        lines.append(f"leaf {leaf['name']} gets {_brief(g) if g else 'no gradient'}")
    return "\n".join(lines)


def _brief(g: dict) -> str:
    return f"{size(g['shape'])} {g['dtype']}, norm {number(float(plain(g['norm'])))}"
