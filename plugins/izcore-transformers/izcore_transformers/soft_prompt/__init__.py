"""From a latent to an instruction: projection, scale, meta-prompt, and the text that is written."""
