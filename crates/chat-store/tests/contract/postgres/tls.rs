//! TLS to the server: what a build without it says, and what one with it makes sure of.

use chat_store::postgres::OpenError;
use chat_store::{PostgresOptions, PostgresStore};

/// Opens the store with these parameters in its URL.
fn open(url: &str, parameters: &str) -> Result<PostgresStore, OpenError> {
    PostgresStore::open(&PostgresOptions::new(format!("{url}?{parameters}")).pool_size(1))
}

/// Why it can't be opened.
fn refusal(url: &str, parameters: &str) -> OpenError {
    match open(url, parameters) {
        Ok(_) => panic!("opened with {parameters}"),
        Err(error) => error,
    }
}

#[cfg(not(feature = "postgres-tls"))]
mod without {
    use rstest::rstest;

    use super::super::World;
    use super::*;

    /// Nobody is asked for it: no server need be there.
    #[rstest]
    #[case("sslmode=require")]
    #[case("sslmode=verify-ca")]
    #[case("sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")]
    #[case("sslrootcert=system")]
    #[case("sslnegotiation=direct")]
    fn a_url_that_asks_for_it_is_told_what_to_do(#[case] parameters: &str) {
        let error = refusal("postgres://chat@127.0.0.1:1/chat", parameters);
        assert!(matches!(error, OpenError::NoTls), "{error}");
        let said = error.to_string();
        for what in ["feature postgres-tls", "sslmode=disable"] {
            assert!(said.contains(what), "{said}");
        }
    }

    #[rstest]
    #[case("sslmode=disable")]
    #[case("sslmode=allow")]
    #[case("sslmode=prefer")]
    fn one_that_does_not_insist_on_it_goes_without(#[case] parameters: &str) {
        let world = some!(World::new());
        open(world.database.url(), parameters).unwrap();
    }
}

#[cfg(feature = "postgres-tls")]
mod with {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use chat_testing::{Options, Postgres};
    use diesel::prelude::*;
    use diesel::sql_types::Bool;
    use tempfile::TempDir;

    use super::*;

    /// A server with a certificate for 127.0.0.1 that it made for itself.
    struct Encrypted {
        server: Postgres,
        dir: TempDir,
    }

    impl Encrypted {
        fn start() -> Option<Self> {
            let dir = tempfile::tempdir().unwrap();
            let [certificate, key] =
                certify(dir.path(), "own").map(|file| std::fs::read(file).unwrap());
            let options = Options::new()
                .setting("ssl", "on")
                .file("server.crt", certificate)
                .file("server.key", key);
            let server = Postgres::start(&options)?;
            Some(Self { server, dir })
        }

        fn url(&self) -> String {
            self.server.url("postgres")
        }

        /// The same server by a name that its certificate does not have.
        fn by_name(&self) -> String {
            let url = self.url();
            let named = url.replace("@127.0.0.1:", "@localhost:");
            assert_ne!(url, named);
            named
        }

        fn trusting(&self, mode: &str) -> String {
            let own = self.dir.path().join("own.crt");
            format!("sslmode={mode}&sslrootcert={}", own.display())
        }
    }

    /// Makes a certificate that is its own authority; where it and its key are.
    fn certify(dir: &Path, name: &str) -> [PathBuf; 2] {
        let [certificate, key] = ["crt", "key"].map(|kind| dir.join(format!("{name}.{kind}")));
        let output = Command::new("openssl")
            .args(["req", "-x509", "-days", "2", "-nodes", "-newkey", "ec"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-subj", &format!("/CN={name}")])
            .args(["-addext", "subjectAltName=IP:127.0.0.1", "-out"])
            .arg(&certificate)
            .arg("-keyout")
            .arg(&key)
            .output()
            .expect("the program openssl makes the certificates of this test: install it");
        assert!(output.status.success(), "{output:?}");
        [certificate, key]
    }

    fn is_encrypted(url: &str) -> bool {
        let mut conn = PgConnection::establish(url).unwrap();
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        diesel::select(diesel::dsl::sql::<Bool>(&format!("({sql})")))
            .get_result(&mut conn)
            .unwrap()
    }

    #[test]
    fn what_it_asks_for_it_gets_and_what_it_trusts_it_makes_sure_of() {
        let encrypted = some!(Encrypted::start());
        let (url, named) = (encrypted.url(), encrypted.by_name());

        // Encrypted, with whoever it may be.
        assert!(is_encrypted(&format!("{url}?sslmode=require")));
        assert!(!is_encrypted(&format!("{url}?sslmode=disable")));
        chat_store::postgres::migrate(&PostgresOptions::new(format!("{url}?sslmode=require")))
            .unwrap();
        open(&url, "sslmode=require").unwrap();

        // With a server that this authority has certified, and under this name.
        open(&url, &encrypted.trusting("verify-full")).unwrap();
        open(&named, &encrypted.trusting("verify-ca")).unwrap();
        let misnamed = refusal(&named, &encrypted.trusting("verify-full"));

        // Another authority, which has certified the same name.
        let [other, _] = certify(encrypted.dir.path(), "other");
        let other = format!("sslmode=verify-full&sslrootcert={}", other.display());
        let strange = refusal(&url, &other);

        // None at all.
        let missing = refusal(&url, "sslmode=verify-full&sslrootcert=/nowhere/ca.pem");

        let words = [
            (misnamed, "does not match host name \"localhost\""),
            (strange, "certificate verify failed"),
            (
                missing,
                "root certificate file \"/nowhere/ca.pem\" does not exist",
            ),
        ];
        for (error, words) in words {
            assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
            let said = error.to_string();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn a_server_without_it_is_refused_where_it_was_asked_for() {
        let server = some!(Postgres::shared());
        let error = refusal(&server.url("postgres"), "sslmode=require");
        assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
        let said = error.to_string();
        assert!(said.contains("server does not support SSL"), "{said}");
    }
}
