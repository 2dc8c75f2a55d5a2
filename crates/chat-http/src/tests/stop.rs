//! Stopping: what is idle does not hold it up, what is under way is finished.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::time::timeout;

use super::sockets::{JSON, start_with};
use crate::HttpOptions;
use crate::testing::FakeStore;

/// Less than what requests under way are given.
const SOON: Duration = Duration::from_secs(8);

/// Sends `request` and reads the beginning of what comes.
async fn send(mut stream: TcpStream, request: String) -> (TcpStream, String) {
    let send = move || {
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 1024];
        let read = stream.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        (stream, answer)
    };
    rt::task::spawn_blocking(send).await.unwrap()
}

#[actix_web::test]
async fn idle_connections_do_not_hold_it_up() {
    let (address, server) = start_with(FakeStore::ThreeUsers, HttpOptions::default());
    let get = "GET /users/1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let idle = TcpStream::connect(address).unwrap();
    let half = TcpStream::connect(address).unwrap();
    let (mut idle, answer) = send(idle, get.to_owned()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let (mut half, _) = send(half, format!("{get}GET /us")).await;
    timeout(SOON, server.stop(true)).await.unwrap();
    for stream in [&mut idle, &mut half] {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
}

#[actix_web::test]
async fn a_request_under_way_is_answered() {
    let (address, server) = start_with(FakeStore::ThreeUsers, HttpOptions::default());
    let head = format!(
        "POST /users HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: 2\r\n\
         Expect: 100-continue\r\n\r\n"
    );
    let stream = TcpStream::connect(address).unwrap();
    let (stream, go_on) = send(stream, head).await;
    assert!(go_on.starts_with("HTTP/1.1 100 "), "{go_on}");
    let stop = rt::spawn(server.stop(true));
    rt::time::sleep(Duration::from_millis(200)).await;
    let (mut stream, answer) = send(stream, "{}".to_owned()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    timeout(SOON, stop).await.unwrap().unwrap();
}
