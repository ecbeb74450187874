"""The table of operations and checks as one HTML page."""

from __future__ import annotations

import html

from parity.runner import Outcome, snippet

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1c1c1c; background: #fff }
table { border-collapse: collapse } th, td { padding: .25rem .7rem; text-align: left; border-bottom: 1px solid #ddd }
.ok { color: #116329 } .bad { color: #b3261e; font-weight: 600 } pre { background: #f4f4f4; padding: .8rem }
pre { overflow: auto }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #e6e6e6 } th, td { border-color: #3a3a3a }
pre { background: #222 } .ok { color: #6fdd8b } .bad { color: #ff8a80 } }
"""


def write_html(path: str, outcomes: list[Outcome]) -> None:
    """Write the page: a row per operation, a column per check, then every failure with its program."""
    checks = list(dict.fromkeys(o.check for o in outcomes))
    names = list(dict.fromkeys(o.spec.name for o in outcomes))
    cells: dict[tuple[str, str], list[Outcome]] = {}
    for o in outcomes:
        cells.setdefault((o.spec.name, o.check), []).append(o)
    rows = []
    for name in names:
        row = [f"<th scope=row><code>{html.escape(name)}</code></th>"]
        row += [_cell(cells.get((name, check), [])) for check in checks]
        rows.append(f"<tr>{''.join(row)}</tr>")
    head = "".join(f"<th scope=col>{html.escape(c)}</th>" for c in checks)
    failed = [o for o in outcomes if not o.ok]
    details = "".join(
        f"<h3><code>{html.escape(o.spec.name)}</code>, {o.check}, {o.dtype}</h3>"
        f"<pre>{html.escape(str(o.error))}</pre><pre>{html.escape(snippet(o))}</pre>"
        for o in failed
    )
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>minitorch and torch</title><style>{STYLE}</style><h1>minitorch and torch, operation by operation</h1>"
        f"<p>{len(names)} operations, {len(outcomes)} checks, {sum(o.examples for o in outcomes)} cases, "
        f"<span class={'bad' if failed else 'ok'}>{len(failed)} failed</span>.</p>"
        f"<table><thead><tr><th scope=col>operation</th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{details}"
    )
    with open(path, "w", encoding="utf-8") as f:
        f.write(page)


def _cell(found: list[Outcome]) -> str:
    if not found:
        return "<td></td>"
    bad = [o for o in found if not o.ok]
    label = ", ".join(o.dtype for o in (bad or found))
    return f"<td class={'bad' if bad else 'ok'}>{'failed: ' if bad else ''}{html.escape(label)}</td>"
