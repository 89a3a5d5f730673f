"""Numbers on float64 arrays: option values and what follows from them.

Importing this package alone loads neither numpy nor numba; its modules do, so import them
where they are used and not at the start of a program.
"""
