"""torch.autograd.profiler's names: how long which operation takes, as Python's own profiler (cProfile) sees it.

The rows of a table are functions of this package, so they are called as our files call them, not `aten::...`. Shapes,
memory and FLOPs are not recorded.
"""

from __future__ import annotations

import cProfile
import json
import time
from pathlib import Path
from typing import Any

from minitorch.absent import absent_class
from minitorch.autograd.modes import Mode

__all__ = ["emit_nvtx", "profile", "record_function"]

_PACKAGE = str(Path(__file__).parent.parent)
_LISTED = ("ops", "nn", "optim", "linalg.py", "fft.py", "autograd", "tensor", "backend")  # what has rows in a table
_active: list[profile] = []

emit_nvtx = absent_class("autograd.profiler.emit_nvtx", "there are no marks for NVIDIA's profiler; profile() works.")


class record_function(Mode):
    """`with record_function("forward"):` or `@record_function("forward")`: a label, a row of a profile's table."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args

    def clone(self) -> record_function:
        return type(self)(self.name, self.args)

    def __enter__(self) -> record_function:
        self._start = time.perf_counter()
        return self

    def __exit__(self, *exc: object) -> None:
        for running in _active:
            running._labels.append((self.name, self._start, time.perf_counter()))


class Event:
    """A row: `key`, `count`, and times in microseconds."""

    def __init__(self, key: str, count: int, self_cpu_time_total: float, cpu_time_total: float) -> None:
        self.key, self.name, self.count = key, key, count
        self.self_cpu_time_total, self.cpu_time_total = self_cpu_time_total, cpu_time_total

    @property
    def cpu_time(self) -> float:
        """The time of one call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def __repr__(self) -> str:
        return f"<Event {self.key}: {self.count} calls, {_unit(self.cpu_time_total)}>"


class EventList(list):
    """Rows, which `table` prints; `elapsed`: the microseconds that the recording took."""

    elapsed = 0.0

    def table(
        self, sort_by: str | None = None, row_limit: int = 100, max_src_column_width: int = 75,
        max_name_column_width: int = 55, max_shapes_column_width: int = 80, header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:  # fmt: skip
        """The rows as text, in the order of `sort_by` (as of the beginning without it), at most `row_limit`."""
        key = (sort_by or "").replace("cuda", "cpu").replace("device", "cpu")
        if key and not hasattr(Event("", 1, 0, 0), key):
            raise AttributeError(f"table: sort_by={sort_by!r} is no time or count of an event")
        rows = sorted(self, key=lambda e: -getattr(e, key)) if key else list(self)
        total = self.elapsed or 1.0
        heads = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg", "# of Calls"]
        lines = [heads] + [
            [
                e.key[:max_name_column_width], f"{100 * e.self_cpu_time_total / total:.2f}%",
                _unit(e.self_cpu_time_total), f"{100 * e.cpu_time_total / total:.2f}%", _unit(e.cpu_time_total),
                _unit(e.cpu_time), str(e.count),
            ]
            for e in (rows if row_limit < 0 else rows[:row_limit])
        ]  # fmt: skip
        widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
        rule = "  ".join("-" * width for width in widths)
        text = ["  ".join(cell.rjust(w) for cell, w in zip(line, widths, strict=True)) for line in lines]
        head = [header] if header else []
        return "\n".join([*head, rule, text[0], rule, *text[1:], rule, f"Time in all: {_unit(total)}", ""])

    def total_average(self) -> Event:
        """The sum of all rows."""
        total = sum(e.self_cpu_time_total for e in self)
        return Event("Total", sum(e.count for e in self), total, total)


class profile:
    """`with profile() as prof:` times what runs inside; `prof.key_averages().table(sort_by="cpu_time_total")` shows it.

    The other arguments of torch's are taken; what they would add isn't recorded.

    >>> import minitorch as mt
    >>> with mt.autograd.profiler.profile() as prof:
    ...     y = mt.ones(3, 3) @ mt.ones(3, 3)
    >>> "matmul" in prof.key_averages().table()
    True
    """

    def __init__(self, enabled: bool = True, **settings: Any) -> None:
        self.enabled = enabled
        self._labels: list[tuple[str, float, float]] = []
        self._profiler: cProfile.Profile | None = None
        self._found: EventList = EventList()

    def _begin(self) -> None:
        self._labels, self._found = [], EventList()
        self._profiler = cProfile.Profile(builtins=False)  # NumPy's time is that of the operation that calls it
        _active.append(self)
        self._start = time.perf_counter()
        self._profiler.enable()

    def _end(self) -> None:
        if self._profiler is None:
            return
        self._profiler.disable()
        _active.remove(self)
        elapsed = time.perf_counter() - self._start
        self._found = _rows(self._profiler, self._labels)
        self._found.elapsed = elapsed * 1e6
        self._profiler = None

    def __enter__(self) -> Any:
        if self.enabled:
            self._begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, **more: Any) -> EventList:
        """A row for each function and label."""
        return self._found

    def events(self) -> EventList:
        """The same rows: single calls are not kept."""
        return self._found

    def table(self, **options: Any) -> str:
        """key_averages().table(...)."""
        return self._found.table(**options)

    def total_average(self) -> Event:
        """The sum of all rows."""
        return self._found.total_average()

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds in all operations."""
        return self._found.total_average().self_cpu_time_total

    def export_chrome_trace(self, path: Any) -> None:
        """Write the labels (record_function) with their times for chrome://tracing; operations have no times there."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        events = [
            {"name": name, "ph": "X", "pid": 0, "tid": 0, "ts": start * 1e6, "dur": (end - start) * 1e6, "cat": "label"}
            for name, start, end in self._labels
        ]
        Path(path).write_text(json.dumps({"traceEvents": events}))

    def __str__(self) -> str:
        return self._found.table()


def _rows(profiler: cProfile.Profile, labels: list) -> EventList:
    profiler.create_stats()
    found: dict[str, Event] = {}
    for (file, line, name), (_, calls, own, total, _callers) in profiler.stats.items():  # type: ignore[attr-defined]
        where = file.removeprefix(_PACKAGE + "/") if file.startswith(_PACKAGE) else ""
        if not where.startswith(_LISTED) or name.startswith("<"):
            continue
        module = where.removesuffix(".py").replace("/", ".")
        key = f"{module}.{name}" if name != "_" else f"{module} derivative, line {line}"
        event = found.setdefault(key, Event(key, 0, 0.0, 0.0))
        event.count += calls
        event.self_cpu_time_total += own * 1e6
        event.cpu_time_total += total * 1e6
    for name, start, end in labels:
        event = found.setdefault(f"label {name}", Event(f"label {name}", 0, 0.0, 0.0))
        event.count, event.cpu_time_total = event.count + 1, event.cpu_time_total + (end - start) * 1e6
    return EventList(found.values())


def _unit(microseconds: float) -> str:
    for factor, unit in ((1e6, "s"), (1e3, "ms")):
        if microseconds >= factor:
            return f"{microseconds / factor:.3f}{unit}"
    return f"{microseconds:.3f}us"
