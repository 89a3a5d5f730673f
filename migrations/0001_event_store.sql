-- The tape: every event once, in one gapless order, never changed.
SET LOCAL ROLE truetape_owner;

-- The size is read when a partition is made, the first one by the first append; changing it
-- never touches those that exist.
CREATE TABLE tape.settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    partition_size bigint NOT NULL DEFAULT 1000000 CHECK (partition_size > 0)
);
INSERT INTO tape.settings DEFAULT VALUES;

-- The envelope is columns, the body is JSON of the business fields.
CREATE TABLE tape.events (
    position bigint PRIMARY KEY,
    stream uuid NOT NULL,
    version int NOT NULL,
    name text NOT NULL,
    body bytea NOT NULL,
    event_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    correlation uuid,
    causation bigint,
    command_id uuid NOT NULL
) PARTITION BY RANGE (position);

-- Every append touches its streams' rows: room on the page keeps those updates off the index.
CREATE TABLE tape.streams (
    stream uuid PRIMARY KEY,
    version int NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL
) WITH (fillfactor = 60);

-- The newest command also says where the tape ends. A single row that is updated by every
-- append would do that too, but a reader's long transaction would make it slow to find.
CREATE TABLE tape.commands (
    command_id uuid PRIMARY KEY,
    input_hash bytea NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL UNIQUE,
    recorded_at timestamptz NOT NULL
);

-- A row stays when its partition is detached, so that new ones begin where the last one ended.
CREATE TABLE tape.partitions (
    name text PRIMARY KEY,
    begins_at bigint NOT NULL UNIQUE,
    ends_before bigint NOT NULL UNIQUE
);

-- The second wall behind the grants: it also stops the owner.
CREATE FUNCTION tape.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the tape is append-only: % on % is refused', TG_OP, TG_RELID::regclass
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON tape.events
    FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON tape.commands
    FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change();
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON tape.streams
    FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change();

-- Makes sure that every position up to `reach` has a partition to go to. A partition is
-- built beside the table and attached when whole: attaching waits for no reader.
CREATE FUNCTION tape.make_partitions(reach bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    size bigint := (SELECT s.partition_size FROM tape.settings s);
    low bigint := coalesce((SELECT max(p.ends_before) FROM tape.partitions p), 1);
    title text;
BEGIN
    WHILE low <= reach LOOP
        title := 'events_from_' || low;
        EXECUTE format('CREATE TABLE tape.%I (LIKE tape.events INCLUDING INDEXES)', title);
        EXECUTE format('ALTER TABLE tape.%I ADD UNIQUE (stream, version)', title);
        EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE '
            'ON tape.%I FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change()', title);
        EXECUTE format('GRANT SELECT ON tape.%I TO truetape_runtime, truetape_reader', title);
        EXECUTE format('ALTER TABLE tape.events ATTACH PARTITION tape.%I '
            'FOR VALUES FROM (%s) TO (%s)', title, low, low + size);
        INSERT INTO tape.partitions VALUES (title, low, low + size);
        low := low + size;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION tape.make_partitions FROM PUBLIC;

GRANT SELECT ON ALL TABLES IN SCHEMA tape TO truetape_runtime, truetape_reader;
