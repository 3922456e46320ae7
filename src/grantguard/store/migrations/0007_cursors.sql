-- How far each source has been pulled: moved in the transaction that keeps a page's rows.
CREATE TABLE cursors (
    source text PRIMARY KEY,
    at timestamptz NOT NULL,
    item_id text NOT NULL
);
