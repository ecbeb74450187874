"""Chapter 03: the tape."""

import numpy as np

from minitorch.autograd.base import wrap
from minitorch.autograd.engine import _key
from minitorch.autograd.node import Node, Slot
from minitorch.autograd.primitives import fit
from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import gradients, small, wave

CHAPTER = Chapter(
    "03", "tape", "The tape",
    reads=("minitorch/autograd/node.py", "minitorch/autograd/op.py", "minitorch/autograd/engine.py"),
)  # fmt: skip


# -- accumulation ------------------------------------------------------------------------------------------------------


def _accumulate_cases(rng):
    for shape in ((1,), (2,), (2, 2)):
        yield None, small(rng, *shape) + 0.25
        yield small(rng, *shape) + 0.25, small(rng, *shape) + 0.25


def _accumulate_adapt(function):
    def accumulate(leaf, g, fresh, graph):
        old = leaf._grad
        leaf._grad = wrap(function(None if old is None else old._array, g))

    return accumulate


def _accumulate_engine(mt):
    x = mt.tensor(wave(3), requires_grad=True)
    g = mt.tensor(wave(3, start=3))
    x.backward(g)
    first = x.grad.clone()
    x.backward(g)
    return [first, x.grad, g]


@CHAPTER.exercise(
    seam="minitorch.autograd.engine:accumulate",
    cases=_accumulate_cases,
    engine=_accumulate_engine,
    adapt=_accumulate_adapt,
    hints=(
        "A second backward adds to .grad: that is why optimizers have zero_grad.",
        "Where there is no gradient yet (old is None), the new one is a copy of g: g belongs to someone else.",
    ),
    rules=(
        Rule(
            "the result must not share memory with g: g may change later",
            lambda got, old, g: not np.shares_memory(got, g),
        ),
        Rule(
            "gradients add up: what was there stays in the sum",
            lambda got, old, g: old is None or np.allclose(got - g, old),
        ),
    ),
    question=Question(
        "x.grad is [1.0]. loss.backward() brings the gradient [2.0]. What is x.grad now?",
        lambda: accumulate(np.array([1.0]), np.array([2.0])).tolist(),
    ),
)
def accumulate(old, g):
    """The new .grad of a leaf: `old` (an array, or None if there was none) plus the gradient g. g stays as it is."""
    return g.copy() if old is None else old + g


def _sum_cases(rng):
    for shape in ((1,), (2,), (2, 2)):
        yield small(rng, *shape) + 0.25, small(rng, *shape) + 0.25


def _sum_adapt(function):
    def add(self, node, g):
        self.pending[node] = function(self.pending[node], g)

    return add


def _diamond(mt):
    def f(x):
        y = x * 2
        return y.sin() + y.cos() * y + y

    return f


@CHAPTER.exercise(
    seam="minitorch.autograd.engine:Pass._add_to_node",
    cases=_sum_cases,
    engine=lambda mt: gradients(mt, _diamond(mt), wave(2, 3)),
    adapt=_sum_adapt,
    hints=(
        "A value that is used twice gets two gradients: what is their effect together?",
        "The first gradient may be held by another node as well: `a += b` would change it there too.",
    ),
    question=Question("y = x * x + 3 * x. How many gradients arrive at x in one backward pass?", lambda: 3),
)
def add_gradients(a, b):
    """The gradient of a value that was used twice: a came from one use, b from the other. Neither array is changed."""
    return a + b


# -- order -------------------------------------------------------------------------------------------------------------

GRAPHS: tuple[dict[str, list[str]], ...] = (
    {"a": []},
    {"a": ["b"], "b": []},
    {"a": ["b", "c"], "b": ["c"], "c": []},
    {"a": ["c", "b"], "b": ["c"], "c": []},
    {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []},
    {"a": ["d", "b"], "b": ["c"], "c": ["d"], "d": ["e", "e"], "e": []},
)


class Graph(dict):
    """{node: its inputs}, called as a function."""

    def __call__(self, node):
        return self[node]


def _deep(n):
    return Graph({k: [k + 1] if k < n else [] for k in range(n + 1)})


def _order_cases(rng):
    for graph in GRAPHS:
        yield "a", Graph(graph)


def _is_complete(order, root, inputs_of):
    wanted, new = {root}, [root]
    while new:
        new = [i for n in new for i in inputs_of(n) if i not in wanted]
        wanted |= set(new)
    return sorted(order) == sorted(wanted)


def _is_order(order, root, inputs_of):
    place = {node: k for k, node in enumerate(order)}
    return all(place[n] < place[i] for n in order for i in inputs_of(n))


