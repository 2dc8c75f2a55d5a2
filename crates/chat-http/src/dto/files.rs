//! Files on the wire.

use actix_web::http::header::EntityTag;
use chat_domain::{File, FileName, FileSize, FileUrl, MediaType, ThumbnailSize};
use chat_service::CreateExternalFile;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::etag::{self, Tagged};
use crate::fields::{Fields, WireInt, given, int, perhaps, rules};
use crate::openapi::{Id, ThumbnailPixels};
use crate::problem::Problem;
use crate::time::WireTime;

/// The JSON body of `POST /files`: a file that lies elsewhere.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateFile {
    /// An http or https URL of at most 2,048 bytes; it is never fetched.
    #[schema(required = true, nullable = false, max_length = 2048, format = "uri")]
    #[validate(required, custom(function = rules::file_url))]
    url: Option<String>,
    /// At most 255 bytes, without control characters.
    #[schema(min_length = 1, max_length = 255)]
    #[validate(custom(function = rules::file_name))]
    name: Option<String>,
    /// In bytes.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    #[validate(custom(function = rules::file_size))]
    size: Option<WireInt>,
    /// A media type in lower case, such as `image/png`.
    #[schema(min_length = 3, max_length = 127)]
    #[validate(custom(function = rules::media_type))]
    r#type: Option<String>,
}

impl Fields for CreateFile {}

impl CreateFile {
    pub(crate) fn parse(self) -> Result<CreateExternalFile, Problem> {
        Ok(CreateExternalFile {
            url: given("url", self.url, FileUrl::parse)?,
            name: perhaps("name", self.name, FileName::parse)?,
            size: perhaps("size", self.size, int(FileSize::parse))?,
            media_type: perhaps("type", self.r#type, MediaType::parse)?,
        })
    }
}

/// The query of `GET /files/:id/thumbnail`.
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThumbnailQuery {
    /// The square in pixels that it fits into.
    #[param(value_type = ThumbnailPixels, required = false, default = 256)]
    #[validate(custom(function = rules::thumbnail_size))]
    size: Option<WireInt>,
}

impl Fields for ThumbnailQuery {}

impl ThumbnailQuery {
    pub(crate) fn size(&self) -> Result<ThumbnailSize, Problem> {
        Ok(perhaps("size", self.size, int(ThumbnailSize::parse))?.unwrap_or_default())
    }
}

/// A file; what is not known about it is left out.
#[derive(Serialize, ToSchema)]
#[schema(as = File)]
pub(crate) struct FileJson<'a> {
    #[schema(value_type = Id)]
    id: i64,
    url: &'a str,
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// In bytes.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
    /// `true` once it was deleted while messages carry it; nothing else is known of it then.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
    created_at: WireTime,
    updated_at: WireTime,
}

impl<'a> From<&'a File> for FileJson<'a> {
    fn from(file: &'a File) -> Self {
        Self {
            id: file.id.get(),
            url: file.url.as_str(),
            name: file.name.as_ref().map(FileName::as_str),
            size: file.size.map(FileSize::get),
            r#type: file.media_type.as_ref().map(MediaType::as_str),
            deleted: file.deleted.then_some(true),
            created_at: WireTime(file.created_at),
            updated_at: WireTime(file.updated_at),
        }
    }
}

impl Tagged for File {
    fn etag(&self) -> serde_json::Result<Option<EntityTag>> {
        etag::of(&FileJson::from(self)).map(Some)
    }
}
