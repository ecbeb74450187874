"""Kernels compiled by Numba for the CPU, where it is installed: loops that pass over memory once instead of five times.

`kernels.py` decides what is worth compiling; the other files hold the loops, and import Numba. They are imported when
the first array comes that is long enough.
"""
