//! All the other tests once more, on PostgreSQL.

#[test]
fn the_whole_suite() {
    chat_testing::run_on_postgres(&[("nodes::", "they have run on it already")]);
}
