"""A command that prints the best instruction of a run."""
