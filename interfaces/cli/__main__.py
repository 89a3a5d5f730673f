"""Runs the command line with `python -m interfaces.cli`."""

from interfaces.cli.app import main

# A process that helps with a rebuild loads this module too, by another name.
if __name__ == "__main__":
    main()
