DROP TABLE tickets;
ALTER TABLE event_log DROP COLUMN forgotten;
DROP INDEX events_membership;
DROP INDEX events_conversation;
