"""Exports of the record that are proven without us: the bundle, and the verifiers inside it."""
