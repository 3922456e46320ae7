"""Our memory: PostgreSQL, and nothing but PostgreSQL; bundles, as folders of files."""
