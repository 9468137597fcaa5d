"""Plugin modules that are broken on purpose."""
