-- Who may ask for what, and who did what. What is written here as history cannot be rewritten: the database refuses.

CREATE TABLE keys (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    hash bytea NOT NULL,
    scopes text[] NOT NULL CHECK (scopes <> '{}' AND scopes <@ ARRAY['ingest', 'risk', 'review', 'admin']),
    person boolean NOT NULL CHECK (person OR NOT 'review' = ANY (scopes)),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE UNIQUE INDEX keys_in_force ON keys (name) WHERE revoked_at IS NULL;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, id);
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
