"""Measurements side by side with torch: `python -m benchmarks`."""
