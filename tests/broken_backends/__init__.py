"""Backends that are broken on purpose, each in one way that one check of the kit catches."""
