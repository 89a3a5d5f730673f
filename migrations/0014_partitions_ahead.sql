-- A partition is made in an earlier transaction than the first events in it. To attach one waits
-- for no reader: a statement that was planned before it was there, and sees what was stored with
-- it, knows the head of the tape and not the events below, and a reaction would pass them by.
-- The first one stands from here on, and the next as far ahead as the largest batch.
SET LOCAL ROLE truetape_owner;

ALTER FUNCTION tape.make_partitions(bigint) RENAME TO make_partitions_up_to;

CREATE FUNCTION tape.make_partitions(reach bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT tape.make_partitions_up_to(reach + least(s.partition_size, 16384)) FROM tape.settings s
$$;
REVOKE ALL ON FUNCTION tape.make_partitions FROM PUBLIC;

SELECT tape.make_partitions(1);
