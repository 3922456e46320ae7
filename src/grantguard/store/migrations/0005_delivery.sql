-- Why a message did not get through, and a ledger that wants no more: both outlive the process that learnt it.

ALTER TABLE outbox ADD COLUMN reason text;

-- A stop is in force until somebody starts delivery again; stops that are over stay as history.
CREATE TABLE stops (
    stopped_at timestamptz PRIMARY KEY,
    reason text NOT NULL,
    started_at timestamptz
);
CREATE UNIQUE INDEX stops_in_force ON stops ((true)) WHERE started_at IS NULL;
