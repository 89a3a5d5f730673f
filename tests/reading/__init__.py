"""Rooms of messages written for this project, and how well they are read."""
