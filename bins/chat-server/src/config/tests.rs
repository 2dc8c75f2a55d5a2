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
    assert_eq!(config.event_retention, None);
}

#[rstest]
#[case("all", None)]
#[case("30d", Some(2_592_000))]
#[case("2s", Some(2))]
fn retentions(#[case] text: &str, #[case] seconds: Option<u64>) {
    let config = parse(&[("event_retention", text)]).unwrap();
    assert_eq!(config.event_retention, seconds.map(Duration::from_secs));
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
#[case("rate_limit", "")]
#[case("rate_limit", "50")]
#[case("rate_limit", "sends=0/1")]
#[case("trusted_proxies", "")]
#[case("trusted_proxies", "proxy.example.org")]
#[case("cors_origin", "")]
#[case("cors_origin", "*")]
#[case("cors_origin", "https://app.example.org,")]
#[case("cors_origin", "https://app.example.org/")]
#[case("idempotency_ttl", "")]
#[case("idempotency_ttl", "24")]
#[case("idempotency_ttl", "h")]
#[case("idempotency_ttl", "0s")]
#[case("idempotency_ttl", "-1h")]
#[case("idempotency_ttl", "+1h")]
#[case("idempotency_ttl", "1.5h")]
#[case("idempotency_ttl", "1w")]
#[case("event_retention", "")]
#[case("event_retention", "none")]
#[case("event_retention", "0s")]
#[case("event_retention", "366d")]
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

const SECRET: (&str, &str) = ("token_secret", "0123456789abcdef0123456789abcdef");

#[test]
fn a_key_turns_token_mode_on() {
    let config = parse(&[]).unwrap();
    assert!(config.tokens.is_none() && config.rate_limit.is_none());
    let config = parse(&[SECRET, ("listen", "0.0.0.0:80")]).unwrap();
    let tokens = config.tokens.unwrap();
    assert!(matches!(tokens.keys, TokenKeys::Secret(_)));
    assert!(!tokens.external_ids && !tokens.create_users);
    assert_eq!((tokens.issuer, tokens.audience), (None, None));
    assert_eq!(config.rate_limit, Some(Budgets::default()));
    assert!(!config.insecure_open);
}

#[rstest]
#[case("token_secret_file", "/run/secret", |keys: &TokenKeys| matches!(keys, TokenKeys::SecretFile(path) if path.ends_with("secret")))]
#[case("token_jwks", "/etc/jwks.json", |keys: &TokenKeys| matches!(keys, TokenKeys::File(path) if path.ends_with("jwks.json")))]
#[case("token_jwks", "https://id.example.org/jwks", |keys: &TokenKeys| matches!(keys, TokenKeys::Url(_)))]
#[case("token_jwks", "http://127.0.0.1:9/jwks", |keys: &TokenKeys| matches!(keys, TokenKeys::Url(_)))]
fn keys_of_tokens(
    #[case] key: &str,
    #[case] value: &str,
    #[case] expected: fn(&TokenKeys) -> bool,
) {
    let config = parse(&[(key, value)]).unwrap();
    let tokens = config.tokens.unwrap();
    assert!(expected(&tokens.keys), "{:?}", tokens.keys);
}

#[test]
fn what_tokens_must_have() {
    let config = parse(&[
        SECRET,
        ("token_issuer", "https://id.example.org"),
        ("token_audience", "chat"),
        ("token_subject", "external_id"),
        ("token_create_users", "on"),
    ]);
    let tokens = config.unwrap().tokens.unwrap();
    assert!(tokens.external_ids && tokens.create_users);
    assert_eq!(tokens.issuer.as_deref(), Some("https://id.example.org"));
    assert_eq!(tokens.audience.as_deref(), Some("chat"));
}

#[rstest]
#[case::no_key(&[("token_issuer", "x")], "--token-issuer")]
#[case::no_key_for_subjects(&[("token_subject", "id")], "--token-subject")]
#[case::two_keys(&[SECRET, ("token_jwks", "/x")], "--token-jwks")]
#[case::ids_are_not_made_up(&[SECRET, ("token_create_users", "on")], "--token-create-users")]
#[case::open_and_closed(&[SECRET, ("insecure_open", "on")], "--insecure-open")]
#[case::no_issuer(&[SECRET, ("token_issuer", "")], "--token-issuer")]
#[case::no_subject(&[SECRET, ("token_subject", "email")], "--token-subject")]
#[case::no_file(&[("token_secret_file", "")], "--token-secret-file")]
#[case::no_set(&[("token_jwks", "")], "--token-jwks")]
#[case::in_clear_text(&[("token_jwks", "http://id.example.org/jwks")], "--token-jwks")]
#[case::another_scheme(&[("token_jwks", "ftp://id.example.org/jwks")], "--token-jwks")]
fn settings_of_tokens_that_are_at_odds(#[case] given: &[(&str, &str)], #[case] flag: &str) {
    let error = parse(given).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("the setting {flag} is ")),
        "{error}"
    );
}

#[test]
fn a_certificate_has_a_key() {
    let (cert, key) = (("tls_cert", "/etc/cert.pem"), ("tls_key", "/etc/key.pem"));
    let tls = parse(&[cert, key]).unwrap().tls.unwrap();
    assert!(tls.cert.ends_with("cert.pem") && tls.key.ends_with("key.pem"));
    assert!(parse(&[]).unwrap().tls.is_none());
    for lone in [cert, key] {
        let error = parse(&[lone]).unwrap_err().to_string();
        assert!(
            error.contains("must be left out, or stand beside --tls-"),
            "{error}"
        );
    }
}

#[test]
fn secrets_are_not_shown() {
    let error = parse(&[("token_secret", "hunter2")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("--token-secret is \"***\""), "{error}");
    let error = parse(&[("token_secret", "hunter2"), ("token_jwks", "/x")]).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let config = parse(&[SECRET]).unwrap();
    assert!(
        !format!("{config:?}").contains("0123456789abcdef"),
        "{config:?}"
    );
}

#[rstest]
#[case("off", None)]
#[case("on", Some(Budgets::default()))]
#[case("sends=7/9", "sends=7/9".parse().ok())]
fn limits(#[case] text: &str, #[case] expected: Option<Budgets>) {
    assert_eq!(parse(&[("rate_limit", text)]).unwrap().rate_limit, expected);
    assert_eq!(
        parse(&[SECRET, ("rate_limit", text)]).unwrap().rate_limit,
        expected
    );
}

#[test]
fn origins_of_pages() {
    let text = "https://app.example.org, http://localhost:3000";
    let config = parse(&[("cors_origin", text)]).unwrap();
    let expected = ["https://app.example.org", "http://localhost:3000"];
    assert_eq!(
        config.cors_origins,
        expected.map(|origin| origin.parse().unwrap())
    );
    assert!(parse(&[]).unwrap().cors_origins.is_empty());
}
