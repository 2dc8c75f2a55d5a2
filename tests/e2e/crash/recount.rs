//! Every counter against its recount and the log against the tables, in plain SQL. Each query gives what
//! disagrees. It is a second opinion, and shares nothing with the product.

use std::path::Path;

use crate::support::{Data, Database, execute, lines, settle};

const DISAGREEMENTS: [&str; 10] = [
    // A group counts its members.
    "SELECT 'member_count of group ' || g.id AS line FROM groups g
     WHERE member_count <> (SELECT count(*) FROM group_members WHERE group_id = g.id)",
    // Members take part, and nobody else does.
    "SELECT 'user ' || user_id || ' in group ' || group_id AS line FROM (
         SELECT user_id, group_id FROM group_members
         UNION ALL
         SELECT p.user_id, c.group_id FROM participants p
         JOIN conversations c ON c.id = p.conversation_id WHERE c.group_id IS NOT NULL) AS both_sides
     GROUP BY user_id, group_id HAVING count(*) <> 2",
    // Places are 1 to last_seq.
    "SELECT 'last_seq of conversation ' || c.id AS line FROM conversations c
     WHERE last_seq <> (SELECT count(*) FROM messages WHERE conversation_id = c.id)
        OR last_seq <> (SELECT coalesce(max(seq), 0) FROM messages WHERE conversation_id = c.id)",
    // What is not cleared is unseen: of others, after joining, living, marked neither by name nor
    // within a range.
    "SELECT 'cleared of user ' || p.user_id || ' in conversation ' || c.id AS line
     FROM participants p JOIN conversations c ON c.id = p.conversation_id
     WHERE c.last_seq - p.cleared <> (
         SELECT count(*) FROM messages m
         WHERE m.conversation_id = c.id AND m.deleted_at IS NULL
           AND m.sender_id <> p.user_id AND m.seq > p.joined_seq
           AND NOT EXISTS (SELECT 1 FROM seens s
                           WHERE s.message_id = m.id AND s.user_id = p.user_id)
           AND NOT EXISTS (SELECT 1 FROM seen_ranges r
                           WHERE r.conversation_id = c.id AND r.user_id = p.user_id
                             AND m.seq BETWEEN r.from_seq AND r.to_seq))",
    // Everything is seen through the last range.
    "SELECT 'seen_through of user ' || p.user_id || ' in conversation ' || p.conversation_id AS line
     FROM participants p
     WHERE seen_through <> (
         SELECT max(seq) FROM (
             SELECT p.joined_seq AS seq
             UNION ALL SELECT to_seq FROM seen_ranges r
             WHERE r.user_id = p.user_id AND r.conversation_id = p.conversation_id) AS seen)",
    // Each message was logged once when it was sent, and once when it was deleted.
    "SELECT 'events of message ' || m.id AS line FROM messages m
     WHERE (SELECT count(*) FROM events WHERE kind = 1 AND message_id = m.id) <> 1
        OR (SELECT count(*) FROM events WHERE kind = 3 AND message_id = m.id)
            <> (CASE WHEN m.deleted_at IS NULL THEN 0 ELSE 1 END)",
    // Nothing else was logged of messages, and each in the order of its conversation.
    "SELECT 'event ' || position AS line FROM (
         SELECT e.position, e.kind, m.id,
                m.seq - lag(m.seq, 1, 0) OVER (PARTITION BY e.conversation_id ORDER BY e.position)
                    AS step
         FROM events e LEFT JOIN messages m
             ON m.id = e.message_id AND m.conversation_id = e.conversation_id
         WHERE e.kind = 1) AS sent
     WHERE id IS NULL OR step <> 1",
    // Each mark was logged, and each that was logged is there.
    "SELECT 'mark of user ' || user_id || ' on message ' || message_id AS line FROM (
         SELECT DISTINCT user_id, message_id FROM events WHERE kind IN (4, 5)
         UNION ALL SELECT user_id, message_id FROM seens) AS both_sides
     GROUP BY user_id, message_id HAVING count(*) <> 2",
    // Each range was logged, and each that was logged is there.
    "SELECT 'range of user ' || user_id || ' in conversation ' || conversation_id AS line FROM (
         SELECT e.user_id, e.conversation_id, m.seq AS place FROM events e
         JOIN messages m ON m.id = e.message_id WHERE e.kind = 5
         UNION ALL SELECT user_id, conversation_id, to_seq FROM seen_ranges) AS both_sides
     GROUP BY user_id, conversation_id, place HAVING count(*) <> 2",
    // The log ends where it says.
    "SELECT 'position of the log' AS line FROM event_log
     WHERE position <> (SELECT coalesce(max(position), 0) FROM events)",
];

/// What disagrees with its recount, with a server that runs.
pub(crate) fn disagreements(database: &Database) -> Vec<String> {
    settle(database);
    let found = DISAGREEMENTS.iter().map(|query| lines(database, query));
    found.flatten().collect()
}

/// Has the product recount, which must agree. The server must not be running.
pub(crate) fn recount_by_product(binary: &Path, data: &Data) -> Result<(), String> {
    let mut command = crate::support::server_command_at(binary);
    let output = crate::support::output(data.of(command.arg("recount")));
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    output
        .status
        .success()
        .then_some(())
        .ok_or(said.into_owned())
}

/// That each query finds what it is for is seen by spoiling what it looks at.
#[test]
fn every_counter_that_is_spoiled_is_found() {
    for (spoil, expected) in [
        (
            "UPDATE groups SET member_count = 5",
            "member_count of group 1",
        ),
        (
            "DELETE FROM participants WHERE user_id = 2",
            "user 2 in group 1",
        ),
        (
            "UPDATE conversations SET last_seq = 9 WHERE id = 1",
            "last_seq of conversation 1",
        ),
        (
            "UPDATE participants SET cleared = cleared + 1",
            "cleared of user 1 in conversation 1",
        ),
        (
            "UPDATE participants SET seen_through = 3",
            "seen_through of user 1 in conversation 1",
        ),
        (
            "DELETE FROM events WHERE kind = 1 AND message_id = 1",
            "events of message 1",
        ),
        ("DELETE FROM events WHERE kind = 3", "events of message 3"),
        (
            "UPDATE events SET message_id = 3 - message_id WHERE kind = 1",
            "event 4",
        ),
        ("DELETE FROM seens", "mark of user 2 on message 2"),
        (
            "DELETE FROM seen_ranges",
            "range of user 2 in conversation 1",
        ),
        ("UPDATE event_log SET position = 2", "position of the log"),
    ] {
        let app = crate::support::App::start();
        let [ada, bob] = app.users(["ada", "bob"]);
        let group = app.group("team", ada, &[bob]);
        let sent = ["1", "2", "3"].map(|text| app.tell_group(ada, group, text));
        app.see(bob, sent[1], true);
        assert!(
            app.as_user(ada)
                .delete(&format!("/messages/{}", sent[2]))
                .body
                .is_empty()
        );
        let database = app.database();
        assert_eq!(disagreements(&database), [""; 0]);
        execute(&database, spoil);
        let found = disagreements(&database);
        assert!(
            found.iter().any(|line| line == expected),
            "{spoil}: {found:?}"
        );
    }
}
