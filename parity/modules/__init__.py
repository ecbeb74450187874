"""Specs of the layers, a file for each family; see parity/module_spec.py."""
