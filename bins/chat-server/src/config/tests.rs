//! Values that can be used, and those that can't.

use rstest::rstest;

use super::*;

fn parse(given: &[(&str, &str)]) -> Result<Config, InvalidSetting> {
    Config::parse(&|key| {
        given
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn nothing_given_serves_on_loopback_from_data() {
    let config = parse(&[]).unwrap();
    assert_eq!(config.listen, ["127.0.0.1:8080".parse().unwrap()]);
    assert_eq!(config.data_dir, Some("./data".into()));
    assert_eq!(config.database, Database::Sqlite("./data/chat.db".into()));
    assert_eq!((config.pool_size, config.insecure_open), (16, false));
    assert_eq!(config.files, FilesPlace::Disk("./data/files".into()));
    assert_eq!(
        (config.max_file_size, config.files_links),
        (50 << 20, false)
    );
    assert_eq!(config.file_grace, Duration::from_secs(86_400));
    assert_eq!(config.idempotency_ttl, Duration::from_secs(86_400));
}

#[rstest]
#[case("1s", 1)]
#[case("90s", 90)]
#[case("15m", 900)]
#[case("24h", 86_400)]
#[case("365d", 31_536_000)]
fn times(#[case] text: &str, #[case] seconds: u64) {
    let config = parse(&[("idempotency_ttl", text)]).unwrap();
    assert_eq!(config.idempotency_ttl, Duration::from_secs(seconds));
}

#[test]
fn a_database_and_files_elsewhere_leave_the_data_dir_alone() {
    let database = ("database_url", "sqlite:///srv/x.db");
    let dir = ("data_dir", "/d");
    let config = parse(&[database, dir]).unwrap();
    assert_eq!(config.database, Database::Sqlite("/srv/x.db".into()));
    assert_eq!(config.files, FilesPlace::Disk("/d/files".into()));
    assert_eq!(config.data_dir, Some("/d".into()));
    let files = ("files_url", "file:///srv/files");
    let config = parse(&[files, dir]).unwrap();
    assert_eq!(config.database, Database::Sqlite("/d/chat.db".into()));
    assert_eq!(config.files, FilesPlace::Disk("/srv/files".into()));
    let config = parse(&[database, files, dir]).unwrap();
    assert_eq!(config.data_dir, None);
}

#[test]
fn files_may_lie_in_a_bucket() {
    let config = parse(&[("files_url", "s3://my-bucket/chat/files")]).unwrap();
    assert_eq!(config.files.to_string(), "s3://my-bucket/chat/files");
    assert!(matches!(config.files, FilesPlace::S3(_)));
}

#[rstest]
#[case("1", 1)]
#[case("1000", 1_000)]
#[case("500KiB", 512_000)]
#[case("50MiB", 52_428_800)]
#[case("5GiB", 5_368_709_120)]
fn sizes(#[case] text: &str, #[case] bytes: u64) {
    let config = parse(&[("max_file_size", text)]).unwrap();
    assert_eq!(config.max_file_size, bytes);
}

#[test]
fn open_mode_leaves_loopback_only_when_told_to() {
    assert!(parse(&[("listen", "0.0.0.0:80")]).is_err());
    assert!(parse(&[("listen", "0.0.0.0:80"), ("insecure_open", "on")]).is_ok());
    assert!(parse(&[("listen", "[::1]:80")]).is_ok());
}

#[rstest]
#[case("listen", "")]
#[case("listen", "8080")]
#[case("listen", "127.0.0.1:99999")]
#[case("listen", "0.0.0.0:8080")]
#[case("data_dir", "")]
#[case("database_url", "")]
#[case("database_url", "mysql://x")]
#[case("database_url", "sqlite://")]
#[case("database_url", "sqlite://:memory:")]
#[case("database_url", "sqlite://chat.db?mode=ro")]
#[case("pool_size", "0")]
#[case("pool_size", "1025")]
#[case("pool_size", "many")]
#[case("files_url", "")]
#[case("files_url", "/srv/files")]
#[case("files_url", "file://")]
#[case("files_url", "s3://")]
#[case("files_url", "s3:///prefix")]
#[case("files_url", "s3://bucket/a b")]
#[case("files_url", "https://bucket")]
#[case("files_links", "maybe")]
#[case("max_file_size", "")]
#[case("max_file_size", "0")]
#[case("max_file_size", "MiB")]
#[case("max_file_size", "-1")]
#[case("max_file_size", "1.5MiB")]
#[case("max_file_size", "50MB")]
#[case("max_file_size", "6GiB")]
#[case("max_file_size", "99999999999999999999GiB")]
#[case("file_grace", "0s")]
#[case("file_grace", "1w")]
#[case("insecure_open", "maybe")]
#[case("insecure_open", "")]
#[case("idempotency_ttl", "")]
#[case("idempotency_ttl", "24")]
#[case("idempotency_ttl", "h")]
#[case("idempotency_ttl", "0s")]
#[case("idempotency_ttl", "-1h")]
#[case("idempotency_ttl", "+1h")]
#[case("idempotency_ttl", "1.5h")]
#[case("idempotency_ttl", "1w")]
#[case("idempotency_ttl", "366d")]
#[case("idempotency_ttl", "99999999999999999999d")]
#[case("idempotency_ttl", "1\u{e9}")]
fn a_bad_value_is_named_with_what_is_accepted(#[case] key: &str, #[case] value: &str) {
    let error = parse(&[(key, value)]).unwrap_err().to_string();
    let flag = format!("--{}", key.replace('_', "-"));
    assert!(
        error.contains(&flag) && error.contains(&format!("{value:?}")),
        "{error}"
    );
    assert!(error.contains("must be"), "{error}");
}

#[test]
fn passwords_are_not_shown() {
    let error = parse(&[("database_url", "mysql://ada:hunter2@db/chat")]).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(error.to_string().contains("mysql://***@db/chat"), "{error}");
    let url = "postgres://ada:hunter2@db/chat?password=hunter2";
    let config = parse(&[("database_url", url)]).unwrap();
    assert_eq!(
        config.database.to_string(),
        "postgres://***@db/chat (PostgreSQL)"
    );
    assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
    let Database::Postgres(kept) = config.database else {
        panic!("another database");
    };
    assert_eq!(kept.expose(), url);
}

#[rstest]
#[case("postgres://db/chat")]
#[case("postgresql://ada@db1,db2:5433/chat?target_session_attrs=read-write")]
fn a_postgres_url_is_taken_as_it_is(#[case] url: &str) {
    let config = parse(&[("database_url", url)]).unwrap();
    assert!(matches!(&config.database, Database::Postgres(kept) if kept.expose() == url));
}
