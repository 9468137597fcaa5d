"""The search: what is tried next, on how many examples, and what came of it."""
