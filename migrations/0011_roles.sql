-- One role for each kind of work, so that what one connection can do wrong is little.
--
-- The read tables that there are go over to who makes them from now on; the role that had them
-- keeps what a process does beside the tape: market data, the paper broker's books, snapshots.
REASSIGN OWNED BY truetape_runtime TO truetape_projector;
ALTER DEFAULT PRIVILEGES FOR ROLE truetape_runtime IN SCHEMA read
    REVOKE SELECT ON TABLES FROM truetape_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE truetape_projector IN SCHEMA read
    GRANT SELECT ON TABLES TO truetape_reader, truetape_auditor, truetape_owner;

SET LOCAL ROLE truetape_projector;
GRANT USAGE ON SCHEMA read TO truetape_reader, truetape_auditor, truetape_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA read TO truetape_reader, truetape_auditor, truetape_owner;

SET LOCAL ROLE truetape_owner;

-- What is not granted again below is gone, also directly on the partitions: rows are read through
-- the table that says who may see them.
REVOKE ALL ON ALL TABLES IN SCHEMA tape FROM truetape_runtime, truetape_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA log FROM truetape_runtime;
REVOKE USAGE ON SCHEMA log FROM truetape_runtime;
REVOKE ALL ON ALL TABLES IN SCHEMA paper FROM truetape_reader;
REVOKE USAGE ON SCHEMA paper FROM truetape_reader;
REVOKE EXECUTE ON FUNCTION tape.append, tape.append_event, tape.append_each, tape.react
    FROM truetape_runtime;

-- The writer has no INSERT: the functions take the lock and look at versions, which a bare INSERT
-- could leave out. A reaction moves its place in the transaction that stores what it decided.
GRANT USAGE ON SCHEMA tape TO truetape_writer, truetape_projector, truetape_auditor;
GRANT SELECT ON tape.events, tape.streams, tape.commands TO truetape_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON tape.reactions, tape.reaction_memory TO truetape_writer;
GRANT EXECUTE ON FUNCTION tape.append, tape.append_event, tape.append_each, tape.react
    TO truetape_writer;

GRANT SELECT ON tape.events, tape.streams, tape.commands TO truetape_projector;

GRANT SELECT ON tape.events, tape.streams, tape.commands, tape.reactions, tape.reaction_memory,
    tape.migrations TO truetape_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON tape.snapshots TO truetape_runtime;

GRANT SELECT ON tape.events, tape.streams, tape.commands TO truetape_reader;

GRANT USAGE ON SCHEMA log, market, paper TO truetape_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA tape TO truetape_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA log TO truetape_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA market TO truetape_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA paper TO truetape_auditor;

DO $$
DECLARE
    title text;
BEGIN
    FOR title IN SELECT p.name FROM tape.partitions p LOOP
        EXECUTE format('REVOKE ALL ON tape.%I FROM truetape_auditor', title);
    END LOOP;
END
$$;

-- As before, but for the grants: nobody reads a partition but through the table.
CREATE OR REPLACE FUNCTION tape.make_partitions(reach bigint) RETURNS void
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
        EXECUTE format('ALTER TABLE tape.events ATTACH PARTITION tape.%I '
            'FOR VALUES FROM (%s) TO (%s)', title, low, low + size);
        INSERT INTO tape.partitions VALUES (title, low, low + size);
        low := low + size;
    END LOOP;
END
$$;

-- Whose session it is: the program says for whom it asks. A login that is for reading alone cannot
-- say so of itself.
CREATE FUNCTION tape.viewer() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN pg_has_role(session_user, 'truetape_writer', 'MEMBER')
        THEN current_setting('truetape.viewer', true) END
$$;

-- Accounts that are somebody's, and not the viewer's: by their ids, and by their names. An account
-- without a named owner is the community's. Until the read models are there, no owner is known.
CREATE FUNCTION tape.hidden_accounts() RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass('read.account_owners') IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT o.account FROM read.account_owners o
        WHERE o.valid_to = 9223372036854775807
        AND o.owner::text IS DISTINCT FROM tape.viewer()
    );
END
$$;

CREATE FUNCTION tape.hidden_names() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass('read.account_owners') IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT o.name FROM read.account_owners o
        WHERE o.valid_to = 9223372036854775807
        AND o.owner::text IS DISTINCT FROM tape.viewer()
    );
END
$$;

-- Whether a reader may see an event. What is about everybody is shown; what is about an account,
-- unless that is hidden or not known yet; anything else is not for readers.
CREATE FUNCTION tape.is_shown(stream uuid, name text, hidden uuid[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    family text := split_part(is_shown.name, '.', 1);
    of_all boolean := family = ANY ('{
        board, checkpoint, clock, log, log_index, mark, message, notice, ranking, room, sectors,
        signal, trader}');
    about uuid;
BEGIN
    IF NOT of_all AND family <> ALL ('{account, correction, exit_plan, holding, order, report}') THEN
        RETURN false;
    END IF;
    IF cardinality(hidden) = 0 THEN
        RETURN true;
    END IF;
    IF family = 'account' THEN
        RETURN is_shown.stream <> ALL (hidden);
    END IF;
    SELECT b.account INTO about FROM read.timeline_belongs b WHERE b.stream = is_shown.stream;
    IF NOT FOUND THEN
        RETURN of_all;
    END IF;
    RETURN about IS NULL OR about <> ALL (hidden);
END
$$;

REVOKE ALL ON FUNCTION tape.viewer, tape.hidden_accounts, tape.hidden_names, tape.is_shown
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tape.viewer, tape.hidden_accounts, tape.hidden_names, tape.is_shown
    TO truetape_reader;

-- The owner, as whom the append functions run, is not asked.
ALTER TABLE tape.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON tape.events FOR SELECT TO
    truetape_writer, truetape_projector, truetape_runtime, truetape_auditor, truetape_signer
    USING (true);
CREATE POLICY shown ON tape.events FOR SELECT TO truetape_reader
    USING (tape.is_shown(stream, name, (SELECT tape.hidden_accounts())));
