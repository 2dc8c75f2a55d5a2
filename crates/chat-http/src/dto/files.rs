//! Files on the wire.

use chat_domain::{File, FileName, FileSize, FileUrl, MediaType};
use chat_service::CreateExternalFile;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::fields::{Fields, WireInt, given, int, perhaps, rules};
use crate::problem::Problem;
use crate::time::WireTime;

/// The JSON body of `POST /files`: a file that lies elsewhere.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateFile {
    #[validate(required, custom(function = rules::file_url))]
    url: Option<String>,
    #[validate(custom(function = rules::file_name))]
    name: Option<String>,
    #[validate(custom(function = rules::file_size))]
    size: Option<WireInt>,
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

/// A file; what is not known about it is left out.
#[derive(Serialize)]
pub(crate) struct FileJson<'a> {
    id: i64,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
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
            created_at: WireTime(file.created_at),
            updated_at: WireTime(file.updated_at),
        }
    }
}
