"""The database of runs, trials, proposals and completions."""
