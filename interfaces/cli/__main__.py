"""Runs the command line with `python -m interfaces.cli`."""

from interfaces.cli.app import main

main()
