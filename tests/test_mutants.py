"""Every derivative, broken on purpose, must turn the parity checks red."""

from __future__ import annotations

from minitorch.autograd.op import registry
from parity import mutants
from parity.exempt import UNNOTICED, UNREACHED


def test_every_vjp_is_watched() -> None:
    found = mutants.record()
    unreached, survivors = [], []
    for op in registry.values():
        for k, vjp in enumerate(op.vjps):
            label = f"{op.name}:{','.join(op.inputs[i] for i in vjp.inputs) or op.variadic}"
            cases = found.get((op.name, k), [])
            if not cases:
                unreached.append(label)
                continue
            for name, mutate in mutants.MUTATIONS.items():
                if (label, name) not in UNNOTICED and mutants.survives(op, vjp, mutate, cases):
                    survivors.append(f"{label} {name}")
    assert sorted(unreached) == sorted(UNREACHED)
    assert survivors == []
