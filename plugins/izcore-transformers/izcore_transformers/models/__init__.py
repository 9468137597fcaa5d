"""Language models: where they come from, how they are loaded, and how they are spoken to."""
