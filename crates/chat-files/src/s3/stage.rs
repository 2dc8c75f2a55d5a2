//! What lies in the bucket of stages: written down, cleared away, swept.

use std::collections::{HashMap, HashSet};

use chat_domain::Timestamp;
use chat_domain::ports::{BlobError, BlobResult};
use futures_util::TryStreamExt;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use uuid::Uuid;

use super::bucket::{Bucket, Kind};
use super::fault::{fault, gone_is_fine};
use super::mark::Upload;
use crate::names;

/// Begins a multipart upload, and writes its id down before it has a part.
pub(super) async fn begin_upload(bucket: &Bucket, id: Uuid) -> BlobResult<Upload> {
    let name = names::new();
    let object = bucket.staged(id, Kind::Object, name);
    let upload = Upload {
        name,
        id: bucket
            .quick
            .create_multipart(&object)
            .await
            .map_err(fault)?,
        parts: Vec::new(),
    };
    if let Err(error) = write_down(bucket, id, &upload).await {
        // Nobody would find it.
        let aborted = bucket.quick.abort_multipart(&object, &upload.id).await;
        if let Err(error) = aborted {
            log::warn!("the upload to {object} can't be aborted: {error}");
        }
        return Err(error);
    }
    Ok(upload)
}

/// Writes down the id of an upload; again, to say that it is alive: parts are not listed anywhere.
pub(super) async fn write_down(bucket: &Bucket, id: Uuid, upload: &Upload) -> BlobResult<()> {
    let journal = bucket.staged(id, Kind::Upload, upload.name);
    let put = bucket.quick.put(&journal, upload.id.clone().into()).await;
    put.map(|_| ()).map_err(fault)
}

/// Removes all of a stage: aborts its uploads but the one that is `completed`, and deletes its objects.
/// What was written down of an upload goes after the upload, so that a failure loses none.
pub(super) async fn clear(bucket: &Bucket, id: Uuid, completed: Option<Uuid>) -> BlobResult<()> {
    let listed = bucket.quick.list(Some(&bucket.stage(id)));
    let paths: Vec<Path> = listed
        .map_ok(|object| object.location)
        .try_collect()
        .await
        .map_err(fault)?;
    clear_paths(bucket, &paths, completed).await
}

async fn clear_paths(bucket: &Bucket, paths: &[Path], completed: Option<Uuid>) -> BlobResult<()> {
    for (path, (id, kind, name)) in in_order(bucket, paths) {
        if kind == Kind::Upload && completed != Some(name) {
            let object = bucket.staged(id, Kind::Object, name);
            abort(bucket, path, &object).await?;
        }
        gone_is_fine(bucket.quick.delete(path).await)?;
    }
    Ok(())
}

/// What is ours of these, in the order in which it goes. The tails go first, and every mark with them, so
/// that nobody goes on with what is half gone; the objects last.
fn in_order<'p>(bucket: &Bucket, paths: &'p [Path]) -> Vec<(&'p Path, (Uuid, Kind, Uuid))> {
    let ours = paths.iter();
    let ours = ours.filter_map(|path| Some((path, bucket.staged_of(path)?)));
    let mut ours: Vec<_> = ours.collect();
    ours.sort_by_key(|(_, (_, kind, _))| match kind {
        Kind::Tail => 0,
        Kind::Upload => 1,
        Kind::Object => 2,
    });
    ours
}

/// Aborts the upload to `object` whose id is written down; fine if it has ended.
async fn abort(bucket: &Bucket, journal: &Path, object: &Path) -> BlobResult<()> {
    let id = match read(bucket, journal).await {
        Ok(id) => String::from_utf8_lossy(&id).into_owned(),
        Err(BlobError::Missing) => return Ok(()),
        Err(error) => return Err(error),
    };
    match bucket.quick.abort_multipart(object, &id).await {
        // Some say this of an upload that they do not know any more. If it is meant, the rules of the
        // bucket have to do it.
        Err(object_store::Error::PermissionDenied { source, .. }) => {
            log::warn!("the upload to {object} can't be aborted: {source}");
            Ok(())
        }
        other => gone_is_fine(other),
    }
}

/// All bytes of an object that is known to be small.
pub(super) async fn read(bucket: &Bucket, path: &Path) -> BlobResult<bytes::Bytes> {
    let found = bucket.quick.get(path).await.map_err(fault)?;
    found.bytes().await.map_err(fault)
}

/// Clears stages of which nothing was written since `before`, but for the `live` ones and those that are
/// being written here, and says how many. One that can't be cleared is logged, and does not keep the others.
pub(super) async fn sweep(
    bucket: &Bucket,
    before: Timestamp,
    live: &HashSet<Uuid>,
) -> BlobResult<usize> {
    let mut stages: HashMap<Uuid, (i64, Vec<Path>)> = HashMap::new();
    let mut listed = bucket.quick.list(Some(&bucket.staging()));
    while let Some(object) = listed.try_next().await.map_err(fault)? {
        let Some((id, ..)) = bucket.staged_of(&object.location) else {
            continue;
        };
        let (newest, paths) = stages.entry(id).or_insert((i64::MIN, Vec::new()));
        *newest = (*newest).max(object.last_modified.timestamp_micros());
        paths.push(object.location);
    }
    let mut swept = 0;
    for (id, (newest, paths)) in stages {
        if newest >= before.as_micros() || live.contains(&id) || bucket.opened.has(id) {
            continue;
        }
        match clear_paths(bucket, &paths, None).await {
            Ok(()) => swept += 1,
            Err(error) => log::warn!("the stage {id} can't be swept: {error}"),
        }
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::super::open::with_options;
    use super::super::{S3Location, S3Options};
    use super::*;

    #[test]
    fn a_stage_loses_its_marks_before_its_bytes() {
        let location: S3Location = "s3://abc/d".parse().unwrap();
        let bucket = with_options(&S3Options {
            location,
            endpoint: "http://127.0.0.1:1".to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            links: false,
        });
        let bucket = bucket.unwrap();
        let id = names::new();
        let mut paths: Vec<Path> = [Kind::Object, Kind::Tail, Kind::Upload, Kind::Tail]
            .map(|kind| bucket.staged(id, kind, names::new()))
            .into();
        paths.push(bucket.stage(id).join("notes"));
        let kinds: Vec<Kind> = in_order(&bucket, &paths)
            .iter()
            .map(|(_, (_, kind, _))| *kind)
            .collect();
        assert_eq!(kinds, [Kind::Tail, Kind::Tail, Kind::Upload, Kind::Object]);
    }
}
