"""A scorer behind a REST endpoint."""
