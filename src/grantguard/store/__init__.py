"""Our memory. For now: bundles, as folders of files."""
