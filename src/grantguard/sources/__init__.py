"""Usage in: files for now."""
