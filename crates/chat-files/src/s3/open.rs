//! Opening a bucket.

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientConfigKey, RetryConfig};
use std::str::FromStr;
use std::time::Duration;

use super::bucket::Bucket;
use super::opened::Opened;

/// Why a store in S3 could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum S3OpenError {
    /// The place is not spelled as one.
    #[error("{0:?} is no place in S3: it must be s3://bucket or s3://bucket/prefix")]
    Location(String),
    /// A setting can't be used, or no client can be made.
    #[error("the store in S3 can't be set up: {0}")]
    Setup(#[from] object_store::Error),
}

/// A bucket, and a prefix of names in it.
///
/// ```
/// use chat_files::S3Location;
///
/// let place: S3Location = "s3://attachments/chat/production".parse()?;
/// assert_eq!(place.bucket(), "attachments");
/// assert_eq!(place.to_string(), "s3://attachments/chat/production");
/// assert!("s3://Attachments".parse::<S3Location>().is_err());
/// # Ok::<(), chat_files::S3OpenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Location {
    bucket: String,
    prefix: Path,
}

impl S3Location {
    /// The name of the bucket: 3 to 63 letters in lower case, digits, dots and hyphens.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }
}

impl FromStr for S3Location {
    type Err = S3OpenError;

    fn from_str(text: &str) -> Result<Self, S3OpenError> {
        let wrong = || S3OpenError::Location(text.to_owned());
        let place = text.strip_prefix("s3://").ok_or_else(wrong)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(fits) {
            return Err(wrong());
        }
        // What would be escaped in a URL is refused, so that a key looks the same everywhere.
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.".contains(&b);
        if prefix.starts_with('/') || !prefix.bytes().all(plain) {
            return Err(wrong());
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: Path::parse(prefix).map_err(|_| wrong())?,
        })
    }
}

impl std::fmt::Display for S3Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slash = if self.prefix.parts_count() > 0 {
            "/"
        } else {
            ""
        };
        write!(f, "s3://{}{slash}{}", self.bucket, self.prefix)
    }
}

/// A store in S3, with all that the environment would say otherwise.
#[derive(Clone)]
pub struct S3Options {
    /// Where.
    pub location: S3Location,
    /// The URL of the server. If it is `http`, what is sent can be read on its way.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// The id of the key to sign with.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: String,
    /// Whether links are given.
    pub links: bool,
}

/// Without the key.
impl std::fmt::Debug for S3Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Options")
            .field("location", &self.location)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("links", &self.links)
            .finish_non_exhaustive()
    }
}

/// A bucket as the environment says.
pub(super) fn from_env(location: &S3Location) -> Result<Bucket, S3OpenError> {
    build(AmazonS3Builder::from_env(), location)
}

/// A bucket as these options say.
pub(super) fn with_options(options: &S3Options) -> Result<Bucket, S3OpenError> {
    let builder = AmazonS3Builder::new()
        .with_endpoint(&options.endpoint)
        .with_region(&options.region)
        .with_access_key_id(&options.access_key_id)
        .with_secret_access_key(&options.secret_access_key)
        .with_allow_http(options.endpoint.starts_with("http://"));
    build(builder, &options.location)
}

fn build(builder: AmazonS3Builder, location: &S3Location) -> Result<Bucket, S3OpenError> {
    // The first of a process stays, and it may be somebody else's: any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = builder
        .with_bucket_name(&location.bucket)
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(2),
                base: 2.0,
            },
            max_retries: 3,
            retry_timeout: Duration::from_secs(10),
        });
    let builder = set(builder, ClientConfigKey::ConnectTimeout, "3 seconds");
    // Of a whole answer, however long it is: what must not stop is that bytes come.
    let builder = set(builder, ClientConfigKey::Timeout, "1 day");
    let quick = set(builder.clone(), ClientConfigKey::ReadTimeout, "30 seconds");
    let patient = set(builder, ClientConfigKey::ReadTimeout, "10 minutes");
    Ok(Bucket {
        quick: quick.build()?,
        patient: patient.build()?,
        prefix: location.prefix.clone(),
        opened: Opened::default(),
    })
}

/// Sets this for the client, which keeps what else the environment said of it.
fn set(builder: AmazonS3Builder, key: ClientConfigKey, value: &str) -> AmazonS3Builder {
    builder.with_config(AmazonS3ConfigKey::Client(key), value)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("s3://abc", "s3://abc")]
    #[case("s3://abc/", "s3://abc")]
    #[case("s3://a.b-c/d", "s3://a.b-c/d")]
    #[case("s3://abc/d/e_F/", "s3://abc/d/e_F")]
    fn places_in_s3(#[case] text: &str, #[case] place: &str) {
        assert_eq!(text.parse::<S3Location>().unwrap().to_string(), place);
    }

    #[rstest]
    #[case("")]
    #[case("abc")]
    #[case("/srv/files")]
    #[case("s3:/abc")]
    #[case("https://abc")]
    #[case("s3://")]
    #[case("s3://ab")]
    #[case("s3:///abc")]
    #[case("s3://ABC")]
    #[case("s3://a_b_c")]
    #[case("s3://abc//d")]
    #[case("s3://abc/../d")]
    #[case("s3://abc/d e")]
    #[case("s3://abc/d?e")]
    #[case("s3://abc/ä")]
    fn no_places_in_s3(#[case] text: &str) {
        assert!(text.parse::<S3Location>().is_err());
    }

    #[test]
    fn a_key_is_not_told() {
        let options = S3Options {
            location: "s3://abc".parse().unwrap(),
            endpoint: "http://127.0.0.1:1".to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: "id".to_owned(),
            secret_access_key: "hunter2".to_owned(),
            links: false,
        };
        assert!(!format!("{options:?}").contains("hunter2"));
        let bucket = with_options(&options).unwrap();
        assert!(!format!("{bucket:?}").contains("hunter2"));
    }
}
