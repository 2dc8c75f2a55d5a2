//! Requests through the whole transport, over stores that know little.

use actix_http::Request;
use actix_web::body::to_bytes;
use actix_web::dev::{Payload, Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{Error, HttpResponse};
use futures_util::stream;
use serde_json::Value;

use crate::testing::FakeStore;
use crate::{HttpOptions, app};

mod access;
mod checks;
mod door;
mod expect;
mod fuzz;
mod http2;
mod lines;
mod metrics;
mod overload;
mod patience;
mod pipelines;
mod retries;
mod routes;
pub(crate) mod sockets;
mod stop;
mod tls;

/// An answer as a client sees it.
struct Told {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Told {
    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The status and the code, which is empty on success.
    fn outcome(&self) -> (u16, &str) {
        (self.status, self.code())
    }
}

async fn ask_store(store: FakeStore, request: TestRequest) -> Told {
    ask_server(store, &HttpOptions::default(), request).await
}

async fn ask_server(store: FakeStore, options: &HttpOptions, request: TestRequest) -> Told {
    let app = init_service(app(store.service(), options)).await;
    ask_app(&app, request).await
}

async fn ask_app<S>(app: &S, request: TestRequest) -> Told
where
    S: Service<Request, Response = ServiceResponse, Error = Error>,
{
    let response: HttpResponse = match try_call_service(app, request.to_request()).await {
        Ok(response) => response.into(),
        Err(error) => error.error_response(),
    };
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body()).await.unwrap();
    Told {
        status,
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    }
}

async fn ask(request: TestRequest) -> Told {
    ask_store(FakeStore::ThreeUsers, request).await
}

fn request(method: &str, uri: &str) -> TestRequest {
    TestRequest::with_uri(uri)
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .insert_header((header::HOST, "localhost"))
}

/// The request with a body that never comes.
fn endless(request: TestRequest) -> Request {
    let payload: Payload = Payload::Stream {
        payload: Box::pin(stream::pending()),
    };
    request.to_request().replace_payload(payload).0
}

fn get(uri: &str) -> TestRequest {
    request("GET", uri)
}

fn post(uri: &str, body: &str) -> TestRequest {
    request("POST", uri)
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .set_payload(body.to_owned())
}
