"""What a summary found, and how it is written: as text and as HTML."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

TITLES = ("Layer", "Output shape", "Parameters", "Mult-adds")


@dataclass
class Row:
    """One module at one place in the tree. None: not known."""

    path: str
    kind: str
    depth: int
    parameters: int | None  # those that it holds itself; of a row whose children are hidden, theirs as well
    output: str = ""  # shape, or shapes, of the last call's output
    calls: int = 0
    multiply_adds: int = 0
    again: bool = False  # the module has a row further up: its parameters are counted there
    has_children: bool = False

    @property
    def name(self) -> str:
        own = self.path.rpartition(".")[2]
        return f"{own}: {self.kind}" if own else self.kind


@dataclass
class ModelSummary:
    """The result of `minitorch.summary`; str() and notebooks show it as a table. Sizes are in bytes."""

    rows: list[Row]
    total_parameters: int
    trainable_parameters: int
    uninitialized: int  # parameters whose shape isn't known yet
    ran: bool  # whether there was an input
    multiply_adds: int = 0
    input_bytes: int = 0
    activation_bytes: int = 0
    parameter_bytes: int = 0
    buffer_bytes: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def total_bytes(self) -> int:
        return self.input_bytes + self.activation_bytes + self.parameter_bytes + self.buffer_bytes

    def facts(self) -> list[tuple[str, str]]:
        """The lines below the table."""
        unknown = f" + {self.uninitialized} uninitialized tensors" if self.uninitialized else ""
        lines = [
            ("Parameters", f"{self.total_parameters:,}{unknown}"),
            ("Trainable", f"{self.trainable_parameters:,}"),
            ("Not trainable", f"{self.total_parameters - self.trainable_parameters:,}"),
        ]
        if self.ran:
            lines.append(("Mult-adds", f"{self.multiply_adds:,}"))
            lines += [("Input", size(self.input_bytes)), ("Activations of a forward pass", size(self.activation_bytes))]
        lines.append(("Memory of parameters", size(self.parameter_bytes)))
        if self.buffer_bytes:
            lines.append(("Memory of buffers", size(self.buffer_bytes)))
        if self.ran:
            lines.append(("Memory in all", size(self.total_bytes)))
        return lines

    def __str__(self) -> str:
        tree = zip(branches(self.rows), self.rows, strict=True)
        drawn = [(branch + row.name, *cells(row, self.ran)) for branch, row in tree]
        table: list[tuple[str, ...]] = [TITLES, *drawn]
        if not self.ran:
            table = [(line[0], line[2]) for line in table]
        width = [max(len(line[k]) for line in table) for k in range(len(table[0]))]
        left = {0, 1} if self.ran else {0}
        texts = [
            "  ".join(f"{cell:{'<' if k in left else '>'}{width[k]}}" for k, cell in enumerate(line)).rstrip()
            for line in table
        ]
        rule = "=" * (sum(width) + 2 * (len(width) - 1))
        label = max(len(name) for name, _ in self.facts())
        below = [f"{name:<{label}}  {value}" for name, value in self.facts()]
        return "\n".join([texts[0], rule, *texts[1:], rule, *below, *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def line(texts: tuple, tag: str, depth: int = 0) -> str:
            style = ["text-align:left", "text-align:left", "text-align:right", "text-align:right"]
            style[0] += f";padding-left:{1.2 * depth + 0.4:.1f}em"
            return "<tr>" + "".join(
                f'<{tag} style="{s}">{html.escape(t)}</{tag}>' for t, s in zip(texts, style, strict=True)
            ) + "</tr>"  # fmt: skip

        body = "".join(line((row.name, *cells(row, self.ran)), "td", row.depth) for row in self.rows)
        below = "".join(f"<tr><td>{html.escape(n)}</td><td>{html.escape(v)}</td></tr>" for n, v in self.facts())
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        head = f"<thead>{line(TITLES, 'th')}</thead>"
        return f"<table>{head}<tbody>{body}</tbody></table><table><tbody>{below}</tbody></table>{notes}"


def cells(row: Row, ran: bool) -> tuple[str, str, str]:
    """Output shape, parameters and multiply-adds of a row as text."""
    output = row.output if row.calls else "not called" if ran and not row.has_children else "-"
    if row.calls > 1 and not row.again:
        output += f" ({row.calls} calls)"
    number = "uninitialized" if row.parameters is None else f"{row.parameters:,}" if row.parameters else "-"
    return output, "(above)" if row.again else number, f"{row.multiply_adds:,}" if row.multiply_adds else "-"


def size(n: float) -> str:
    """A number of bytes in words: 1536 -> '1.5 KiB'."""
    if n < 1024:
        return f"{n:.0f} B"
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        n /= 1024
        if n < 1024 or unit == "TiB":
            break
    return f"{n:.1f} {unit}"


def branches(rows: list[Row]) -> list[str]:
    """The lines of the tree in front of each row's name."""
    drawn = []
    for k, row in enumerate(rows):
        text = ""
        for level in range(1, row.depth + 1):
            after = next((r for r in rows[k + 1 :] if r.depth <= level), None)
            goes_on = after is not None and after.depth == level
            if level == row.depth:
                text += "├─ " if goes_on else "└─ "
            else:
                text += "│  " if goes_on else "   "
        drawn.append(text)
    return drawn
