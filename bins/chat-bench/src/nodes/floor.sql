-- The same world for the floor: 1,000 groups of 5, each group with users and a conversation of its number.
INSERT INTO users (id, username, username_key, email, email_key, created_at, updated_at)
    SELECT n, 'u' || n, 'u' || n, n || '@x', n || '@x', 1, 1 FROM generate_series(1, 5000) n;
INSERT INTO groups (id, name, name_key, member_count, created_at, updated_at)
    SELECT n, 'g' || n, 'g' || n, 5, 1, 1 FROM generate_series(1, 1000) n;
INSERT INTO conversations (id, group_id, created_at) SELECT n, n, 1 FROM generate_series(1, 1000) n;
INSERT INTO group_members (group_id, user_id, role, created_at, updated_at)
    SELECT (n - 1) / 5 + 1, n, 'member', 1, 1 FROM generate_series(1, 5000) n;
INSERT INTO participants (user_id, conversation_id, joined_seq, seen_through, cleared)
    SELECT n, (n - 1) / 5 + 1, 0, 0, 0 FROM generate_series(1, 5000) n;
ANALYZE;
