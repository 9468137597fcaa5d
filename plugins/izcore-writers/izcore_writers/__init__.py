"""Generators that let a language model write instructions: APE, OPRO, EvoPrompt, GEPA."""
