"""Which tests run where."""

from __future__ import annotations

import sys

import pytest

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="isolation is Linux's")
