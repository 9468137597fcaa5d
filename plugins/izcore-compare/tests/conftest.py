"""Folders of its own for each test, and the command line."""

from support.fixtures import iz, own_folders

__all__ = ["iz", "own_folders"]
