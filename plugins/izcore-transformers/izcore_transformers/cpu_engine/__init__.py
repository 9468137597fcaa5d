"""What makes a model quicker on a cpu, with the same results up to rounding."""
