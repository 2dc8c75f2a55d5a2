//! Answers that are good, late, or none.

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

/// A server that answers the body of each form that it got, without its first `skipped` bytes.
fn mirror(skipped: usize) -> Target {
    use std::io::{BufRead, BufReader, Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut content = Vec::new();
        loop {
            let mut lines = Vec::new();
            while lines.last().is_none_or(|line| line != "\r\n") {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                lines.push(line);
            }
            let length = lines
                .iter()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            if let Some(length) = length {
                let mut form = vec![0; length.trim().parse().unwrap()];
                reader.read_exact(&mut form).unwrap();
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
