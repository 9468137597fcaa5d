"""The helpers of these tests can be imported, and each test has folders of its own."""

import sys
from pathlib import Path

from support.fixtures import own_folders

__all__ = ["own_folders"]

sys.path.insert(0, str(Path(__file__).resolve().parent))
