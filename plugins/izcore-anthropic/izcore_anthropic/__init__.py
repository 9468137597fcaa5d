"""Claude as a black box."""
