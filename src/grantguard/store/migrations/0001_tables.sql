-- What comes in: the contract's tables, column by column.
-- Every key starts with the account, so that the tables can be spread over machines by it. Text compares by its
-- bytes: nobody sorts ids by a language, and indexes are smaller and faster for it.

CREATE TABLE accounts (
    account_id text COLLATE "C" PRIMARY KEY,
    created_at timestamptz NOT NULL,
    plan text NOT NULL,
    organization_id text,
    signup_country text,
    email_domain text,
    referred_by text,
    payment_hash text,
    signup_ip_hash text,
    signup_ip_prefix_hash text,
    signup_device_hash text,
    email_hash text,
    deleted_at timestamptz
);

CREATE TABLE grants (
    grant_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    campaign text NOT NULL,
    kind text NOT NULL,
    granted_at timestamptz NOT NULL,
    expires_at timestamptz,
    credits double precision NOT NULL,
    category text,
    PRIMARY KEY (account_id, grant_id)
);
CREATE INDEX grants_by_id ON grants (grant_id);

-- Usage is cut by month, so that what is too old is dropped and not deleted; a month's part is made when its first row
-- comes. The last part takes what belongs nowhere.
CREATE TABLE usage (
    event_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    category text NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    credits double precision NOT NULL,
    grant_id text,
    funding text,
    status text NOT NULL,
    latency_ms bigint,
    session_id text,
    ip_hash text,
    ip_prefix_hash text,
    network text,
    country text,
    device_hash text,
    client text,
    prompt_hash text,
    template_hash text,
    model text,
    PRIMARY KEY (account_id, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);
CREATE TABLE usage_default PARTITION OF usage DEFAULT;

CREATE TABLE billing (
    billing_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    kind text NOT NULL,
    amount_usd double precision NOT NULL,
    PRIMARY KEY (account_id, billing_id)
);

CREATE TABLE campaigns (
    campaign text PRIMARY KEY,
    kind text NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    milestone double precision,
    audience bigint,
    expected_accounts bigint,
    expected_from timestamptz,
    expected_until timestamptz,
    network text,
    email_domain text,
    note text
);

CREATE TABLE labels (
    account_id text COLLATE "C",
    ring_id text,
    label text NOT NULL,
    labelled_at timestamptz NOT NULL,
    reviewer text,
    technique text,
    UNIQUE NULLS NOT DISTINCT (account_id, ring_id, labelled_at, label)
);

-- Accounts that have news and wait to be scored anew. A worker takes a mark for a while rather than locking it while it
-- scores, so that ingesting never waits for scoring; "news" counts what has come, so that news that comes meanwhile
-- keeps the mark.
CREATE TABLE marks (
    account_id text COLLATE "C" PRIMARY KEY,
    marked_at timestamptz NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    news bigint NOT NULL DEFAULT 1,
    taken_until timestamptz
);
CREATE INDEX marks_by_age ON marks (attempts, marked_at);
