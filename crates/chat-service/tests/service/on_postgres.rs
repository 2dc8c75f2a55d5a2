//! All the other tests once more, on PostgreSQL.

#[test]
fn the_whole_suite() {
    let left_out = ("they have run on it already", &["nodes::"][..]);
    chat_testing::run_on_postgres(&[left_out]);
}
