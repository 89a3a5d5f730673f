"""Read models: each file is a row type, its table, its fold and its queries."""
