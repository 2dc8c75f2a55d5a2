//! Uploads whose note still waits in the store's queue when its request is given up.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use chat_domain::ports::{Cost, LogWatcher, ReadJob, Refused, Store, WriteJob};
use chat_domain::{Actor, FileSize};
use chat_files::DiskStore;
use chat_media::MediaTools;
use chat_service::{ChatService, FileOptions, ServiceError};

use crate::support::{Fixture, GRACE, MAX_FILE};

/// A store whose queue does not move while it is held.
struct Held {
    store: Arc<dyn Store>,
    queue: Mutex<Option<Vec<Box<dyn WriteJob>>>>,
}

impl Held {
    fn hold(&self) {
        *self.queue.lock().expect("a queue") = Some(Vec::new());
    }

    fn queued(&self) -> usize {
        let queue = self.queue.lock().expect("a queue");
        queue.as_ref().map_or(0, Vec::len)
    }

    fn release(&self) {
        for job in self
            .queue
            .lock()
            .expect("a queue")
            .take()
            .into_iter()
            .flatten()
        {
            self.store
                .submit(job)
                .map_err(|(error, _)| error)
                .expect("accepted");
        }
    }
}

impl Store for Held {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *queue {
            Some(queue) => queue.push(job),
            None => return self.store.submit(job),
        }
        Ok(())
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        self.store.submit_read(cost, job)
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.store.watch_log(watcher);
    }
}

fn size(bytes: i64) -> FileSize {
    FileSize::parse(bytes).expect("a size")
}

#[tokio::test]
async fn who_goes_on_sees_what_was_noted_before() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let held = Arc::new(Held {
        store: fixture.store.clone(),
        queue: Mutex::default(),
    });
    let files = FileOptions {
        blobs: Arc::new(DiskStore::open(fixture.files()).expect("a folder")),
        media: Arc::new(MediaTools::new()),
        max_size: MAX_FILE,
        grace: GRACE,
    };
    let service = ChatService::new(held.clone(), fixture.clock.clone()).keeping_files(files);
    let upload = service.new_upload(size(9), None, None).expect("an upload");
    let upload = service.run(ada, upload).await.expect("begun").id;
    let part = service.resume_upload(ada, upload, size(0), false).await;
    let mut part = part.expect("a part");
    part.write("some".into()).await.expect("written");

    held.hold();
    {
        let mut ends = pin!(part.end());
        let noted = std::future::poll_fn(|context| match ends.as_mut().poll(context) {
            Poll::Ready(ended) => panic!("its note is not written: {ended:?}"),
            Poll::Pending if held.queued() == 1 => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        });
        noted.await;
    }
    // Its request is gone, and the next one comes.
    let mut resumes = pin!(service.resume_upload(ada, upload, size(0), false));
    let deadline = Instant::now() + Duration::from_millis(200);
    let waits = std::future::poll_fn(|context| match resumes.as_mut().poll(context) {
        Poll::Ready(resumed) => Poll::Ready(Some(resumed.map(drop))),
        Poll::Pending if Instant::now() > deadline => Poll::Ready(None),
        Poll::Pending => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    });
    let early = waits.await;
    assert_eq!(early, None, "it may not begin before the note is written");
    held.release();
    let offset = ServiceError::UploadOffset {
        id: upload,
        offset: 4,
    };
    assert_eq!(resumes.await.map(drop), Err(offset));
}