def _order_adapt(function):
    def run(self):
        """The engine's pass, with the order given by the learner's function instead of a heap."""
        for _, root in list(self.heap):
            for node in function(root, _node_inputs):
                g = self.pending.pop(node, None)
                if g is None:
                    continue
                grads = node.apply(g, self.graph, None)
                if not self.retain:
                    node.release()
                for edge, gi in zip(node.edges, grads):  # noqa: B905 - a vjp may omit trailing inputs
                    if edge is not None and gi is not None:
                        self.give(edge, fit(edge, gi, self.graph, node))
        for entry in self.leaves.values():
            self._finish_leaf(*entry)

    return run


def _node_inputs(node):
    return [e.node if isinstance(e, Slot) else e for e in node.edges if isinstance(e, (Node, Slot))]


def _order_engine(mt):
    def deep(x):
        for _ in range(1500):
            x = x * 0.999
        return x + x.sin()

    return [*gradients(mt, _diamond(mt), wave(4)), *gradients(mt, deep, wave(2))]


@CHAPTER.exercise(
    seam="minitorch.autograd.engine:Pass.run",
    cases=_order_cases,
    engine=_order_engine,
    adapt=_order_adapt,
    hints=(
        "A node may run when all that use it have run: it comes after every one of them.",
        "Depth first: note a node when you leave it, after all its inputs; the list backwards is an order.",
        "A net can be thousands of nodes deep, and Python's recursion is not: keep a stack of (node, leaving).",
    ),
    question=Question(
        "y = x.exp(); z = y * y.sin(). Which of exp, sin, mul runs last in z's backward pass?",
        lambda: topological_order("mul", Graph({"mul": ["exp", "sin"], "sin": ["exp"], "exp": []}))[-1],
    ),
    rules=(
        Rule("each node that can be reached comes exactly once", _is_complete),
        Rule("a node comes before all of its inputs", _is_order),
    ),
    any_right=True,
)
def topological_order(root, inputs_of):
    """All nodes that can be reached from `root`, as a list: each once, and before all of its inputs.

    inputs_of(node) gives the list of a node's inputs (the same one may be in it twice). Graphs can be deep.
    Where several orders are right, yours is one of them: any is taken.
    """
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((i, False) for i in inputs_of(node))
    return order[::-1]


def _useful_adapt(function):
    def useful_nodes(roots, targets):
        edges: dict = {}

        def inputs_of(key):
            found = [e for e in edges[key].edges if e is not None] if isinstance(edges[key], Node) else []
            for e in found:
                edges[_key(e)] = e.node if isinstance(e, Slot) else e
            return [_key(e) for e in found]

        for e in roots:
            edges[_key(e)] = e.node if isinstance(e, Slot) else e
        on_path = function([_key(e) for e in roots], inputs_of, targets)
        return {key: any(i in on_path for i in inputs_of(key)) for key in on_path}

    return useful_nodes


def _useful_cases(rng):
    graphs = [Graph(g) for g in GRAPHS]
    yield ["a"], graphs[0], {"a"}
    yield ["a"], graphs[1], {"b"}
    yield ["a"], graphs[1], {"x"}
    yield ["a"], graphs[2], {"b"}
    yield ["a"], graphs[4], {"b"}
    yield ["b", "c"], graphs[4], {"d"}
    yield ["a"], graphs[5], {"c", "d"}


def _useful_engine(mt):
    x, y = (mt.tensor(wave(3, start=s), requires_grad=True) for s in (1, 2))
    middle = x * y
    out = (middle.sin() * y).sum() + x.sum()
    return [*mt.autograd.grad(out, [middle, y], retain_graph=True), *mt.autograd.grad(out, [x])]


@CHAPTER.exercise(
    seam="minitorch.autograd.engine:useful_nodes",
    cases=_useful_cases,
    engine=_useful_engine,
    adapt=_useful_adapt,
    hints=(
        "A node is on a path if it is a target, or if one of its inputs is on a path.",
        "Take all reachable nodes in an order where inputs come first (03.3, backwards), and decide one by one.",
    ),
    question=Question(
        "autograd.grad(loss, [w]) is asked for. Does the engine compute gradients that lead only to b? yes or no",
        lambda: "yes" if "b" in on_a_path(["loss"], Graph({"loss": ["w", "b"], "w": [], "b": []}), {"w"}) else "no",
    ),
)
def on_a_path(roots, inputs_of, targets):
    """The set of nodes that lie on some path from one of the roots to one of the targets, both ends included.

    roots: a list of nodes; inputs_of(node): the list of a node's inputs; targets: a set of nodes, some of which may
    not be reachable. This is how `autograd.grad` finds out what it need not compute.
    """
    found, seen = set(), set()
    stack = [(root, False) for root in roots]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            if node in targets or any(i in found for i in inputs_of(node)):
                found.add(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((i, False) for i in inputs_of(node))
    return found
