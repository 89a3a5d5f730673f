"""The transparency log: a Merkle tree over all events, and the texts that say what it proves.

Everything here is computation: hashes are read through a port, signatures are made and checked
by callables, time comes in. `docs/decisions/transparency-log.md` says why it is as it is.
"""
