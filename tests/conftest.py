"""Hypothesis profiles: `ci` (the default; derandomized, minutes), `deep` (thousands of examples), `dev`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Tests run side by side: libraries that each start a thread per core would wait for one another most of the time.
# Set here since they read it once, when they are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_common = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": False}
settings.register_profile("ci", derandomize=True, max_examples=16, database=None, **_common)
settings.register_profile("dev", max_examples=30, **_common)
settings.register_profile("deep", max_examples=1000, **_common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
