-- The one way onto the tape.
SET LOCAL ROLE truetape_owner;

-- Appends the batches of one or more commands; each batch is stored whole or not at all.
--
-- Arrays of the first line have an element per batch, those of the second one per event;
-- `batches` numbers the batch (from 1) an event belongs to, and rises.
--
-- When every batch is stored, only `first_position` is set and the events lie in their order
-- from there. Otherwise `outcomes` says stored, repeated, reused or conflict for each batch,
-- and `firsts` and `lasts` where those lie that are on the tape.
--
-- The lock is held to the end of the caller's transaction. So positions become visible in
-- their order, and a reader that has seen one will never find a smaller one later.
CREATE FUNCTION tape.append(
    command_ids uuid[], input_hashes bytea[], actors text[], correlations uuid[], causations bigint[],
    batches int[], streams uuid[], versions int[], names text[], bodies bytea[],
    OUT first_position bigint, OUT outcomes text[], OUT firsts bigint[], OUT lasts bigint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    batch_count int := cardinality(command_ids);
    event_count int := cardinality(streams);
    head bigint;
    head_time timestamptz;
    is_whole boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7310306190861);

    -- Whole means: no known command, no command twice, every stream where its event expects
    -- it. Each stored row is looked up by a subquery of its own, which a plan made on empty
    -- tables cannot turn into a scan of the whole table.
    SELECT h.last_position, h.recorded_at, NOT (
        EXISTS (
            SELECT FROM unnest(command_ids) AS i(id)
            WHERE (SELECT true FROM tape.commands c WHERE c.command_id = i.id)
        )
        OR batch_count > 1
            AND batch_count > (SELECT count(DISTINCT i.id) FROM unnest(command_ids) AS i(id))
        OR EXISTS (
            SELECT FROM (
                SELECT e.stream, e.version,
                    lag(e.version) OVER (PARTITION BY e.stream ORDER BY e.place) AS before
                FROM unnest(streams, versions) WITH ORDINALITY AS e(stream, version, place)
            ) e
            WHERE e.version <> 1 + coalesce(
                e.before, (SELECT s.version FROM tape.streams s WHERE s.stream = e.stream), 0)
        ))
    INTO head, head_time, is_whole
    FROM (VALUES (1)) AS always LEFT JOIN (
        SELECT c.last_position, c.recorded_at FROM tape.commands c
        ORDER BY c.last_position DESC LIMIT 1
    ) h ON true;

    IF NOT is_whole THEN
        SELECT a.outcomes, a.firsts, a.lasts INTO outcomes, firsts, lasts
        FROM tape.append_one_by_one(
            command_ids, input_hashes, actors, correlations, causations,
            batches, streams, versions, names, bodies) a;
        RETURN;
    END IF;

    head := coalesce(head, 0);
    head_time := greatest(clock_timestamp(), head_time);
    -- Looking ahead every 512 positions is often enough and costs the appends between nothing.
    IF head = 0 OR head >> 9 <> (head + event_count) >> 9 THEN
        PERFORM tape.make_partitions(head + event_count + 512);
    END IF;

    INSERT INTO tape.events
    SELECT head + e.place, e.stream, e.version, e.name, e.body, uuidv7(), head_time,
        actors[e.batch], correlations[e.batch], causations[e.batch], command_ids[e.batch]
    FROM unnest(batches, streams, versions, names, bodies)
        WITH ORDINALITY AS e(batch, stream, version, name, body, place);

    INSERT INTO tape.streams
    SELECT e.stream, max(e.version), head + min(e.place), head + max(e.place)
    FROM unnest(streams, versions) WITH ORDINALITY AS e(stream, version, place)
    GROUP BY e.stream
    ON CONFLICT (stream) DO UPDATE
    SET version = excluded.version, last_position = excluded.last_position;

    INSERT INTO tape.commands
    SELECT command_ids[e.batch], input_hashes[e.batch],
        head + min(e.place), head + max(e.place), head_time
    FROM unnest(batches) WITH ORDINALITY AS e(batch, place)
    GROUP BY e.batch;

    PERFORM pg_notify('tape', (head + event_count)::text);
    first_position := head + 1;
END
$$;

-- What became of each batch when not all of them go in. Each stands for itself, in order; what
-- was decided after a refused event of the same stream is refused with it.
CREATE FUNCTION tape.append_one_by_one(
    command_ids uuid[], input_hashes bytea[], actors text[], correlations uuid[], causations bigint[],
    batches int[], streams uuid[], versions int[], names text[], bodies bytea[],
    OUT outcomes text[], OUT firsts bigint[], OUT lasts bigint[]
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    batch_count int := cardinality(command_ids);
    known tape.commands;
    refused_streams uuid[] := '{}';
    stored_at bigint;
    low int;
    high int := 0;
BEGIN
    FOR number IN 1 .. batch_count LOOP
        low := high + 1;
        high := coalesce(array_position(batches, number + 1) - 1, cardinality(batches));
        SELECT * INTO known FROM tape.commands c WHERE c.command_id = command_ids[number];
        stored_at := NULL;
        IF known.command_id IS NULL AND batch_count > 1 AND NOT streams[low:high] && refused_streams
        THEN
            SELECT a.first_position INTO stored_at FROM tape.append(
                command_ids[number:number], input_hashes[number:number], actors[number:number],
                correlations[number:number], causations[number:number],
                array_fill(1, ARRAY[high - low + 1]), streams[low:high],
                versions[low:high], names[low:high], bodies[low:high]) a;
        END IF;
        outcomes[number] := CASE
            WHEN stored_at IS NOT NULL THEN 'stored'
            WHEN known.command_id IS NULL THEN 'conflict'
            WHEN known.input_hash = input_hashes[number] THEN 'repeated'
            ELSE 'reused' END;
        firsts[number] := coalesce(stored_at, known.first_position);
        lasts[number] := coalesce(stored_at + high - low, known.last_position);
        IF outcomes[number] IN ('conflict', 'reused') THEN
            refused_streams := refused_streams || streams[low:high];
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION tape.append, tape.append_one_by_one FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tape.append TO truetape_runtime;
