//! Answers that are good, late, or none.

use std::io::{BufRead, BufReader, Write};

use super::*;

#[test]
fn a_head_is_read_once_it_is_whole() {
    let whole = b"HTTP/1.1 201 Created\r\nContent-LENGTH: 2\r\nX: y\r\n\r\n{}";
    let body = whole.len() - 2;
    assert_eq!(head(whole).unwrap(), Some((201, body, whole.len())));
    for cut in 0..body {
        assert_eq!(head(&whole[..cut]).unwrap(), None, "{cut}");
    }
}

/// Reads a request: its body, if it has one. None when no other comes.
#[allow(clippy::option_option, reason = "no request is not one without a body")]
fn body(reader: &mut impl BufRead) -> Option<Option<Vec<u8>>> {
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != "\r\n") {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        lines.push(line);
    }
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    Some(length.map(|length| {
        let mut body = vec![0; length.trim().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        body
    }))
}

/// A server that answers the body of each form that it got, without its first `skipped` bytes.
fn mirror(skipped: usize) -> Target {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut content = Vec::new();
        while let Some(form) = body(&mut reader) {
            if let Some(form) = form {
                let head = form.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
                let end = form.len() - BOUNDARY.len() - 8;
                assert_eq!(&form[end..end + 4], b"\r\n--");
                content = form[head + skipped..end].to_vec();
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                content.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&content).unwrap();
        }
    });
    Target {
        address,
        host: "localhost".to_owned(),
        pid: None,
    }
}

async fn up_and_down(target: &Target, sent: &Content, wanted: &Content) -> Result<()> {
    let mut client = Client::connect(target).await?;
    client.request().post_file("/files", Some(1), sent);
    client.exchange().await?.expect(200)?;
    for _ in 0..2 {
        client.request().get_content("/it", None, wanted.clone());
        client.exchange().await?.expect(200)?;
    }
    Ok(())
}

#[test]
fn a_file_goes_up_whole_and_is_compared_when_it_comes_back() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for size in [crate::content::MARK, 1_000, 3_000_000] {
        let [sent, other] = [1, 2].map(|number| Content::new("tag", number, size));
        runtime.block_on(async {
            up_and_down(&mirror(0), &sent, &sent).await.unwrap();
            let ends = [
                up_and_down(&mirror(0), &sent, &other).await,
                up_and_down(&mirror(1), &sent, &sent).await,
                up_and_down(&mirror(0), &sent, &Content::new("tag", 1, size + 1)).await,
            ];
            for end in ends {
                let error = end.unwrap_err().to_string();
                assert!(error.contains("content"), "{error}");
            }
        });
    }
}

#[test]
fn no_content_needs_no_length() {
    let whole = b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n";
    assert_eq!(head(whole).unwrap(), Some((204, whole.len(), whole.len())));
    assert!(head(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n").is_err());
}

/// A server that gives up so many connections before they are used, and answers all requests of the next.
fn impatient(given_up: usize) -> Target {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for _ in 0..given_up {
            let (mut stream, _) = listener.accept().unwrap();
            let answer = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).unwrap();
        }
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while body(&mut reader).is_some() {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            stream.write_all(answer).unwrap();
        }
    });
    Target {
        address,
        host: "localhost".to_owned(),
        pid: None,
    }
}

#[test]
fn a_connection_that_was_given_up_unused_is_made_anew_once() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // The large one breaks off while it is sent.
    let files = [None, Some(Content::new("tag", 1, 30_000_000))];
    for file in &files {
        for (given_up, status) in [(0, 200), (1, 200), (2, REQUEST_TIMEOUT)] {
            let target = impatient(given_up);
            runtime.block_on(async {
                let mut client = Client::connect(&target).await.unwrap();
                if given_up > 0 {
                    client.stream.readable().await.unwrap();
                }
                match file {
                    Some(file) => client.request().post_file("/files", None, file),
                    None => client.request().get("/", None),
                }
                let answer = client.exchange().await.unwrap();
                answer.expect(status).unwrap();
            });
        }
    }
}

#[test]
fn a_later_answer_of_this_kind_is_an_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target {
        address: listener.local_addr().unwrap(),
        host: "localhost".to_owned(),
        pid: None,
    };
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        for status in [200, REQUEST_TIMEOUT] {
            body(&mut reader).unwrap();
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut client = Client::connect(&target).await.unwrap();
        for status in [200, REQUEST_TIMEOUT] {
            client.request().get("/", None);
            client.exchange().await.unwrap().expect(status).unwrap();
        }
    });
}

#[test]
fn who_never_answers_is_not_waited_for_in_silence() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target {
        address: listener.local_addr().unwrap(),
        host: "localhost".to_owned(),
        pid: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = runtime.block_on(async {
        let mut client = Client::connect(&target).await.unwrap();
        client.patience = Duration::from_secs(1);
        client.request().get("/", None);
        client.exchange().await.err().unwrap()
    });
    assert!(
        error.to_string().starts_with("no answer within"),
        "{error:#}"
    );
}

#[test]
fn what_can_not_be_measured_is_refused() {
    for bad in [
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ] {
        assert!(head(bad).is_err(), "{}", String::from_utf8_lossy(bad));
    }
}
