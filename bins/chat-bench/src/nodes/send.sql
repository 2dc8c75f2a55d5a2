-- What one message takes, written by hand: the statements of the server when it sends one alone.
\set g random(1, 1000)
\set u (:g - 1) * 5 + random(1, 5)
BEGIN;
SELECT id FROM conversations WHERE group_id = :g FOR NO KEY UPDATE;
SELECT role FROM group_members WHERE group_id = :g AND user_id = :u;
UPDATE conversations SET last_seq = last_seq + 1 WHERE id = :g RETURNING last_seq AS seq \gset
INSERT INTO messages (conversation_id, seq, sender_id, group_id, type, content, created_at, updated_at)
    VALUES (:g, :seq, :u, :g, 'text', repeat('0123456789', 10), 1, 1) RETURNING id AS message \gset
UPDATE participants SET cleared = cleared + 1 WHERE user_id = :u AND conversation_id = :g;
INSERT INTO event_outbox (kind, conversation_id, message_id, user_id, actor_id, at)
    VALUES (1, :g, :message, :u, :u, 1);
COMMIT;
