"""How Sphinx builds the site."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "izcore"
author = "The izcore authors"
copyright = "2026, the izcore authors"
release = version = installed_version("izcore")

extensions = ["myst_parser", "sphinx.ext.autodoc", "generated_reference"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 4
exclude_patterns = ["_build", "_ext"]

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
# A signature longer than this puts each parameter on a line of its own.
maximum_signature_line_length = 90

html_theme = "furo"
html_title = f"izcore {release}"
