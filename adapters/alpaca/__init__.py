"""Alpaca: one account as a broker of equities and US options, over its Trading API v2."""
