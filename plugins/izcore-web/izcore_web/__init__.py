"""Reports of runs and comparisons: one HTML file to hand on, or live pages from the database."""
