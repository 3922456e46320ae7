"""``python -m grantguard``."""

from grantguard.cli import main

main()
