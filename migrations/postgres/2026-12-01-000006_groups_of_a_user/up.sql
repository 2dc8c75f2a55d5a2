-- The groups of a user are listed by id, a page at a time: each page is found at its place.
DROP INDEX group_members_user;
CREATE INDEX group_members_user ON group_members (user_id, group_id);
