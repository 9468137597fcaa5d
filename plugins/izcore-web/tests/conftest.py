"""Folders of its own for each test, the command line, and a real browser where there is one."""

from support.browser import browser, tab
from support.fixtures import iz, own_folders

__all__ = ["browser", "iz", "own_folders", "tab"]
