"""Named tasks: published collections that can be fetched, synthetic ones, and the bundled demo."""
