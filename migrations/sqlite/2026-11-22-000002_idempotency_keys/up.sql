-- What the first change under a key came to, written together with it. `actor` is a user's id, or 0 for
-- the system, whose callers are one; it is no reference, so that 0 needs no row.
CREATE TABLE idempotency_keys (
    actor       INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    answer      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;

-- Answers are forgotten by their age.
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
