-- What the first change under a key came to, written together with it. `actor` is a user's id, or 0 for
-- the system, whose callers are one; it is no reference, so that 0 needs no row.
--
-- Rows are appended by an id that means nothing else: an answer is then written at the table's end,
-- and only a small entry of the index where its actor stands. With (actor, key) as the table's own key a
-- send under a key cost about a fifth more.
CREATE TABLE idempotency_keys (
    id          INTEGER PRIMARY KEY,
    actor       INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    answer      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (actor, key)
) STRICT;

-- Answers are forgotten by their age.
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
