"""Matching of orders with quotes, and the account that what trades is booked in.

One engine serves paper accounts, the demo and backtests. It knows no clock, no database and no
broker: orders, quotes and the time are handed in, reports and book entries come out, and the
same calls give the same answers.

    rules.py       what an account is charged and allowed
    fees.py        regulatory fees, by their dates
    orders.py      an order at the engine, and its reports
    depth.py       which price and size the quotes offer an order
    book.py        cash, positions, and the entries that moved them
    margin.py      what short positions tie up
    checks.py      why an order is refused, in words
    engine.py      take, look, cancel, replace, end of day
    settlement.py  expiry, exercise and assignment
"""
