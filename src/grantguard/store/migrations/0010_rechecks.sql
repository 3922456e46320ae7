-- When an account is looked at again though nothing is heard of it. Nobody asks where there is nothing left to spend.
ALTER TABLE risks ADD COLUMN recheck_at timestamptz;
UPDATE risks SET recheck_at = at + interval '7 days';
CREATE INDEX risks_by_recheck ON risks (recheck_at) WHERE promo_credits_left > 0;

-- What a newcomer's ledger was last told to let go of: so much more than was spent then, until a time. Null: the rest.
CREATE TABLE tranches (
    account_id text COLLATE "C" PRIMARY KEY,
    spent double precision NOT NULL,
    credits double precision,
    until timestamptz
);
