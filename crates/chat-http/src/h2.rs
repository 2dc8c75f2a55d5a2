//! HTTP/2: one connection, and the requests on it.
//!
//! actix-http has this too, but lets nobody set how large a head may be (16 MiB by default, for which a
//! peer sends a few thousand bytes), how many requests may come at once, or how long an answer may be left
//! unread. So the connection is served here, and each request goes to the same service as any other.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::{BoxedPayloadStream, Request, Response};
use actix_service::Service;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::uri::{Authority, Parts, PathAndQuery, Scheme, Uri};
use actix_web::http::{Method, Version};
use actix_web::rt;
use actix_web::rt::time::{Instant, sleep_until};
use actix_web::web::Bytes;
use futures_util::Stream;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use crate::pace::{after, in_time};

/// The most requests that are under way at once on a connection; the peer is told, and one more is refused.
const MOST_REQUESTS: u32 = 128;

/// How many more requests a peer may give up than it lets us answer. Each of them is begun, so whoever only
/// begins and resets would have all our time.
const MOST_GIVEN_UP: u32 = 256;

/// The most bytes of a head. A peer can fill it with few bytes, for each of its requests.
const MOST_HEAD: u32 = 32 * 1024;

/// How many bytes of a body a peer may send before they are read, and of all bodies of a connection.
const WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// How many bytes of an answer are handed over at once, and how many may wait to be sent.
const PIECE: usize = 16 * 1024;
const MOST_WAITING: usize = 32 * 1024;

/// How long a connection that is told to end may take to.
const LINGER: Duration = Duration::from_secs(1);

/// How long what may take.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// From the connection to its first request.
    pub(crate) head: Duration,
    /// Between requests, and for a peer to take more of an answer.
    pub(crate) idle: Duration,
}

/// What is under way on a connection.
struct UnderWay {
    requests: Cell<usize>,
    /// Requests that the peer has reset, less those that were answered.
    given_up: Cell<u32>,
    /// Since when nothing is.
    quiet: Cell<Instant>,
    ended: Notify,
}

/// One request under way.
struct Turn(Rc<UnderWay>);

impl Turn {
    fn begin(under_way: &Rc<UnderWay>) -> Self {
        under_way.requests.set(under_way.requests.get() + 1);
        Self(Rc::clone(under_way))
    }

    /// It has ended: the peer has its answer, or wants none any more.
    fn end(self, answered: bool) {
        let given_up = &self.0.given_up;
        given_up.set(match answered {
            true => given_up.get().saturating_sub(1),
            false => given_up.get() + 1,
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let UnderWay {
            requests,
            quiet,
            ended,
            ..
        } = &*self.0;
        requests.set(requests.get() - 1);
        quiet.set(Instant::now());
        ended.notify_one();
    }
}

/// Serves a connection to its end: its peer goes, keeps us waiting, or `stop` says that nothing new is
/// to come.
pub(crate) async fn serve<S>(
    io: impl AsyncRead + AsyncWrite + Unpin,
    app: Rc<S>,
    peer: Option<SocketAddr>,
    patience: Patience,
    stop: impl Future<Output = ()>,
) where
    S: Service<Request, Future: 'static> + 'static,
    S::Response: Into<Response<BoxBody>>,
    S::Error: Into<Response<BoxBody>>,
{
    let first = after(patience.head);
    let handshake = Builder::new()
        .max_concurrent_streams(MOST_REQUESTS)
        .max_header_list_size(MOST_HEAD)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(MOST_WAITING)
        .handshake::<_, Bytes>(io);
    // Whoever does not speak it, or not in time, is left without a word.
    let Some(Ok(mut connection)) = in_time(patience.head, handshake).await else {
        return;
    };
    let under_way = Rc::new(UnderWay {
        requests: Cell::new(0),
        given_up: Cell::new(0),
        quiet: Cell::new(Instant::now()),
        ended: Notify::new(),
    });
    let mut stop = pin!(stop);
    // `ending` is when the peer was told to begin nothing more.
    let (mut came, mut ending) = (false, None);
    loop {
        let quiet = under_way.requests.get() == 0;
        let deadline = match ending {
            // The last answer has as long to go out as the peer has to hear of it.
            Some(told) if quiet => Some(under_way.quiet.get().max(told) + LINGER),
            _ if !quiet => None,
            _ if came => until(under_way.quiet.get(), patience.idle),
            _ => first,
        };
        tokio::select! {
            request = connection.accept() => match request {
                Some(Ok((request, respond))) => {
                    came = true;
                    let turn = Turn::begin(&under_way);
                    let app = Rc::clone(&app);
                    rt::spawn(async move {
                        let answered = one(&*app, request, respond, peer, patience.idle).await;
                        turn.end(answered);
                    });
                }
                // All is done, or nothing can be done any more.
                Some(Err(_)) | None => return,
            },
            () = under_way.ended.notified() => {
                if under_way.given_up.get() > MOST_GIVEN_UP {
                    connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                }
            }
            () = &mut stop, if ending.is_none() => {
                connection.graceful_shutdown();
                ending = Some(Instant::now());
            }
            () = reached(deadline) => {
                if ending.is_some() {
                    return;
                }
                connection.graceful_shutdown();
                ending = Some(Instant::now());
            }
        }
    }
}

/// The time after `wait`, from then on. No time at all means no limit.
fn until(then: Instant, wait: Duration) -> Option<Instant> {
    then.checked_add(wait).filter(|_| !wait.is_zero())
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// Does one request, until it is answered or its peer gives it up; whether it was answered.
async fn one<S>(
    app: &S,
    request: http::Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    peer: Option<SocketAddr>,
    idle: Duration,
) -> bool
where
    S: Service<Request>,
    S::Response: Into<Response<BoxBody>>,
    S::Error: Into<Response<BoxBody>>,
{
    let Some(request) = taken(request, peer) else {
        // What h2 takes for a request is one, as far as is known.
        return false;
    };
    let head_alone = request.method() == Method::HEAD;
    let response = tokio::select! {
        biased;
        answered = app.call(request) => match answered {
            Ok(response) => response.into(),
            Err(failure) => failure.into(),
        },
        _ = poll_fn(|cx| respond.poll_reset(cx)) => return false,
    };
    // A peer that has gone, or wants no more of it, misses nothing.
    answer(response, respond, head_alone, idle).await.is_ok()
}

/// The request in the terms of the service.
fn taken(request: http::Request<RecvStream>, peer: Option<SocketAddr>) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let payload = if body.is_end_stream() {
        Payload::None
    } else {
        let payload: BoxedPayloadStream = Box::pin(Body(body));
        Payload::Stream { payload }
    };
    let mut request = Request::with_payload(payload);
    let head = request.head_mut();
    head.method = Method::from_bytes(parts.method.as_str().as_bytes()).ok()?;
    head.uri = uri(&parts.uri)?;
    head.version = Version::HTTP_2;
    head.peer_addr = peer;
    for (name, value) in &parts.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        head.headers
            .append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    Some(request)
}

/// The same part by part: of `*` at a host the text is no address.
fn uri(from: &http::Uri) -> Option<Uri> {
    let mut parts = Parts::default();
    if let Some(scheme) = from.scheme_str() {
        parts.scheme = Some(Scheme::try_from(scheme).ok()?);
    }
    if let Some(authority) = from.authority() {
        parts.authority = Some(Authority::try_from(authority.as_str()).ok()?);
    }
    if let Some(path) = from.path_and_query() {
        parts.path_and_query = Some(PathAndQuery::try_from(path.as_str()).ok()?);
    }
    Uri::from_parts(parts).ok()
}

/// The body of a request; what is read of it may be sent anew.
struct Body(RecvStream);

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = &mut self.get_mut().0;
        stream.poll_data(cx).map(|piece| {
            let piece = piece?.and_then(|piece| {
                stream.flow_control().release_capacity(piece.len())?;
                Ok(piece)
            });
            Some(piece.map_err(|_| PayloadError::Incomplete(None)))
        })
    }
}

