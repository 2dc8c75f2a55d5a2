-- Ids are never used twice (AUTOINCREMENT): a link to something deleted never leads to something else.
-- Times are microseconds since 1970 in UTC. Tables found by their key alone have no rowid beside it.

CREATE TABLE users (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    username     TEXT    NOT NULL,
    username_key TEXT    NOT NULL UNIQUE,
    email        TEXT    NOT NULL,
    email_key    TEXT    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER
) STRICT;

CREATE TABLE groups (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    member_count INTEGER NOT NULL DEFAULT 0 CHECK (member_count >= 0),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER
) STRICT;

-- The name of a deleted group is free.
CREATE UNIQUE INDEX groups_living_name ON groups (name_key) WHERE deleted_at IS NULL;

CREATE TABLE group_members (
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_user ON group_members (user_id);
-- At most one owner: a handover demotes first and promotes then.
CREATE UNIQUE INDEX group_members_owner ON group_members (group_id) WHERE role = 'owner';

CREATE TABLE conversations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id     INTEGER UNIQUE REFERENCES groups (id),
    low_user_id  INTEGER REFERENCES users (id),
    high_user_id INTEGER REFERENCES users (id),
    last_seq     INTEGER NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    created_at   INTEGER NOT NULL,
    UNIQUE (low_user_id, high_user_id),
    -- Written without comparing NULLs, because a CHECK that comes to NULL passes.
    CHECK (
        (group_id IS NOT NULL AND low_user_id IS NULL AND high_user_id IS NULL)
        OR (group_id IS NULL AND low_user_id IS NOT NULL AND high_user_id IS NOT NULL
            AND low_user_id < high_user_id)
    )
) STRICT;

CREATE TABLE participants (
    user_id         INTEGER NOT NULL REFERENCES users (id),
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    joined_seq      INTEGER NOT NULL,
    seen_through    INTEGER NOT NULL,
    cleared         INTEGER NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX participants_conversation ON participants (conversation_id, user_id);

CREATE TABLE files (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    url         TEXT    NOT NULL,
    name        TEXT,
    size        INTEGER,
    type        TEXT,
    uploader_id INTEGER REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    deleted_at  INTEGER
) STRICT;

CREATE TABLE messages (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    seq             INTEGER NOT NULL,
    sender_id       INTEGER NOT NULL REFERENCES users (id),
    receiver_id     INTEGER REFERENCES users (id),
    group_id        INTEGER REFERENCES groups (id),
    type            TEXT    NOT NULL,
    content         TEXT,
    file_id         INTEGER REFERENCES files (id),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    deleted_at      INTEGER,
    UNIQUE (conversation_id, seq),
    CHECK ((receiver_id IS NULL) <> (group_id IS NULL))
) STRICT;

-- Each index costs every send one or two microseconds. These three carry pages of a conversation, of
-- the system's view of what a user was sent, and the question who may fetch a file.
CREATE INDEX messages_conversation_living ON messages (conversation_id, id) WHERE deleted_at IS NULL;
CREATE INDEX messages_receiver_living ON messages (receiver_id, id)
    WHERE deleted_at IS NULL AND receiver_id IS NOT NULL;
CREATE INDEX messages_file ON messages (file_id, conversation_id) WHERE file_id IS NOT NULL;

-- Messages marked as seen by name.
CREATE TABLE seens (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    seen_at    INTEGER NOT NULL,
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;

-- Messages marked by an up_to: the places from_seq to to_seq. Ranges of one reader never overlap, so the
-- first that ends at a place or after it is the only one that can hold it.
CREATE TABLE seen_ranges (
    user_id         INTEGER NOT NULL REFERENCES users (id),
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    to_seq          INTEGER NOT NULL,
    from_seq        INTEGER NOT NULL,
    seen_at         INTEGER NOT NULL,
    PRIMARY KEY (user_id, conversation_id, to_seq),
    CHECK (from_seq BETWEEN 1 AND to_seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_ranges_conversation ON seen_ranges (conversation_id, user_id, to_seq);

-- The log: references only, and no foreign keys, since it tells of what was there at its time. What
-- concerns a user alone stands in no conversation. A member's role is kept, because its row may be gone
-- when the event is read.
CREATE TABLE events (
    position        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            INTEGER NOT NULL,
    conversation_id INTEGER,
    message_id      INTEGER,
    user_id         INTEGER,
    role            TEXT,
    actor_id        INTEGER,
    at              INTEGER NOT NULL
) STRICT;

-- One row: which log this is, and the position of its latest event as of the last commit.
CREATE TABLE event_log (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    log_id   TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT;

INSERT INTO event_log (id, log_id, position) VALUES (1, lower(hex(randomblob(16))), 0);
