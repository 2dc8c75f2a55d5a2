DROP INDEX messages_conversation_file;
DROP TABLE file_releases;
DROP TABLE uploads;
DROP INDEX files_unused;
DROP INDEX files_blob;
ALTER TABLE files DROP COLUMN unused_since;
ALTER TABLE files DROP COLUMN blob_id;
DROP TABLE blobs;
