//! Pictures in small: each is drawn once for all who ask, whatever becomes of who asked first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use chat_domain::ports::{Later, Media, MediaError};
use chat_domain::{Actor, MediaType, Thumbnail, ThumbnailSize};
use chat_service::{ChatService, FileContent, ServiceError, StoreFile};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, yield_now};

use crate::seam::{self, Seam};
use crate::support::Fixture;

/// Whatever begins so is a picture that can't be drawn.
const TORN: &[u8] = b"torn";

/// It takes everything for a picture, and draws when it may.
struct Studio {
    begun: AtomicUsize,
    open: Semaphore,
}

impl Media for Studio {
    fn sniff(&self, _: &[u8]) -> Option<MediaType> {
        MediaType::parse("image/png").ok()
    }

    fn most_bytes(&self) -> u64 {
        u64::MAX
    }

    fn thumbnail(
        &self,
        picture: Bytes,
        size: ThumbnailSize,
    ) -> Later<'_, Result<Thumbnail, MediaError>> {
        Box::pin(async move {
            self.begun.fetch_add(1, Ordering::SeqCst);
            let _turn = self.open.acquire().await.expect("it is never closed");
            if picture.starts_with(TORN) {
                return Err(MediaError::Unreadable);
            }
            let media_type = MediaType::parse("image/jpeg").expect("a type");
            let bytes = [&picture[..], &size.get().to_be_bytes()].concat().into();
            Ok(Thumbnail { media_type, bytes })
        })
    }
}

/// A service with a studio that is closed, and the pictures that it has.
struct Scene {
    _fixture: Fixture,
    service: ChatService,
    seam: Arc<Seam>,
    studio: Arc<Studio>,
}

type Asked = JoinHandle<Result<Thumbnail, ServiceError>>;

impl Scene {
    fn new() -> Self {
        let fixture = Fixture::new();
        let studio = Arc::new(Studio {
            begun: AtomicUsize::new(0),
            open: Semaphore::new(0),
        });
        let (service, seam) = seam::with(&fixture, studio.clone());
        Self {
            _fixture: fixture,
            service,
            seam,
            studio,
        }
    }

    async fn picture(&self, bytes: &[u8]) -> FileContent {
        let (service, actor) = (&self.service, Actor::System);
        let mut incoming = service.receive_file(actor, None).await.expect("room");
        incoming.write(bytes.to_vec().into()).await.expect("taken");
        let received = incoming.finish().await.expect("kept");
        let store = StoreFile {
            received,
            name: None,
        };
        let file = service.run(actor, store).await.expect("a file");
        service.file_content(actor, file.id).await.expect("it")
    }

    fn ask(&self, picture: &FileContent) -> Asked {
        self.ask_for(picture, ThumbnailSize::default())
    }

    fn ask_for(&self, picture: &FileContent, size: ThumbnailSize) -> Asked {
        let (service, picture) = (self.service.clone(), picture.clone());
        tokio::spawn(async move { service.thumbnail(&picture, size).await })
    }

    fn open(&self) {
        self.studio.open.add_permits(2);
    }

    fn begun(&self) -> usize {
        self.studio.begun.load(Ordering::SeqCst)
    }

    async fn has_begun(&self, many: usize) {
        while self.begun() < many {
            yield_now().await;
        }
    }
}

/// What was asked for has been begun, as far as it can be.
async fn all_wait() {
    for _ in 0..1_000 {
        yield_now().await;
    }
}

#[tokio::test]
async fn one_picture_is_drawn_once_for_all_who_ask() {
    let scene = Scene::new();
    let picture = scene.picture(b"a picture").await;
    let asked: Vec<_> = (0..100).map(|_| scene.ask(&picture)).collect();
    scene.has_begun(1).await;
    all_wait().await;
    scene.open();
    for one in asked {
        let thumbnail = one.await.expect("it ran").expect("a thumbnail");
        assert!(thumbnail.bytes.starts_with(b"a picture"));
    }
    assert_eq!(scene.begun(), 1);
    // Another size is another drawing.
    let size = ThumbnailSize::parse(64).expect("a size");
    let small = scene.ask_for(&picture, size).await.expect("it ran");
    assert!(small.expect("it").bytes.ends_with(&64_u32.to_be_bytes()));
    assert_eq!(scene.begun(), 2);
}

