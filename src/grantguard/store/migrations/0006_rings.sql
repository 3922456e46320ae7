-- Who stands in a ring: a verdict may speak for all of them.
CREATE INDEX risks_by_ring ON risks (ring_id, account_id) WHERE ring_id IS NOT NULL;
