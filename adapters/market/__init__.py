"""Market data from outside and from the record: each source behind application.market_data."""
