"""The benchmarks are scripts beside each other, not a package: their tests import them as they do."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "worlds"), str(HERE / "end_to_end")]
