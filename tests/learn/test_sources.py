"""`show` prints lines of the engine's source where they stand, and refuses to show what is not there."""

from pathlib import Path

import pytest

from minitorch.autograd.op import registry
from minitorch.learn import sources
from minitorch.learn.exercise import Rule

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("thing", "phrase", "head"),
    [
        (Rule, "text: str", ["@dataclass(frozen=True)", "class Rule:"]),
        (sources.show, "inspect.unwrap(thing)", ["def show(thing: Any, *phrases: str) -> None:"]),
        (registry["sin"].vjps[0].fn, "return g * conj(cos(x))", ['@sin.vjp("x")']),
        (sources, "ROOT = Path(", []),
    ],
    ids=["class", "function", "vjp", "module"],
)
def test_lines_are_those_of_the_file(capsys, thing, phrase, head):
    sources.show(thing, phrase)
    first, *shown = capsys.readouterr().out.splitlines()
    lines = (ROOT / first.removeprefix("--- ")).read_text().splitlines()
    quoted = [(int(line[:3]), line[5:]) for line in shown if line != " .."]
    assert all(lines[number - 1].strip() == text.strip() for number, text in quoted)
    assert [text for _, text in quoted][: len(head)] == head
    assert phrase in quoted[-1][1]


def test_what_is_not_there_is_an_error():
    with pytest.raises(LookupError, match="Rule has no line with 'texts: str'"):
        sources.show(Rule, "text: str", "texts: str")
