-- The transparency log: the tape as a Merkle tree (RFC 6962), one row for each leaf.
--
-- A row holds the leaf's hash and those of the subtrees that it completes. The leaf of position
-- p has index p - 1. Rows and where the tree ends are written in one transaction, by a role that
-- can do nothing else, and are never changed.
SET LOCAL ROLE truetape_owner;

CREATE TABLE log.leaves (
    index bigint PRIMARY KEY,
    hashes bytea NOT NULL CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0)
);
-- Hashes do not compress, and a slice of them is all that is ever asked for.
ALTER TABLE log.leaves ALTER COLUMN hashes SET STORAGE PLAIN;

-- Where the tree ends: the roots of the complete subtrees it consists of, largest first.
CREATE TABLE log.frontier (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    size bigint NOT NULL CHECK (size >= 0),
    peaks bytea NOT NULL,
    CHECK (length(peaks) = 32 * bit_count(size::bit(64)))
);
INSERT INTO log.frontier VALUES (true, 0, '');

CREATE FUNCTION log.refuse_shrinking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.peaks <> OLD.peaks) THEN
        RAISE EXCEPTION 'a log only grows: from % to % leaves is refused', OLD.size, NEW.size
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log.leaves
    FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change();
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON log.frontier
    FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change();
CREATE TRIGGER refuse_shrinking BEFORE UPDATE ON log.frontier
    FOR EACH ROW EXECUTE FUNCTION log.refuse_shrinking();

GRANT SELECT ON log.leaves, log.frontier TO truetape_runtime, truetape_reader, truetape_signer;
GRANT INSERT ON log.leaves TO truetape_signer;
GRANT UPDATE ON log.frontier TO truetape_signer;
GRANT SELECT ON tape.events TO truetape_signer;
