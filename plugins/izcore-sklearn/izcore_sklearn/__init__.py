"""Surrogates for people without torch, on scikit-learn: a Gaussian process and a random forest."""
