"""From an instruction to its scores: prompts, calls, budget, metric and statistics."""
