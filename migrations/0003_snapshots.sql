-- Snapshots shorten the replay of a long stream. They can be thrown away at any time.
SET LOCAL ROLE truetape_owner;

CREATE TABLE tape.snapshots (
    stream uuid NOT NULL,
    version int NOT NULL,
    name text NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (stream, version)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON tape.snapshots TO truetape_runtime;
GRANT SELECT ON tape.snapshots TO truetape_reader;