#[tokio::test]
async fn when_who_draws_has_gone_another_goes_on() {
    let scene = Scene::new();
    let picture = scene.picture(b"a picture").await;
    let first = scene.ask(&picture);
    scene.has_begun(1).await;
    let others: Vec<_> = (0..3).map(|_| scene.ask(&picture)).collect();
    all_wait().await;
    assert_eq!(scene.begun(), 1);
    first.abort();
    scene.has_begun(2).await;
    scene.open();
    for one in others {
        assert!(one.await.expect("it ran").is_ok());
    }
    assert_eq!(scene.begun(), 2);
}

#[tokio::test]
async fn who_waited_in_vain_leaves_nothing_behind() {
    let scene = Scene::new();
    let picture = scene.picture(b"a picture").await;
    let asked: Vec<_> = (0..3).map(|_| scene.ask(&picture)).collect();
    scene.has_begun(1).await;
    all_wait().await;
    for one in asked {
        one.abort();
        assert!(one.await.is_err());
    }
    scene.open();
    assert!(scene.ask(&picture).await.expect("it ran").is_ok());
}

#[tokio::test]
async fn what_cant_be_drawn_is_not_tried_again() {
    let scene = Scene::new();
    let torn = scene.picture(TORN).await;
    scene.open();
    for _ in 0..3 {
        let asked = scene.ask(&torn).await.expect("it ran");
        let id = torn.file.id;
        assert_eq!(asked, Err(ServiceError::ThumbnailUnavailable(id)));
    }
    assert_eq!(scene.begun(), 1);
    // Each is told of its own file, though the bytes are the same.
    let copy = scene.picture(TORN).await;
    let asked = scene.ask(&copy).await.expect("it ran");
    let unavailable = ServiceError::ThumbnailUnavailable(copy.file.id);
    assert_eq!(asked, Err(unavailable));
    assert_eq!(scene.begun(), 1);
}

#[tokio::test]
async fn a_failure_of_the_store_is_not_remembered() {
    let scene = Scene::new();
    let picture = scene.picture(b"a picture").await;
    scene.open();
    *scene.seam.on_read.lock().expect("it") = Some(Box::new(|| ()));
    let (first, second) = (scene.ask(&picture), scene.ask(&picture));
    let failed = first.await.expect("it ran");
    assert!(matches!(failed, Err(ServiceError::Blobs(_))), "{failed:?}");
    assert!(second.await.expect("it ran").is_ok(), "that was another's");
    assert!(scene.ask(&picture).await.expect("it ran").is_ok());
    assert_eq!(scene.begun(), 1);
}

#[tokio::test]
async fn different_pictures_wait_and_too_many_are_refused() {
    let scene = Scene::new();
    let mut pictures = Vec::new();
    for n in 0..129 {
        pictures.push(scene.picture(format!("picture {n}").as_bytes()).await);
    }
    let last = pictures.pop().expect("it");
    let mut asked: Vec<_> = pictures.iter().map(|one| scene.ask(one)).collect();
    scene.has_begun(128).await;
    let refused = scene.ask(&last).await.expect("it ran");
    assert_eq!(refused, Err(ServiceError::Overloaded));
    // Who asks for one of them takes no place of its own.
    asked.push(scene.ask(&pictures[0]));
    all_wait().await;
    scene.open();
    for one in asked {
        assert!(one.await.expect("it ran").is_ok());
    }
    // It was not drawn, and so is nothing that can't be.
    assert!(scene.ask(&last).await.expect("it ran").is_ok());
    assert_eq!(scene.begun(), 129);
}
