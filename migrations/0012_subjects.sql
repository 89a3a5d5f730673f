-- The keys under which people's names and words are sealed on the tape. Each is wrapped by a master
-- key that is not in the database, and found by a keyed hash of the person: the table names nobody.
--
-- What happens to a key is the story of the stream that is its id. A key is destroyed by the event
-- that says so, in the statement that stores it, and by nothing else: there is no erasure without
-- its event, no such event without the erasure, and neither while a hold is in force.
SET LOCAL ROLE truetape_owner;

CREATE TABLE tape.subject_keys (
    key_id uuid PRIMARY KEY,
    lookup bytea NOT NULL UNIQUE CHECK (length(lookup) = 32),
    wrapped bytea NOT NULL CHECK (length(wrapped) = 60),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Since `cleaned_at` no read model, memory or cache holds any more what the key had opened.
CREATE TABLE tape.erased_keys (
    key_id uuid PRIMARY KEY,
    position bigint NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    cleaned_at timestamptz
);

CREATE FUNCTION tape.destroy_subject_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FILTER (WHERE e.name = 'subject.hold_placed')
             > count(*) FILTER (WHERE e.name = 'subject.hold_lifted')
        FROM tape.events e WHERE e.stream = NEW.stream) THEN
        RAISE EXCEPTION 'a hold is in force: the key % is not destroyed', NEW.stream
            USING ERRCODE = 'check_violation', CONSTRAINT = 'no_erasure_under_hold';
    END IF;
    DELETE FROM tape.subject_keys WHERE key_id = NEW.stream;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no key % to destroy', NEW.stream
            USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO tape.erased_keys (key_id, position) VALUES (NEW.stream, NEW.position);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION tape.destroy_subject_key FROM PUBLIC;

CREATE TRIGGER destroy_subject_key AFTER INSERT ON tape.events FOR EACH ROW
WHEN (NEW.name = 'subject.erased') EXECUTE FUNCTION tape.destroy_subject_key();

-- Nobody deletes a key by hand, not even who owns the table, and none comes back from a backup.
CREATE TRIGGER refuse_change BEFORE UPDATE OR TRUNCATE ON tape.subject_keys
    FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change();
CREATE TRIGGER refuse_deletion BEFORE DELETE ON tape.subject_keys
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION tape.refuse_change();
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON tape.erased_keys
    FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change();

CREATE FUNCTION tape.refuse_return() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM tape.erased_keys WHERE key_id = NEW.key_id) THEN
        RAISE EXCEPTION 'the key % was destroyed, and does not come back', NEW.key_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION tape.refuse_return FROM PUBLIC;
CREATE TRIGGER refuse_return BEFORE INSERT ON tape.subject_keys
    FOR EACH ROW EXECUTE FUNCTION tape.refuse_return();

-- Who writes events seals them, and who reads events opens them.
GRANT SELECT, INSERT ON tape.subject_keys TO truetape_writer;
GRANT SELECT, UPDATE (cleaned_at) ON tape.erased_keys TO truetape_writer;
GRANT SELECT ON tape.subject_keys, tape.erased_keys TO
    truetape_projector, truetape_runtime, truetape_auditor;
-- After an erasure they are thrown away.
GRANT SELECT, DELETE ON tape.snapshots TO truetape_writer;
