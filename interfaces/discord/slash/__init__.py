"""Slash commands: what members ask for, and what they say to the bot by name."""
