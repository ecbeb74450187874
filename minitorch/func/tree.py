"""Nested tuples, lists and dicts of tensors: taken apart into leaves, and put together again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def flatten(tree: Any) -> tuple[list, Any]:
    """(leaves, structure); two trees have equal structures if they are nested in the same way."""
    leaves: list = []

    def walk(node: Any) -> Any:
        if isinstance(node, (tuple, list)):
            return (type(node), tuple(walk(child) for child in node))
        if isinstance(node, dict):
            return (type(node), tuple((key, walk(child)) for key, child in node.items()))
        leaves.append(node)
        return None

    structure = walk(tree)
    return leaves, structure


def unflatten(leaves: list, structure: Any) -> Any:
    """The tree of that structure with these leaves."""
    rest = iter(leaves)

    def build(node: Any) -> Any:
        if node is None:
            return next(rest)
        kind, children = node
        if issubclass(kind, dict):
            return kind((key, build(child)) for key, child in children)
        items = [build(child) for child in children]
        return kind(*items) if hasattr(kind, "_fields") else kind(items)  # a named tuple takes them one by one

    return build(structure)


def tree_map(function: Callable, tree: Any) -> Any:
    leaves, structure = flatten(tree)
    return unflatten([function(leaf) for leaf in leaves], structure)


def broadcast(prefix: Any, tree: Any) -> list | None:
    """For each leaf of `tree` what `prefix`, a tree cut off higher up, has above it; None if they don't fit."""
    if not isinstance(prefix, (tuple, list, dict)):
        return [prefix] * len(flatten(tree)[0])
    if type(prefix) is not type(tree) or len(prefix) != len(tree):
        return None
    if isinstance(prefix, dict) and list(prefix) != list(tree):
        return None
    pairs = [(prefix[k], tree[k]) for k in (prefix if isinstance(prefix, dict) else range(len(prefix)))]
    parts = [broadcast(p, t) for p, t in pairs]
    if any(part is None for part in parts):
        return None
    return [value for part in parts if part is not None for value in part]
