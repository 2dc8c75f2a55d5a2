DROP INDEX uploads_uploader;
DROP INDEX users_avatar;
DROP INDEX users_external_id;
ALTER TABLE users DROP COLUMN external_id;
ALTER TABLE users DROP COLUMN avatar_file_id;
ALTER TABLE users DROP COLUMN display_name;
