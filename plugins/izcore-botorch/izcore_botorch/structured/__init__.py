"""The surrogate ``structured``: a Gaussian process on sentences × coordinates."""
