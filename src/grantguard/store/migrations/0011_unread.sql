-- From when on an account has requests that nobody has read; null: none. Who looks for a value among them need not look
-- through all that the account ever sent. Of what waits already nothing is known.
ALTER TABLE marks ADD COLUMN unread_since timestamptz;
UPDATE marks SET unread_since = '-infinity';
