-- A partition is made in an earlier transaction than the first events in it. To attach one waits
-- for no reader: a statement that was planned before it was there, and sees what was stored with
-- it, knows the head of the tape and not the events below, and a reaction would pass them by.
-- The first one stands from here on, and the next as far ahead as the largest batch.
SET LOCAL ROLE truetape_owner;

CREATE OR REPLACE FUNCTION tape.make_partitions(reach bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    size bigint := (SELECT s.partition_size FROM tape.settings s);
    low bigint := coalesce((SELECT max(p.ends_before) FROM tape.partitions p), 1);
    title text;
BEGIN
    WHILE low <= reach + least(size, 16384) LOOP
        title := 'events_from_' || low;
        EXECUTE format('CREATE TABLE tape.%I (LIKE tape.events INCLUDING INDEXES)', title);
        EXECUTE format('ALTER TABLE tape.%I ADD UNIQUE (stream, version)', title);
        EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE '
            'ON tape.%I FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change()', title);
        EXECUTE format('ALTER TABLE tape.events ATTACH PARTITION tape.%I '
            'FOR VALUES FROM (%s) TO (%s)', title, low, low + size);
        INSERT INTO tape.partitions VALUES (title, low, low + size);
        low := low + size;
    END LOOP;
END
$$;

SELECT tape.make_partitions(1);
