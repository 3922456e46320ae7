-- What was dated of accounts, so that one is scored without the rows of the others (grantguard.dated tells each column).
-- Written by account, read by value: primary keys begin with the account, and an index with what is shared.

CREATE TABLE facts (
    account_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind, value)
);
CREATE INDEX facts_by_value ON facts (kind, value, seen_at) INCLUDE (account_id);

-- Apart from facts, because late events change how an account began: its rows are replaced, not added to.
CREATE TABLE likenesses (
    account_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    seen_at timestamptz NOT NULL,
    likeness text COLLATE "C" NOT NULL,
    bin bigint,
    PRIMARY KEY (account_id, kind, value)
);
CREATE INDEX likenesses_by_value ON likenesses (kind, value, seen_at) INCLUDE (account_id);
CREATE INDEX likenesses_by_likeness ON likenesses (kind, likeness, seen_at) WHERE bin IS NOT NULL;
CREATE INDEX likenesses_by_bin ON likenesses (kind, bin, seen_at) WHERE bin IS NOT NULL;

CREATE VIEW shown AS
    SELECT account_id, kind, value, seen_at FROM facts
    UNION ALL SELECT account_id, kind, value, seen_at FROM likenesses;

CREATE TABLE milestones (
    account_id text COLLATE "C" PRIMARY KEY,
    created_at timestamptz,
    deleted_at timestamptz,
    first_at timestamptz,
    settled_at timestamptz,
    half_at timestamptz,
    paid_at timestamptz
);

CREATE TABLE guests (
    account_id text COLLATE "C" NOT NULL,
    burst text NOT NULL,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, burst)
);
CREATE INDEX guests_by_burst ON guests (burst);

CREATE TABLE arrivals (
    account_id text COLLATE "C" PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
CREATE INDEX arrivals_by_time ON arrivals (seen_at);

CREATE TABLE context_lengths (
    account_id text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,
    step bigint NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (account_id, day, step)
);

-- Made of all context lengths once a day: a day's threshold is known when the day is over.
CREATE TABLE thresholds (
    known_at timestamptz PRIMARY KEY,
    tokens double precision NOT NULL
);
