"""Tasks for izcore: files of many formats, and named collections."""
