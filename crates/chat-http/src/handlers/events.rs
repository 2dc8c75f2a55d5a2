//! `/events`, `/sync`, `/ws` and `/tickets`: what happens, as it happens.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::Service;
use crate::actor::{Acting, Caller};
use crate::answer::{self, Answer};
use crate::dto::overviews::{OverviewJson, Shown, SyncJson};
use crate::dto::readers::{EventsQuery, SocketQuery, SyncQuery};
use crate::dto::tickets::TicketJson;
use crate::fields::Nothing;
use crate::input::{self, Ask};
use crate::live::desk::Desk;
use crate::live::{end_of_credentials, poll, socket, stream};
use crate::metrics::Readers;
use crate::pace::Peer;
use crate::time::WireTime;
use crate::turns::Turns;
use crate::{link, random, trace};

/// A poll, or a stream for whoever asks for one.
pub(crate) async fn read(
    service: Service,
    readers: Data<Readers>,
    request: HttpRequest,
    ask: Ask<Nothing, EventsQuery>,
) -> Answer {
    let acting = ask.query.reader(ask.acting)?;
    let end = end_of_credentials(&request);
    let headers = request.headers();
    if stream::is_wanted(headers) {
        let after = ask.query.stream(headers)?;
        let reader = acting.told(service.open_reader(acting.actor(), after).await)?;
        return stream::answer(reader, Peer::of(&request), end, &readers);
    }
    let asked = ask.query.poll()?;
    let reader = acting.told(service.open_reader(acting.actor(), asked.after).await)?;
    let peer = Peer::of(&request);
    poll::answer(reader, &asked, &peer, end, &readers.by_poll()).await
}

/// A WebSocket.
pub(crate) async fn connect(
    service: Service,
    readers: Data<Readers>,
    request: HttpRequest,
    ask: Ask<Nothing, SocketQuery>,
) -> Answer {
    let acting = ask.query.reader(ask.acting)?;
    let after = ask.query.after()?;
    let accept = socket::accept(&request)?;
    let reader = acting.told(service.open_reader(acting.actor(), after).await)?;
    let desk = Desk {
        service: service.get_ref().clone(),
        caller: match acting {
            Acting::User(user) | Acting::Named(user) => Caller::User(user),
            Acting::System => Caller::of(&request)?,
        },
        turns: request.app_data::<Data<Turns>>().cloned(),
        counted: trace::counted_by(&request),
    };
    let end = end_of_credentials(&request);
    socket::answer(&request, accept, reader, desk, end, &readers)
}

/// Where a client begins.
pub(crate) async fn sync(
    service: Service,
    request: HttpRequest,
    ask: Ask<Nothing, SyncQuery>,
) -> Answer {
    let acting = ask.acting;
    let (cursor, after, limit) = ask.query.parse()?;
    let synced = service.sync(acting.actor(), cursor, after, limit).await;
    let synced = acting.told(synced)?;
    let (cursor, more) = (synced.cursor.to_string(), synced.conversations.more);
    let shown = synced.conversations.items.into_iter().map(Shown::from);
    let shown: Vec<Shown> = shown.collect();
    let conversations: Vec<_> = shown.iter().map(OverviewJson::from).collect();
    let next = conversations.last().filter(|_| more);
    let next = next.map(|last| link::next_of_sync(&request, last.id(), &cursor));
    answer::linked(
        next,
        &SyncJson {
            cursor,
            conversations,
        },
    )
}

/// A ticket, for what can send no credentials. Under an idempotency key it is another one each time: which of them
/// is used makes no difference, and nothing that lets anyone in is stored.
pub(crate) async fn create_ticket(service: Service, request: HttpRequest) -> Answer {
    let (caller, _) = input::read_head(&request)?;
    let acting = caller.acting_as(None)?;
    trace::acts(&request, acting);
    let ticket = random::secret();
    let end = trace::until(&request);
    let made = service.create_ticket(acting.actor(), &ticket, end).await;
    let expires_at = WireTime(acting.told(made)?);
    let shown = TicketJson {
        ticket: &ticket,
        expires_at,
    };
    answer::json(HttpResponse::Created(), &shown)
}
