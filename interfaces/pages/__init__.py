"""Pages: the record in a browser, for who checks it: timelines, events, proofs, differences."""
