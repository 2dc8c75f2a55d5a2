//! What the machine could do at most: the same HTTP stack without anything behind it, and the bare disk.

mod copies;
mod deliver;

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use actix_web::body::SizedStream;
use actix_web::http::header::ContentType;
use actix_web::web::{Bytes, Data, Json};
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use futures_util::stream;
use serde::{Deserialize, Serialize};

pub(crate) use self::copies::{Copies, remove_files};
use crate::child::{Child, SERVES};
use crate::content::{Content, LARGEST};
use crate::load::{Latencies, Round};

/// The subcommand that serves the floors; the argument is the file with the constant page.
pub(crate) const SUBCOMMAND: &str = "floor";

/// Up to this size, in bytes, a constant content is handed to the connection as one.
const WHOLE: usize = 1 << 20;

/// How much of a larger one is handed to it at once: the stack copies what it gets, and many megabytes at once at
/// a loss.
const PIECE: usize = 256 * 1024;

/// The content of all sizes: a smaller one is the beginning of a larger.
static CONTENT: LazyLock<Bytes> = LazyLock::new(|| content(LARGEST).whole());

/// The constant content of this size.
pub(crate) fn content(size: usize) -> Content {
    Content::new("floor", 0, size)
}

/// A message as it is sent, with the fields that the sends of this bench have.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Sent {
    pub(crate) sender_id: i64,
    pub(crate) group_id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) content: String,
}

/// Starts this program once more, to serve the floors with `page` as the constant page.
pub(crate) fn start(dir: &Path, page: &[u8]) -> Result<Child> {
    let file = dir.join("page");
    fs::write(&file, page)?;
    let mut command = Command::new(std::env::current_exe()?);
    Child::start(command.arg(SUBCOMMAND).arg(file))
}

/// Serves the floors until the process is killed: `POST /echo` parses a message and answers it,
/// `GET /page` answers the content of a file, `GET /content/SIZE` constant bytes from memory, and `POST /push` pushes
/// an event to all who are connected to `GET /ws`.
pub(crate) fn serve(page: &Path) -> Result<()> {
    let page = Bytes::from(fs::read(page).with_context(|| page.display().to_string())?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    actix_web::rt::System::new().block_on(async {
        let audience = deliver::Audience::default();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(page.clone()))
                .app_data(Data::new(audience.clone()))
                .route("/ws", web::get().to(deliver::connect))
                .route("/push", web::post().to(deliver::push))
                .route("/clear", web::post().to(deliver::clear))
                .route("/echo", web::post().to(echo))
                .route("/page", web::get().to(constant))
                .route("/content/{size}", web::get().to(sized))
        })
        // As the server has it: or the end of an answer in pieces may wait for the client's word.
        .tcp_nodelay(true)
        .listen(listener)?
        .run();
        eprintln!("{SERVES}{address}");
        Ok(server.await?)
    })
}

async fn echo(sent: Json<Sent>) -> HttpResponse {
    HttpResponse::Ok().json(sent)
}

async fn constant(page: Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(Bytes::clone(&page))
}

async fn sized(size: web::Path<usize>) -> HttpResponse {
    let size = size.into_inner().min(LARGEST);
    let mut answer = HttpResponse::Ok();
    answer.content_type(ContentType::octet_stream());
    if size <= WHOLE {
        return answer.body(CONTENT.slice(..size));
    }
    let pieces = (0..size).step_by(PIECE).map(move |at| {
        let piece = CONTENT.slice(at..size.min(at + PIECE));
        Ok::<_, Infallible>(piece)
    });
    answer.body(SizedStream::new(size as u64, stream::iter(pieces)))
}

/// Appends of 4 KiB, each followed by fdatasync, one after the other.
pub(crate) fn fsyncs(dir: &Path, lasting: Duration) -> Result<Round> {
    let path = dir.join("fsync");
    let mut file = File::create(&path)?;
    let (block, start) = ([0_u8; 4096], Instant::now());
    let mut latencies = Latencies::new();
    while start.elapsed() < lasting {
        let begun = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        latencies.add(begun.elapsed());
    }
    let round = Round {
        requests: latencies.len(),
        elapsed: start.elapsed(),
        latencies,
        cpu: None,
    };
    fs::remove_file(path)?;
    Ok(round)
}
