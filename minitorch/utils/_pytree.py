"""Nested tuples, lists and dicts, taken apart into leaves and put together again. Names are torch.utils._pytree's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = [
    "TreeSpec", "tree_all", "tree_any", "tree_flatten", "tree_leaves", "tree_map", "tree_map_only", "tree_unflatten",
]  # fmt: skip


@dataclass(frozen=True)
class TreeSpec:
    """How a tree is nested: the kind of a node, its keys if it is a dict, its children; kind None is a leaf."""

    kind: type | None
    keys: tuple | None
    children: tuple[TreeSpec, ...]

    @property
    def num_leaves(self) -> int:
        """How many leaves such a tree has."""
        return 1 if self.kind is None else sum(child.num_leaves for child in self.children)


def _parts(node: Any) -> tuple[tuple | None, list] | None:
    """(keys, children) of a node; None for a leaf. Only these very types are nodes, and named tuples."""
    if type(node) in (dict, OrderedDict):
        return tuple(node), list(node.values())
    if type(node) in (tuple, list) or (isinstance(node, tuple) and hasattr(node, "_fields")):
        return None, list(node)
    return None


def tree_flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list, TreeSpec]:
    """(leaves, spec).

    >>> leaves, spec = tree_flatten({"a": 1, "b": (2, [3])})
    >>> leaves, tree_unflatten([x * 10 for x in leaves], spec)
    ([1, 2, 3], {'a': 10, 'b': (20, [30])})
    """
    leaves: list = []

    def walk(node: Any) -> TreeSpec:
        parts = None if is_leaf is not None and is_leaf(node) else _parts(node)
        if parts is None:
            leaves.append(node)
            return TreeSpec(None, None, ())
        keys, children = parts
        return TreeSpec(type(node), keys, tuple(walk(child) for child in children))

    spec = walk(tree)
    return leaves, spec


def tree_unflatten(leaves: Any, treespec: TreeSpec) -> Any:
    """The tree nested as `treespec` says, with these leaves."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(
            f"tree_unflatten: the number of leaves, {len(leaves)}, is not that of the spec, {treespec.num_leaves}"
        )
    rest = iter(leaves)

    def build(spec: TreeSpec) -> Any:
        if spec.kind is None:
            return next(rest)
        children = [build(child) for child in spec.children]
        if spec.keys is not None:
            return spec.kind(zip(spec.keys, children, strict=True))
        return spec.kind(*children) if hasattr(spec.kind, "_fields") else spec.kind(children)

    return build(treespec)


def tree_leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> list:
    """The leaves in order."""
    return tree_flatten(tree, is_leaf)[0]


def _at_leaves(tree: Any, spec: TreeSpec) -> list:
    """What `tree` has where a tree nested as `spec` has its leaves."""
    if spec.kind is None:
        return [tree]
    keys, children = _parts(tree) or (None, [])
    if type(tree) is not spec.kind or set(keys or ()) != set(spec.keys or ()) or len(children) != len(spec.children):
        raise ValueError(f"tree_map: the trees are nested differently: {spec.kind.__name__}, {type(tree).__name__}")
    if spec.keys is not None:
        named = dict(zip(keys or (), children, strict=True))
        children = [named[key] for key in spec.keys]
    return [found for child, inner in zip(children, spec.children, strict=True) for found in _at_leaves(child, inner)]


def tree_map(func: Callable, tree: Any, *rests: Any, is_leaf: Callable[[Any], bool] | None = None) -> Any:
    """The tree of func(leaf, ...), with what the other trees have at the same places (there a tree may go on)."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [_at_leaves(rest, spec) for rest in rests]
    return tree_unflatten([func(*at) for at in zip(leaves, *others, strict=True)], spec)


def tree_map_only(kind: Any, func: Callable, tree: Any) -> Any:
    """tree_map of `func` on the leaves that are instances of `kind`; the others stay."""
    return tree_map(lambda leaf: func(leaf) if isinstance(leaf, kind) else leaf, tree)


def tree_any(pred: Callable[[Any], bool], tree: Any) -> bool:
    """True if `pred` holds for a leaf."""
    return any(map(pred, tree_leaves(tree)))


def tree_all(pred: Callable[[Any], bool], tree: Any) -> bool:
    """True if `pred` holds for every leaf."""
    return all(map(pred, tree_leaves(tree)))
