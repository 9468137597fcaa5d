"""Formats of other tools for prompts that izcore found."""
