"""From a trader's words to a reading: what was meant, or which part is missing and why."""
