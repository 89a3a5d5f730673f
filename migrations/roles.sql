-- Roles belong to the cluster, migrations to a database: so this file runs at every start.
-- truetape_owner     owns the tape and the functions that write it; nobody logs in as it
-- truetape_writer    reads the tape and adds to it through the functions; changes nothing on it
-- truetape_projector reads the tape and owns the read tables: adds to no tape
-- truetape_runtime   what goes on beside the tape: market data, the paper broker, snapshots
-- truetape_signer    reads the tape and takes it into the transparency log: adds to no tape
-- truetape_reader    reads what its viewer may see, writes nothing: for the API and outside tools
-- truetape_auditor   reads everything, writes nothing
DO $$
DECLARE
    wanted name;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'truetape_owner', 'truetape_writer', 'truetape_projector', 'truetape_runtime',
        'truetape_signer', 'truetape_reader', 'truetape_auditor'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
        -- A creator that is no superuser may administer the role but not yet act as it.
        IF NOT pg_has_role(current_user, wanted, 'SET') THEN
            EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET TRUE', wanted, current_user);
        END IF;
    END LOOP;
END
$$;

DO $$
BEGIN
    IF NOT has_database_privilege('truetape_owner', current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO truetape_owner', current_database());
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tape') THEN
        CREATE SCHEMA tape AUTHORIZATION truetape_owner;
        GRANT USAGE ON SCHEMA tape TO truetape_runtime, truetape_reader;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'log') THEN
        CREATE SCHEMA log AUTHORIZATION truetape_owner;
        GRANT USAGE ON SCHEMA tape TO truetape_signer;
        GRANT USAGE ON SCHEMA log TO truetape_runtime, truetape_reader, truetape_signer;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'market') THEN
        CREATE SCHEMA market AUTHORIZATION truetape_owner;
        GRANT USAGE ON SCHEMA market TO truetape_runtime, truetape_reader;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'read') THEN
        -- Read tables are made and dropped by the projections at run time.
        CREATE SCHEMA read AUTHORIZATION truetape_projector;
    END IF;
    IF to_regclass('tape.migrations') IS NULL THEN
        CREATE TABLE tape.migrations (
            number int PRIMARY KEY,
            name text NOT NULL,
            checksum bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        ALTER TABLE tape.migrations OWNER TO truetape_owner;
        GRANT SELECT ON tape.migrations TO truetape_runtime, truetape_reader;
    END IF;
END
$$;
