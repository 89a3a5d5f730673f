"""Discord: the channels that are watched live."""
