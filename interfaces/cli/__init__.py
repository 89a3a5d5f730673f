"""The command line."""

from interfaces.cli.app import main

__all__ = ["main"]
