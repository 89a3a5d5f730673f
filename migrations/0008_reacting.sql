-- A reaction takes its place without a transaction and moves it in one statement: what it decided
-- from elsewhere than its place is not stored.
SET LOCAL ROLE truetape_owner;

-- What a reaction came to: what it remembers, its place, and what it decided. The events come
-- last, because from then on nobody else can append before the transaction ends.
--
-- `single` is for commands of which an id comes twice. Arguments from there on are those of
-- `tape.append`. What is on the tape already counts as stored. When the place has moved, another
-- event took the place of one of these, or a command id was used for other input, nothing is
-- stored.
CREATE FUNCTION tape.react(
    name text, place bigint, reached bigint, kept text[], contents bytea[], gone text[],
    single boolean,
    command_ids uuid[], input_hashes bytea[], actors text[], correlations uuid[], causations bigint[],
    batches int[], streams uuid[], versions int[], names text[], bodies bytea[]
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    refused text;
BEGIN
    UPDATE tape.reactions SET position = reached, updated_at = clock_timestamp()
    WHERE reaction = name AND position = place AND state = 'running';
    IF NOT FOUND THEN
        RAISE serialization_failure USING MESSAGE = 'somebody was faster: the place has moved';
    END IF;
    IF cardinality(gone) > 0 THEN
        DELETE FROM tape.reaction_memory WHERE reaction = name AND key = ANY (gone);
    END IF;
    IF cardinality(kept) > 0 THEN
        INSERT INTO tape.reaction_memory (reaction, key, value)
        SELECT name, k.key, k.value FROM unnest(kept, contents) AS k(key, value)
        ON CONFLICT (reaction, key) DO UPDATE SET value = excluded.value;
    END IF;
    IF cardinality(command_ids) = 0 THEN
        RETURN;
    END IF;

    -- A decision is durable before anybody hears of it.
    PERFORM set_config('synchronous_commit', 'on', true);
    IF NOT single THEN
        IF tape.append(command_ids, input_hashes, actors, correlations, causations,
                       batches, streams, versions, names, bodies) IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT outcome INTO refused
    FROM tape.append_each(command_ids, input_hashes, actors, correlations, causations,
                          batches, streams, versions, names, bodies)
    WHERE outcome IN ('conflict', 'reused') LIMIT 1;
    IF FOUND THEN
        RAISE serialization_failure USING MESSAGE = 'somebody was faster: ' || refused;
    END IF;
END
$$;

REVOKE ALL ON FUNCTION tape.react FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tape.react TO truetape_runtime;
