-- What a reader of some conversations has missed is found in each of them, and not by a walk over the log.
CREATE INDEX events_conversation ON events (conversation_id, position);

-- When a user was in which group.
CREATE INDEX events_membership ON events (user_id, position) WHERE kind IN (20, 40, 42);

-- Up to here entries may have been forgotten.
ALTER TABLE event_log ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;

-- Of a ticket only a digest is kept. Without a user it is the system's.
CREATE TABLE tickets (
    digest          BLOB    PRIMARY KEY,
    user_id         INTEGER REFERENCES users (id),
    expires_at      INTEGER NOT NULL,
    credentials_end INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX tickets_expiry ON tickets (expires_at);
CREATE INDEX tickets_user ON tickets (user_id);
