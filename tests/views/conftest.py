"""The library under test of this folder.

MINITORCH_VIEWS_SUBJECT=torch runs torch against itself: then only a test that depends on chance can fail.
"""

import importlib
import os

import pytest


@pytest.fixture(scope="session")
def subject():
    return importlib.import_module(os.environ.get("MINITORCH_VIEWS_SUBJECT", "minitorch"))
