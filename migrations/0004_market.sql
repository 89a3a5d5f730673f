-- Recorded market data: evidence is copied into events, the ticks themselves stay out of the tape.
SET LOCAL ROLE truetape_owner;

CREATE TABLE market.quotes (
    symbol text NOT NULL,
    quoted_at timestamptz NOT NULL,
    bid numeric NOT NULL,
    offer numeric NOT NULL,
    bid_size int NOT NULL,
    offer_size int NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (symbol, quoted_at)
);

CREATE TABLE market.bars (
    symbol text NOT NULL,
    begins_at timestamptz NOT NULL,
    open numeric NOT NULL,
    high numeric NOT NULL,
    low numeric NOT NULL,
    close numeric NOT NULL,
    volume bigint NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (symbol, begins_at)
);

GRANT SELECT, INSERT ON market.quotes, market.bars TO truetape_runtime;
GRANT SELECT ON market.quotes, market.bars TO truetape_reader;
