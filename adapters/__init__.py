"""The outside world behind the application's ports; imported by the composition root only."""
