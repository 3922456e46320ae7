-- Who may come into the console. Passwords are argon2 hashes; sessions and links that open once are kept as hashes too,
-- so that whoever reads this table can use none of them.

CREATE TABLE people (
    name text PRIMARY KEY,
    password text,
    roles text[] NOT NULL CHECK (roles <> '{}' AND roles <@ ARRAY['reviewer', 'approver', 'admin']),
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    name text NOT NULL REFERENCES people,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_name ON sessions (name);

CREATE TABLE invitations (
    token_hash bytea PRIMARY KEY,
    name text NOT NULL REFERENCES people,
    expires_at timestamptz NOT NULL
);

-- Failed log-ins, of names that there are and of names that there are not: nobody can tell which from being locked out.
CREATE TABLE failures (
    name text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX failures_by_name ON failures (name, at);

-- Why the newest risk is what it is. Reasons are wide and read an account at a time: they are kept apart from the row,
-- so that a queue of everybody stays quick to read; the names of their signals are what a queue is filtered by.
ALTER TABLE risks ADD COLUMN signals text[] NOT NULL DEFAULT '{}', ADD COLUMN reasons jsonb NOT NULL DEFAULT '[]';
ALTER TABLE risks ALTER COLUMN reasons SET STORAGE EXTERNAL;
ALTER TABLE risks SET (toast_tuple_target = 256);
