"""From prompts to the tokens that a model goes on with."""
