"""What an exercise is: a solved function with a docstring, and how it is judged. What a chapter is: a list of them.

    CHAPTER = Chapter("04", "shapes_backwards", "Shapes going backwards", reads=("minitorch/autograd/primitives.py",))

    @CHAPTER.exercise(seam="minitorch.autograd.primitives:_sum_to", cases=..., engine=..., hints=(...), question=...)
    def unbroadcast(g, shape):
        \"\"\"The task, in the docstring: the learner's stub is the signature with it.\"\"\"
        return ...  # our solution: what is expected, and what `show` prints

This file knows nothing of the engine, of files or of the terminal.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rule:
    """A law that a right answer obeys, in words; `holds(result, *arguments)` says whether it does."""

    text: str
    holds: Callable[..., Any]


@dataclass(frozen=True)
class Question:
    """Something to predict before computing it; the answer is computed when it is asked for."""

    text: str
    answer: Callable[[], Any]


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    number    "04.1": the chapter and the place in it
    solution  our own version: its name, signature and docstring are what the learner gets
    seam      the engine's function that is replaced, see plug.py
    cases     cases(rng) yields the arguments of calls, from small to large: the first that fails is the smallest
    engine    engine(mt) runs a piece of the engine that reaches the seam, and gives arrays, the same with ours as with
              the learner's function in place. It uses names that PyTorch has too, unless `portable` is False
    adapt     makes the function that stands at the seam out of the learner's, where the two differ
    hints     shown one at a time, from a nudge to nearly the answer
    rules     laws to be tested on each case, and to be named where they are broken
    any_right several answers are right: the rules decide, and ours is not compared
    writes    positions of the arguments that the function is meant to change
    """

    number: str
    solution: Callable
    seam: str
    cases: Callable[[Any], Iterable[tuple]]
    engine: Callable[[Any], Any]
    hints: Sequence[str]
    question: Question
    adapt: Callable[[Callable], Callable] = lambda function: function
    rules: Sequence[Rule] = ()
    writes: Sequence[int] = ()
    portable: bool = True
    any_right: bool = False

    @property
    def name(self) -> str:
        return self.solution.__name__

    @property
    def statement(self) -> str:
        """The task, as the docstring says it."""
        return inspect.getdoc(self.solution) or ""

    @property
    def summary(self) -> str:
        """The first paragraph of the task, on one line."""
        return " ".join(self.statement.split("\n\n")[0].split())

    @property
    def signature(self) -> str:
        return f"{self.name}{inspect.signature(self.solution)}"

    def source(self) -> str:
        """Our solution as text, without the decorator."""
        lines, node = self._parsed()
        return "\n".join(lines[node.lineno - 1 : node.end_lineno]) + "\n"

    def stub(self) -> str:
        """The signature and the docstring, for the learner to fill in."""
        lines, node = self._parsed()
        return "\n".join(lines[node.lineno - 1 : node.body[0].end_lineno]) + "\n    raise NotImplementedError\n"

    def _parsed(self) -> tuple[list[str], ast.FunctionDef]:
        text = textwrap.dedent(inspect.getsource(self.solution))
        node = ast.parse(text).body[0]
        if not isinstance(node, ast.FunctionDef) or not ast.get_docstring(node):
            raise TypeError(f"exercise {self.number}: a function with a docstring is expected")
        return text.splitlines(), node


@dataclass
class Chapter:
    """One chapter: its number, the name that its files bear, its title, the engine's files to read with it."""

    number: str
    name: str
    title: str
    reads: Sequence[str]
    exercises: list[Exercise] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The learner's file."""
        return f"{self.number}_{self.name}.py"

    def exercise(self, **options: Any) -> Callable[[Callable], Callable]:
        """Decorator: the next exercise of this chapter, with the options of `Exercise`."""

        def register(solution: Callable) -> Callable:
            self.exercises.append(Exercise(f"{self.number}.{len(self.exercises) + 1}", solution, **options))
            return solution

        return register
