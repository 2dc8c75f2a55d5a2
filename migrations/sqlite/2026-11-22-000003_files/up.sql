-- Bytes of files, each kept once however many files have them. A doomed blob is on its way out: its hash
-- is free for a new row, so that bytes being removed are never taken for the same ones brought again.
-- `doomed` is NULL and not 0 until then, so that a bound 1 finds its partial index.
CREATE TABLE blobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    size         INTEGER NOT NULL CHECK (size >= 0),
    claimed_at   INTEGER NOT NULL,
    -- NULL while a living file has it, and once it is doomed.
    unused_since INTEGER,
    stored       INTEGER NOT NULL DEFAULT 0 CHECK (stored IN (0, 1)),
    doomed       INTEGER CHECK (doomed = 1)
) STRICT;

CREATE UNIQUE INDEX blobs_hash ON blobs (hash) WHERE doomed IS NULL;
CREATE INDEX blobs_unused ON blobs (unused_since) WHERE unused_since IS NOT NULL;
CREATE INDEX blobs_doomed ON blobs (doomed) WHERE doomed IS NOT NULL;

-- A deleted file has no blob any more. `unused_since` is since when no message may carry the file; NULL
-- while one does, and when it is deleted.
ALTER TABLE files ADD COLUMN blob_id INTEGER REFERENCES blobs (id);
ALTER TABLE files ADD COLUMN unused_since INTEGER;

-- Whether any message carries them was not kept until now: each is looked at once.
UPDATE files SET unused_since = CAST(unixepoch('subsec') * 1000000 AS INTEGER)
WHERE deleted_at IS NULL;

CREATE INDEX files_blob ON files (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX files_unused ON files (unused_since) WHERE unused_since IS NOT NULL;

-- Uploads that can be resumed. How far one has come is all NULL before its first byte; of one that has
-- become a file, `mark` and `head` are NULL again.
CREATE TABLE uploads (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uploader_id INTEGER REFERENCES users (id),
    name        TEXT,
    metadata    TEXT,
    length      INTEGER NOT NULL CHECK (length >= 0),
    offset      INTEGER CHECK (offset BETWEEN 0 AND length),
    mark        BLOB,
    digest      BLOB,
    head        BLOB,
    file_id     INTEGER REFERENCES files (id),
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX uploads_expiry ON uploads (expires_at);

-- Deleted groups whose files have not all been told that no message there carries them any more, and how
-- far that has come: deleting a group must not take the time that its history would.
CREATE TABLE file_releases (
    conversation_id INTEGER NOT NULL PRIMARY KEY REFERENCES conversations (id),
    after_file_id   INTEGER NOT NULL,
    unused_since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The files of a conversation, for that. A message without a file is not in it and costs it nothing.
CREATE INDEX messages_conversation_file ON messages (conversation_id, file_id) WHERE file_id IS NOT NULL;
