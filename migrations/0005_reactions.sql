-- Each reaction's place on the tape and what it remembers; moved in the transaction that
-- stores what it decided.
SET LOCAL ROLE truetape_owner;

CREATE TABLE tape.reactions (
    reaction text PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'running',
    reason text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE tape.reaction_memory (
    reaction text NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (reaction, key)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON tape.reactions, tape.reaction_memory TO truetape_runtime;
GRANT SELECT ON tape.reactions, tape.reaction_memory TO truetape_reader;
