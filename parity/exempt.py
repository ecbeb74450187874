"""What has no spec of its own, each with the reason; kept short."""

from __future__ import annotations

# public functions and Tensor methods without a spec: name -> reason
EXEMPT: dict[str, str] = {}

# derivatives that no spec reaches: "op:input" -> reason
UNREACHED: dict[str, str] = {}

# mutations that change nothing: ("op:input", mutation) -> reason
UNNOTICED: dict[tuple[str, str], str] = {}
