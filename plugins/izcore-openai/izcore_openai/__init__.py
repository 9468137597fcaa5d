"""ChatGPT and every OpenAI-compatible server as a black box."""
