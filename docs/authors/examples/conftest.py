"""The plugins of this folder can be imported, as if they were installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
