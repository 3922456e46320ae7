-- What reviewers do beside verdicts: whose turn an account is, revocations that wait for a second person, appeals.

-- Whoever claims an account has it until a moment, and then anybody may.
CREATE TABLE claims (
    account_id text COLLATE "C" PRIMARY KEY,
    person text NOT NULL,
    claimed_at timestamptz NOT NULL,
    claimed_until timestamptz NOT NULL
);
CREATE INDEX claims_by_person ON claims (person);
