-- The only ways onto the tape: one event of one command, many batches at once, and each batch
-- for itself when some of them do not fit.
--
-- All hold a lock to the end of the caller's transaction. So positions become visible in their
-- order, and a reader that has seen one will never find a smaller one later.
SET LOCAL ROLE truetape_owner;

-- The commonest append. What `tape.append` does for many in sets is done here for one, which
-- takes two thirds of the time. Returns the position, or null when it does not fit: the command
-- id is on the tape already, or the stream is not where the event expects it.
CREATE FUNCTION tape.append_event(
    command_id uuid, input_hash bytea, actor text, correlation uuid, causation bigint,
    stream uuid, version int, name text, body bytea
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    here bigint;
    head_time timestamptz;
    fits boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7310306190861);
    SELECT h.last_position + 1, h.recorded_at,
        NOT EXISTS (SELECT FROM tape.commands c WHERE c.command_id = append_event.command_id)
        AND append_event.version = 1 + coalesce(
            (SELECT s.version FROM tape.streams s WHERE s.stream = append_event.stream), 0)
    INTO here, head_time, fits
    FROM (VALUES (1)) AS always LEFT JOIN (
        SELECT c.last_position, c.recorded_at FROM tape.commands c
        ORDER BY c.last_position DESC LIMIT 1
    ) h ON true;

    IF NOT fits THEN
        RETURN NULL;
    END IF;

    here := coalesce(here, 1);
    head_time := greatest(clock_timestamp(), head_time);
    -- Looking ahead every 512 positions is often enough and costs the appends between nothing.
    IF here & 511 = 1 THEN
        PERFORM tape.make_partitions(here + 1024);
    END IF;
    INSERT INTO tape.events VALUES (
        here, append_event.stream, append_event.version, name, body, uuidv7(), head_time,
        actor, correlation, causation, append_event.command_id);
    INSERT INTO tape.streams VALUES (append_event.stream, append_event.version, here, here)
        ON CONFLICT (stream) DO UPDATE
        SET version = excluded.version, last_position = excluded.last_position;
    INSERT INTO tape.commands VALUES (
        append_event.command_id, append_event.input_hash, here, here, head_time);
    PERFORM pg_notify('tape', here::text);
    RETURN here;
END
$$;

-- Appends the batches of one or more commands, all or nothing. Returns the position of the
-- first event, behind which the others lie in their order; or null when a batch does not fit.
-- A command id that comes twice in the call breaks the key of tape.commands.
--
-- Arrays of the first line have an element per batch, those of the second one per event;
-- `batches` numbers the batch (from 1) an event belongs to, and rises.
CREATE FUNCTION tape.append(
    command_ids uuid[], input_hashes bytea[], actors text[], correlations uuid[], causations bigint[],
    batches int[], streams uuid[], versions int[], names text[], bodies bytea[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    batch_count int := cardinality(command_ids);
    event_count int := cardinality(streams);
    written int;
    head bigint;
    head_time timestamptz;
    fits boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7310306190861);

    -- It fits when no command is known and every stream is where its event expects it. Each
    -- stored row is looked up by a subquery of its own, which a plan made on empty tables
    -- cannot turn into a scan of the whole table.
    SELECT h.last_position, h.recorded_at, NOT (
        EXISTS (
            SELECT FROM unnest(command_ids) AS i(id)
            WHERE (SELECT true FROM tape.commands c WHERE c.command_id = i.id)
        )
        OR EXISTS (
            SELECT FROM (
                SELECT e.stream, e.version,
                    lag(e.version) OVER (PARTITION BY e.stream ORDER BY e.place) AS before
                FROM unnest(streams, versions) WITH ORDINALITY AS e(stream, version, place)
            ) e
            WHERE e.version <> 1 + coalesce(
                e.before, (SELECT s.version FROM tape.streams s WHERE s.stream = e.stream), 0)
        ))
    INTO head, head_time, fits
    FROM (VALUES (1)) AS always LEFT JOIN (
        SELECT c.last_position, c.recorded_at FROM tape.commands c
        ORDER BY c.last_position DESC LIMIT 1
    ) h ON true;

    IF NOT fits THEN
        RETURN NULL;
    END IF;

    head := coalesce(head, 0);
    head_time := greatest(clock_timestamp(), head_time);
    IF head = 0 OR head >> 9 <> (head + event_count) >> 9 THEN
        PERFORM tape.make_partitions(head + event_count + 1024);
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
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> batch_count THEN
        RAISE EXCEPTION 'a batch without events has no place on the tape';
    END IF;

    PERFORM pg_notify('tape', (head + event_count)::text);
    RETURN head + 1;
END
$$;

-- Appends each batch that fits and says what became of every one, in order: stored · repeated
-- (the command id is on the tape, with this input) · reused (it is there with other input) ·
-- conflict (a stream is not where the event expects it). What was decided after a refused
-- event of the same stream is refused with it, even if its version happens to fit.
CREATE FUNCTION tape.append_each(
    command_ids uuid[], input_hashes bytea[], actors text[], correlations uuid[], causations bigint[],
    batches int[], streams uuid[], versions int[], names text[], bodies bytea[]
) RETURNS TABLE (outcome text, first_position bigint, last_position bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    known tape.commands;
    refused_streams uuid[] := '{}';
    low int;
    high int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7310306190861);
    FOR number IN 1 .. cardinality(command_ids) LOOP
        low := high + 1;
        high := coalesce(array_position(batches, number + 1, low) - 1, cardinality(batches));
        SELECT * INTO known FROM tape.commands c WHERE c.command_id = command_ids[number];
        first_position := known.first_position;
        last_position := known.last_position;
        outcome := CASE WHEN known.input_hash = input_hashes[number] THEN 'repeated' ELSE 'reused' END;

        IF known.command_id IS NULL THEN
            outcome := 'conflict';
            IF NOT streams[low:high] && refused_streams THEN
                first_position := tape.append(
                    command_ids[number:number], input_hashes[number:number],
                    actors[number:number], correlations[number:number],
                    causations[number:number], array_fill(1, ARRAY[high - low + 1]),
                    streams[low:high], versions[low:high], names[low:high], bodies[low:high]);
                IF first_position IS NOT NULL THEN
                    outcome := 'stored';
                    last_position := first_position + high - low;
                END IF;
            END IF;
        END IF;
        IF outcome IN ('conflict', 'reused') THEN
            refused_streams := refused_streams || streams[low:high];
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION tape.append, tape.append_event, tape.append_each FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tape.append, tape.append_event, tape.append_each TO truetape_runtime;
