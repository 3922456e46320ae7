-- What reviewers do beside verdicts: whose turn an account is, revocations that wait for a second person, appeals.

-- Whoever claims an account has it until a moment, and then anybody may.
CREATE TABLE claims (
    account_id text COLLATE "C" PRIMARY KEY,
    person text NOT NULL,
    claimed_at timestamptz NOT NULL,
    claimed_until timestamptz NOT NULL
);
CREATE INDEX claims_by_person ON claims (person);

-- Revocations that somebody asked for and that wait for a second person. Who asked cannot confirm: the database refuses.
CREATE TABLE revocations (
    account_id text COLLATE "C" NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    ring_id text,
    technique text,
    note text NOT NULL,
    credits double precision NOT NULL,
    settled_at timestamptz,
    settled_by text,
    outcome text CHECK (outcome IN ('confirmed', 'declined', 'withdrawn')),
    settled_note text,
    PRIMARY KEY (account_id, asked_at),
    CHECK (outcome <> 'confirmed' OR settled_by <> asked_by),
    CHECK ((settled_at IS NULL) = (outcome IS NULL) AND (settled_at IS NULL) = (settled_by IS NULL))
);
CREATE UNIQUE INDEX revocations_waiting ON revocations (account_id) WHERE settled_at IS NULL;

-- What account holders say against a decision; of one account one appeal is open at a time.
CREATE TABLE appeals (
    appeal_id text COLLATE "C" PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    decision_id text NOT NULL,
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    message text NOT NULL,
    settled_at timestamptz,
    settled_by text,
    outcome text CHECK (outcome IN ('overturned', 'upheld')),
    settled_note text,
    CHECK ((settled_at IS NULL) = (outcome IS NULL) AND (settled_at IS NULL) = (settled_by IS NULL))
);
CREATE UNIQUE INDEX appeals_open ON appeals (account_id) WHERE settled_at IS NULL;
CREATE INDEX appeals_by_time ON appeals (received_at, appeal_id);
CREATE INDEX appeals_by_account ON appeals (account_id);

-- Who was drawn at random into the queue of a day, and with which probability: what is missed is estimated from it.
CREATE TABLE draws (
    account_id text COLLATE "C" NOT NULL,
    drawn_on date NOT NULL,
    drawn_with double precision NOT NULL CHECK (drawn_with > 0 AND drawn_with <= 1),
    PRIMARY KEY (account_id, drawn_on)
);
CREATE INDEX draws_by_day ON draws (drawn_on);

-- Figures that take long to count, as they were last counted; wanted since where somebody asked for them anew.
CREATE TABLE figures (
    name text COLLATE "C" PRIMARY KEY,
    counted_at timestamptz,
    told jsonb,
    wanted_at timestamptz
);

CREATE INDEX accounts_by_organization ON accounts (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_action ON audit (action COLLATE "C", id);
CREATE INDEX audit_by_accounts ON audit USING gin ((detail -> 'accounts')) WHERE detail ? 'accounts';
CREATE INDEX verdicts_by_time ON verdicts (given_at);
CREATE INDEX decisions_by_time ON decisions (at) WHERE action = 'hold';
