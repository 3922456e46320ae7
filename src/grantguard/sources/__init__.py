"""Usage in: files, LiteLLM pushed and pulled, CloudEvents; files out."""
