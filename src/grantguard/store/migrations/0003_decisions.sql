-- What was decided, what came of it, and who must still be told.

CREATE TABLE decisions (
    account_id text COLLATE "C" NOT NULL,
    decision_id text COLLATE "C" NOT NULL,
    grants text[] NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL CHECK (action IN ('allow', 'hold', 'revoke')),
    enforced boolean NOT NULL,
    status text NOT NULL,
    risk double precision,
    p_value double precision,
    held_until timestamptz,
    recheck_credits double precision,
    recheck_at timestamptz,
    reasons jsonb NOT NULL,
    support jsonb NOT NULL,
    promo_credits_spent double precision NOT NULL,
    promo_credits_left double precision NOT NULL,
    model_version text NOT NULL,
    rules_version text NOT NULL,
    seen jsonb NOT NULL,
    PRIMARY KEY (account_id, decision_id)
);
CREATE INDEX decisions_by_id ON decisions (decision_id);
CREATE TRIGGER decisions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE outcomes (
    account_id text COLLATE "C" NOT NULL,
    decision_id text COLLATE "C" NOT NULL,
    status text NOT NULL CHECK (status IN ('applied', 'refused')),
    detail text,
    credits_affected double precision,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, decision_id),
    FOREIGN KEY (account_id, decision_id) REFERENCES decisions
);

CREATE TABLE risks (
    account_id text COLLATE "C" PRIMARY KEY,
    at timestamptz NOT NULL,
    status text NOT NULL,
    risk double precision,
    p_value double precision,
    ring_id text,
    action text NOT NULL,
    promo_credits_spent double precision NOT NULL,
    promo_credits_left double precision NOT NULL,
    model_version text NOT NULL,
    decision_id text
);
CREATE INDEX risks_by_risk ON risks (risk DESC NULLS LAST);

-- How a grant stands with its ledger. Sequence rises with every change, so that a late message can be told from a new one.
CREATE TABLE standing (
    account_id text COLLATE "C" NOT NULL,
    grant_id text COLLATE "C" NOT NULL,
    action text NOT NULL CHECK (action IN ('allow', 'hold', 'revoke')),
    enforced boolean NOT NULL,
    sequence bigint NOT NULL,
    held_until timestamptz,
    evidence text NOT NULL,
    decision_id text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, grant_id)
);
CREATE INDEX standing_holds ON standing (held_until) WHERE action = 'hold';

CREATE TABLE outbox (
    account_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    decision_id text NOT NULL,
    grant_id text COLLATE "C",
    sequence bigint NOT NULL,
    type text NOT NULL,
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    next_try_at timestamptz NOT NULL,
    taken_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    dead_at timestamptz,
    superseded_by text,
    alive boolean NOT NULL
        GENERATED ALWAYS AS (delivered_at IS NULL AND dead_at IS NULL AND superseded_by IS NULL) STORED,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX outbox_due ON outbox (next_try_at) WHERE alive;
CREATE INDEX outbox_by_grant ON outbox (account_id, grant_id, sequence);
CREATE INDEX outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;

CREATE TABLE idempotency (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    response jsonb,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_by_age ON idempotency (expires_at);

CREATE TABLE verdicts (
    account_id text COLLATE "C" NOT NULL,
    given_at timestamptz NOT NULL,
    reviewer text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('abuse', 'genuine', 'compromised')),
    technique text,
    ring_id text,
    note text NOT NULL,
    PRIMARY KEY (account_id, given_at, reviewer)
);
CREATE TRIGGER verdicts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON verdicts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
