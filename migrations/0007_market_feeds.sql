-- Market data that is heard live: what nobody told is not zero, and what is missing is on record.
SET LOCAL ROLE truetape_owner;

ALTER TABLE market.quotes ALTER COLUMN bid_size DROP NOT NULL;
ALTER TABLE market.quotes ALTER COLUMN offer_size DROP NOT NULL;

-- A stretch in which a source was not heard; of some symbols only if they are named.
CREATE TABLE market.gaps (
    source text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    why text NOT NULL,
    symbols text[] NOT NULL,
    PRIMARY KEY (source, since, until)
);

-- How far a source was recorded: who begins again knows what is missing.
CREATE TABLE market.recordings (
    source text PRIMARY KEY,
    heard_until timestamptz NOT NULL
);

-- Closing prices that a source told by the day.
CREATE TABLE market.closes (
    symbol text NOT NULL,
    day date NOT NULL,
    price numeric NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (symbol, day)
);

GRANT SELECT, INSERT ON market.gaps, market.closes TO truetape_runtime;
GRANT SELECT, INSERT, UPDATE ON market.recordings TO truetape_runtime;
GRANT SELECT ON market.gaps, market.recordings, market.closes TO truetape_reader;
