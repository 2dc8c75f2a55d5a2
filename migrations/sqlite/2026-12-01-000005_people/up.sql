-- What a user is called and shown by, and by what the system knows it elsewhere. The avatar is no reference
-- that the tables keep: files refer to users, and a move takes one table after the other. No file is ever
-- deleted as a row; `chat-server recount` looks whether it lives.
ALTER TABLE users ADD COLUMN display_name TEXT;
ALTER TABLE users ADD COLUMN avatar_file_id INTEGER;
ALTER TABLE users ADD COLUMN external_id TEXT;

-- All three are NULL of a deleted user; its other keys are such as no living user can have.
CREATE UNIQUE INDEX users_external_id ON users (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX users_avatar ON users (avatar_file_id) WHERE avatar_file_id IS NOT NULL;

-- With a user go the uploads that it has begun.
CREATE INDEX uploads_uploader ON uploads (uploader_id) WHERE uploader_id IS NOT NULL;
