-- Two people for a correction: who asked and who approved, kept beside the tape by the database
-- itself. The program cannot write here, and whatever puts an event on the tape passes by here.
SET LOCAL ROLE truetape_owner;

-- `person` is whoever it is, `name` what they were called. What was put right by one person, when
-- that was possible, is marked; nothing can be marked so any more.
CREATE TABLE tape.corrections (
    correction uuid PRIMARY KEY,
    requested_by text NOT NULL CHECK (requested_by <> ''),
    requested_name text NOT NULL CHECK (requested_name <> ''),
    approved_by text CHECK (approved_by <> ''),
    approved_name text CHECK (approved_name <> ''),
    made_alone boolean NOT NULL DEFAULT false,
    CONSTRAINT corrections_take_two CHECK (
        made_alone OR (approved_by <> requested_by AND approved_name <> requested_name)
    ),
    CHECK ((approved_by IS NULL) = (approved_name IS NULL))
);

INSERT INTO tape.corrections
SELECT r.stream, 'member:' || (convert_from(r.body, 'UTF8')::jsonb ->> 'by'),
    convert_from(r.body, 'UTF8')::jsonb ->> 'by',
    'member:' || (convert_from(a.body, 'UTF8')::jsonb ->> 'by'),
    convert_from(a.body, 'UTF8')::jsonb ->> 'by',
    a.stream IS NOT NULL
FROM tape.events r
LEFT JOIN tape.events a ON a.stream = r.stream AND a.name = 'correction.applied'
WHERE r.name = 'correction.requested';

CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON tape.corrections
    FOR EACH STATEMENT EXECUTE FUNCTION tape.refuse_change();

-- A corrective event whose correction was asked for here waits for the other person's yes. What
-- brokers restate names no request of ours.
CREATE FUNCTION tape.take_two() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    said jsonb := convert_from(NEW.body, 'UTF8')::jsonb;
    about uuid := NEW.stream;
BEGIN
    IF NEW.name = 'correction.requested' THEN
        INSERT INTO tape.corrections (correction, requested_by, requested_name)
        VALUES (NEW.stream, said ->> 'person', said ->> 'by');
        RETURN NULL;
    END IF;
    IF NEW.name = 'correction.approved' THEN
        UPDATE tape.corrections
        SET approved_by = coalesce(said ->> 'person', ''), approved_name = said ->> 'by'
        WHERE correction = NEW.stream AND approved_by IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the correction % was not asked for, or is approved', NEW.stream
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END IF;
    IF NEW.name <> 'correction.applied' THEN
        about := (said ->> 'correction')::uuid;
    END IF;
    IF EXISTS (SELECT FROM tape.corrections c
               WHERE c.correction = about AND c.approved_by IS NULL) THEN
        RAISE EXCEPTION 'the correction % is approved by nobody', about
            USING ERRCODE = 'check_violation', CONSTRAINT = 'corrections_take_two';
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION tape.take_two FROM PUBLIC;

-- The partitions that there are and those to come have it too. The names are compared before
-- anything is called: every other event passes at the cost of that.
CREATE TRIGGER take_two AFTER INSERT ON tape.events FOR EACH ROW
WHEN (NEW.name IN (
    'correction.requested', 'correction.approved', 'correction.applied',
    'signal.corrected', 'signal.voided', 'order.trade_corrected', 'order.trade_canceled',
    'mark.corrected', 'account.cash_moved', 'trader.linked', 'trader.unlinked'
))
EXECUTE FUNCTION tape.take_two();

GRANT SELECT ON tape.corrections TO truetape_runtime, truetape_reader;
