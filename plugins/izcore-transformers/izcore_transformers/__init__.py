"""Soft-prompt instruction generator and local black box on any causal language model."""
