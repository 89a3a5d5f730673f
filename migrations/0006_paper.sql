-- The paper broker's own books. It is a broker like any other: nothing here is read by projections,
-- and what Truetape knows of it, it knows by its reports. Executions and entries are only added.
SET LOCAL ROLE truetape_owner;

CREATE SCHEMA paper;

-- `version` counts the account's changes: who decided by an older one decides again.
CREATE TABLE paper.accounts (
    account text PRIMARY KEY,
    opened_at timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    cash numeric NOT NULL,
    orders int NOT NULL DEFAULT 0,
    entries bigint NOT NULL DEFAULT 0,
    reports bigint NOT NULL DEFAULT 0,
    accrued jsonb NOT NULL DEFAULT '{}',
    day_trades jsonb NOT NULL DEFAULT '{}',
    looked_until timestamptz NOT NULL
);

CREATE TABLE paper.orders (
    account text NOT NULL REFERENCES paper.accounts,
    cl_ord_id text NOT NULL,
    is_open boolean NOT NULL,
    ticket jsonb,
    state jsonb NOT NULL,
    PRIMARY KEY (account, cl_ord_id)
);
CREATE INDEX open_orders ON paper.orders (account) WHERE is_open;

CREATE TABLE paper.executions (
    account text NOT NULL,
    number bigint NOT NULL,
    cl_ord_id text NOT NULL,
    report jsonb NOT NULL,
    PRIMARY KEY (account, number)
);
CREATE INDEX executions_of_an_order ON paper.executions (account, cl_ord_id, number);

CREATE TABLE paper.positions (
    account text NOT NULL REFERENCES paper.accounts,
    symbol text NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (account, symbol)
);

CREATE TABLE paper.entries (
    account text NOT NULL,
    number bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    entry jsonb NOT NULL,
    PRIMARY KEY (account, number)
);
CREATE INDEX entries_by_time ON paper.entries (account, happened_at);

-- What was used up of a quote; it counts until another quote comes.
CREATE TABLE paper.taken (
    account text NOT NULL REFERENCES paper.accounts,
    symbol text NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (account, symbol)
);

GRANT USAGE ON SCHEMA paper TO truetape_runtime, truetape_reader;
GRANT SELECT, INSERT, UPDATE ON paper.accounts, paper.orders, paper.taken TO truetape_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON paper.positions TO truetape_runtime;
GRANT SELECT, INSERT ON paper.executions, paper.entries TO truetape_runtime;
GRANT SELECT ON ALL TABLES IN SCHEMA paper TO truetape_reader;
