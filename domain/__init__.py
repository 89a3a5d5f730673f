"""What Truetape knows about the trade: aggregates, their events and pure accounting.

Nothing here reads a clock, draws a random number or does I/O: times and ids come in
with the command.
"""