/// Sends an answer; a peer that takes nothing of it for `idle` gets no more.
async fn answer(
    response: Response<BoxBody>,
    mut respond: SendResponse<Bytes>,
    head_alone: bool,
    idle: Duration,
) -> Result<(), h2::Error> {
    let (head, body) = response.into_parts();
    let size = body.size();
    let nothing = head_alone || matches!(size, BodySize::None | BodySize::Sized(0));
    let mut stream = respond.send_response(told(&head, size), nothing)?;
    if nothing {
        return Ok(());
    }
    let mut body = pin!(body);
    loop {
        let piece = tokio::select! {
            biased;
            piece = poll_fn(|cx| body.as_mut().poll_next(cx)) => piece,
            // One that goes on may have nothing to send for long.
            _ = poll_fn(|cx| stream.poll_reset(cx)) => return Ok(()),
        };
        let Some(piece) = piece else { break };
        let Ok(mut piece) = piece else {
            stream.send_reset(Reason::INTERNAL_ERROR);
            return Ok(());
        };
        while !piece.is_empty() {
            let Some(room) = in_time(idle, room(&mut stream, piece.len().min(PIECE))).await else {
                stream.send_reset(Reason::CANCEL);
                return Ok(());
            };
            let Some(room) = room.transpose()? else {
                return Ok(());
            };
            stream.send_data(piece.split_to(room.min(piece.len())), false)?;
        }
    }
    stream.send_data(Bytes::new(), true)
}

/// How many bytes may be sent now, once some may; none when the peer wants no more.
async fn room(stream: &mut SendStream<Bytes>, wanted: usize) -> Option<Result<usize, h2::Error>> {
    stream.reserve_capacity(wanted);
    loop {
        match poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(Ok(0)) => {}
            other => return other,
        }
    }
}

/// The head of an answer, without what is of HTTP/1.1 alone.
fn told(head: &Response<()>, size: BodySize) -> http::Response<()> {
    let mut told = http::Response::new(());
    if let Ok(status) = http::StatusCode::from_u16(head.status().as_u16()) {
        *told.status_mut() = status;
    }
    let headers = told.headers_mut();
    copy(head.headers(), headers);
    // Of these the length would be that of something else.
    let bodiless = matches!(head.status().as_u16(), 100..=199 | 204 | 304);
    if let (BodySize::Sized(length), false) = (size, bodiless) {
        headers.insert(http::header::CONTENT_LENGTH, length.into());
    }
    let now = DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now());
    if let Some(date) = now
        .ok()
        .and_then(|now| http::HeaderValue::try_from(now).ok())
    {
        headers.insert(http::header::DATE, date);
    }
    told
}

fn copy(from: &HeaderMap, to: &mut http::HeaderMap) {
    const OF_HTTP_1: [&str; 5] = [
        "connection",
        "keep-alive",
        "transfer-encoding",
        "upgrade",
        "content-length",
    ];
    for (name, value) in from {
        if OF_HTTP_1.contains(&name.as_str()) {
            continue;
        }
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes());
        let value = http::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            to.append(name, value);
        }
    }
}
