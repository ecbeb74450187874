"""Right and wrong versions of chapter 03's functions."""

from collections import deque

import numpy as np


def add_in_place(a, b):
    a += b
    return a


def reachable(root, inputs_of):
    found, stack = {root}, [root]
    while stack:
        for i in inputs_of(stack.pop()):
            if i not in found:
                found.add(i)
                stack.append(i)
    return found


def order_by_counting(root, inputs_of):
    """Kahn: a node is ready when all its users are out."""
    users = dict.fromkeys(reachable(root, inputs_of), 0)
    for n in users:
        for i in inputs_of(n):
            users[i] += 1
    ready, order = deque([root]), []
    while ready:
        node = ready.popleft()
        order.append(node)
        for i in inputs_of(node):
            users[i] -= 1
            if not users[i]:
                ready.append(i)
    return order


def order_with_iterators(root, inputs_of):
    order, seen, stack = [], {root}, [(root, iter(inputs_of(root)))]
    while stack:
        node, rest = stack[-1]
        for i in rest:
            if i not in seen:
                seen.add(i)
                stack.append((i, iter(inputs_of(i))))
                break
        else:
            stack.pop()
            order.insert(0, node)
    return order


def order_breadth_first(root, inputs_of):
    order, queue, seen = [], deque([root]), {root}
    while queue:
        node = queue.popleft()
        order.append(node)
        for i in inputs_of(node):
            if i not in seen:
                seen.add(i)
                queue.append(i)
    return order


def order_recursive(root, inputs_of, seen=None):
    seen = set() if seen is None else seen
    seen.add(root)
    found = []
    for i in inputs_of(root):
        if i not in seen:
            found = order_recursive(i, inputs_of, seen) + found
    return [root, *found]


def order_with_repeats(root, inputs_of):
    order, queue = [], deque([root])
    while queue and len(order) < 3000:
        node = queue.popleft()
        order.append(node)
        queue.extend(inputs_of(node))
    return order


def path_by_intersection(roots, inputs_of, targets):
    down = set().union(*(reachable(r, inputs_of) for r in roots))
    users = {n: [] for n in down}
    for n in down:
        for i in inputs_of(n):
            users[i].append(n)
    found, stack = set(), [t for t in targets if t in down]
    while stack:
        n = stack.pop()
        if n not in found:
            found.add(n)
            stack.extend(users[n])
    return found


def path_by_rounds(roots, inputs_of, targets):
    down = set().union(*(reachable(r, inputs_of) for r in roots))
    found = {n for n in down if n in targets}
    while True:
        more = {n for n in down if n not in found and any(i in found for i in inputs_of(n))}
        if not more:
            return found
        found |= more


RIGHT = {
    "accumulate": [
        lambda old, g: np.array(g) if old is None else np.add(old, g),
        lambda old, g: (0 if old is None else old) + g,
    ],
    "add_gradients": [lambda a, b: np.add(a, b), lambda a, b: np.stack([a, b]).sum(0)],
    "topological_order": [order_by_counting, order_with_iterators],
    "on_a_path": [path_by_intersection, path_by_rounds],
}
WRONG = {
    "accumulate": {
        "overwrites": lambda old, g: g.copy(),
        "keeps g itself": lambda old, g: g if old is None else old + g,
        "None not minded": lambda old, g: old + g,
    },
    "add_gradients": {
        "in place": add_in_place,
        "last one wins": lambda a, b: b.copy(),
        "mean": lambda a, b: (a + b) / 2,
    },
    "topological_order": {
        "breadth first": order_breadth_first,
        "recursive": order_recursive,
        "repeats": order_with_repeats,
    },
    "on_a_path": {
        "all that is reachable": lambda roots, inputs_of, targets: set().union(
            *(reachable(r, inputs_of) for r in roots)
        ),
        "targets alone": lambda roots, inputs_of, targets: set(targets),
        "one root": lambda roots, inputs_of, targets: path_by_rounds(roots[:1], inputs_of, targets),
    },
}
