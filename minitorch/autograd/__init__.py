"""The tape: recording operations on tensors and running them backwards.

Layers from below: modes (who records), base (what a tensor is to the tape), node (the tape's entries), saved (what
they keep), op (how a function on arrays becomes an operation), engine (the backward pass), views (in-place and views).
"""
