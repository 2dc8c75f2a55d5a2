//! The door: which requests are let in, as whom, and how often.
//!
//! In open mode the [gate](crate::gate) looks where a request comes from, and nobody is asked who it is. With
//! [`Authenticate`] whoever comes must show credentials. Either way it may not come too often.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::{RequestHead, ResourceDef, ServiceRequest};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use chat_domain::{Actor, Ticket, UserId};
use chat_service::ChatService;

use crate::actor::{self, Entry};
use crate::auth::{Authenticate, Identity};
use crate::cors::Cors;
use crate::limits::{Class, CountedBy, Exceeded, RateLimits, Standing};
use crate::problem::Problem;
use crate::proxies::TrustedProxies;
use crate::resource::{Asks, Path};
use crate::routes::paths;
use crate::trace::Trace;
use crate::{HttpOptions, fields, gate};

/// The parameter that a ticket stands in.
const TICKET: &str = "ticket";

/// What a request without credentials is told.
const ASK_FOR_TOKEN: HeaderValue = HeaderValue::from_static("Bearer");

/// What a request with others than those that are taken is told.
const TOKEN_IS_BAD: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");

/// Who stands at the door, and what it goes by.
pub(crate) struct Door {
    /// Whether only requests for this machine, from pages of it, are let in.
    gated: bool,
    authenticate: Option<Arc<dyn Authenticate>>,
    /// The paths that ask nobody who comes.
    free: Vec<ResourceDef>,
    /// The paths where a ticket is as good as credentials.
    ticketed: Vec<ResourceDef>,
    service: ChatService,
    limits: Option<RateLimits>,
    proxies: TrustedProxies,
    cors: Cors,
}

/// What was seen of a request that comes.
pub(crate) struct Comer {
    /// Where it comes from, if pages from there may read the answer.
    origin: Option<HeaderValue>,
    shows_token: bool,
}

/// What the door did.
pub(crate) enum Opened {
    /// The request goes on.
    In(Option<Standing>),
    /// It was answered at the door.
    Answered(Result<HttpResponse, Problem>, Option<Standing>),
}

impl Door {
    pub(crate) fn new(options: &HttpOptions, service: ChatService) -> Self {
        let those = |which: fn(&Path) -> bool| {
            let paths = paths().into_iter().filter(which);
            paths.map(|path| path.pattern()).collect()
        };
        Self {
            gated: !options.insecure_open && options.authenticate.is_none(),
            authenticate: options.authenticate.clone(),
            free: those(|path| path.asks() == Asks::Nobody),
            ticketed: those(Path::takes_tickets),
            service,
            limits: options.rate_limits.clone(),
            proxies: options.trusted_proxies.clone(),
            cors: Cors::new(&options.cors_origins),
        }
    }

    /// What the answer to a request will have to go by.
    pub(crate) fn look(&self, head: &RequestHead) -> Comer {
        Comer {
            origin: self.cors.listed(head).cloned(),
            shows_token: head.headers().contains_key(AUTHORIZATION),
        }
    }

    /// Lets a request in, or answers it.
    pub(crate) async fn open(&self, request: &ServiceRequest, trace: &Trace) -> Opened {
        let refused = |problem| Opened::Answered(Err(problem), None);
        let head = request.head();
        if self.gated
            && let Err(problem) = gate::check(head, &self.cors)
        {
            return refused(problem);
        }
        if let Some(answer) = self.cors.preflight(head) {
            return Opened::Answered(Ok(answer), None);
        }
        // As nobody: should it come to a route that asks who acts, it is no actor's.
        if self.is_free(request.path()) {
            return Opened::In(None);
        }
        let entry = match self.ask(request, trace).await {
            Ok(entry) => entry,
            Err(problem) => return refused(problem),
        };
        trace.comes_in(entry);
        if let Some(limits) = self.limits.clone()
            && self.takes_ticket(request)
        {
            let address = self.address(request);
            trace.is_counted_by(CountedBy { limits, address });
        }
        match self.count(request, entry) {
            Ok(standing) => Opened::In(standing),
            Err(exceeded) => {
                let (problem, standing) = exceeded.refuse();
                Opened::Answered(Err(problem), Some(standing))
            }
        }
    }

    fn is_free(&self, path: &str) -> bool {
        self.free.iter().any(|free| free.is_match(path))
    }

    /// Who comes.
    async fn ask(&self, request: &ServiceRequest, trace: &Trace) -> Result<Entry, Problem> {
        let head = request.head();
        if let Some(secret) = self.ticket_of(request) {
            let ticket = self.service.redeem_ticket(&secret).await?;
            return Ok(by_ticket(
                ticket.ok_or_else(Problem::invalid_ticket)?,
                trace,
            ));
        }
        let Some(authenticate) = &self.authenticate else {
            return Ok(Entry::Open);
        };
        let shown = authenticate.authenticate(head).await?;
        if let Some(end) = shown.until {
            trace.may_stay_until(end);
        }
        match shown.identity {
            Identity::User(user) => Ok(Entry::User(user)),
            Identity::System(name) => {
                if let Some(name) = name {
                    trace.is_called(name);
                }
                Ok(Entry::System)
            }
        }
    }

    /// The ticket that the request comes with, if it comes with nothing better to a path where that counts.
    fn ticket_of(&self, request: &ServiceRequest) -> Option<String> {
        let shows_token = request.headers().contains_key(AUTHORIZATION);
        let counts = !shows_token && self.takes_ticket(request);
        counts
            .then(|| fields::only(request.query_string(), TICKET))
            .flatten()
    }

    /// Whether the request is to a path from which a connection may go on.
    fn takes_ticket(&self, request: &ServiceRequest) -> bool {
        self.ticketed
            .iter()
            .any(|path| path.is_match(request.path()))
    }

    /// Counts the request, or says that it is one too many.
    fn count(&self, request: &ServiceRequest, entry: Entry) -> Result<Option<Standing>, Exceeded> {
        let Some(limits) = &self.limits else {
            return Ok(None);
        };
        let user = match entry {
            Entry::System => return Ok(None),
            Entry::User(user) => Some(user),
            Entry::Open => said(request),
        };
        // The path as routes see it, however it was written.
        let class = Class::of(request.method(), request.match_info().as_str());
        limits.count(class, user, self.address(request))
    }

    /// Where the request comes from.
    fn address(&self, request: &ServiceRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        Some(self.proxies.client(peer, request.headers()))
    }

    /// Marks the answer to a request that came so.
    pub(crate) fn mark(&self, headers: &mut HeaderMap, status: StatusCode, comer: Comer) {
        self.cors.mark(headers, comer.origin);
        if status == StatusCode::UNAUTHORIZED && self.authenticate.is_some() {
            let challenge = if comer.shows_token {
                TOKEN_IS_BAD
            } else {
                ASK_FOR_TOKEN
            };
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
    }
}

/// How whoever has shown this ticket comes in.
fn by_ticket(ticket: Ticket, trace: &Trace) -> Entry {
    if let Some(end) = ticket.credentials_end {
        trace.may_stay_until(end);
    }
    match ticket.actor {
        Actor::User(user) => Entry::User(user),
        Actor::System => Entry::System,
    }
}

/// Whom a request in open mode says that it is from, if it can be read.
fn said(request: &ServiceRequest) -> Option<UserId> {
    actor::named_by(request.headers()).ok().flatten()
}
