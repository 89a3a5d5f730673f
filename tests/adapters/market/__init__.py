"""Sources of market data, each against a stateful fake of its server."""
