//! How the SQLite in this program was compiled.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::World;

#[derive(QueryableByName)]
struct Compiled {
    #[diesel(sql_type = Text, column_name = compile_options)]
    with: String,
}

/// Nothing else would say so when these are lost: everything works without them, and readers wait for
/// each other.
#[test]
fn sqlite_is_compiled_as_the_configuration_of_cargo_says() {
    let mut conn = World::new().stranger();
    let options: Vec<String> = diesel::sql_query("PRAGMA compile_options")
        .load::<Compiled>(&mut conn)
        .unwrap()
        .into_iter()
        .map(|option| option.with)
        .collect();
    let has = |option: &str| options.iter().any(|with| with == option);
    let as_said = has("THREADSAFE=2")
        && has("DEFAULT_MEMSTATUS=0")
        && !has("ENABLE_MEMORY_MANAGEMENT")
        && !has("ENABLE_API_ARMOR");
    assert!(
        as_said,
        "the flags in .cargo/config.toml did not come through: cargo reads that file only when it is \
         run inside the repository, and a LIBSQLITE3_FLAGS of the environment wins over it\n{options:#?}"
    );
}
