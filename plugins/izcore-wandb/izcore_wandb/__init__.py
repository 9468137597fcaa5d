"""Weights & Biases as a tracker of izcore."""
