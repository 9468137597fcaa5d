"""Layers that compute on a cpu, in less time, what those of a model compute, up to rounding."""
