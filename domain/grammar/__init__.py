"""From a trader's words to a reading: what was meant, or which part is missing and why.

`domain.grammar.reader.read` reads; it is not imported here, because those who only know the
types of a reading need not compile the grammar.
"""
