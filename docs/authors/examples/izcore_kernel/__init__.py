"""A surrogate with a kernel of its own."""
