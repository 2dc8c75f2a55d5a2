//! The load against a server of a few lines, which can be slow or wrong on purpose.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;
use crate::client::Target;

/// Answers every request with its turn, after what `before` does with it.
fn server(before: fn(u64)) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve(&stream.unwrap(), before));
        }
    });
    Target {
        address,
        host: "localhost".to_owned(),
        pid: None,
    }
}

fn serve(mut stream: &TcpStream, before: fn(u64)) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut turn, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(path) = line.strip_prefix("POST /") {
                turn = path.split(' ').next().unwrap().parse().unwrap();
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        before(turn);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}",
            String::from_utf8(body).unwrap()
        );
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

/// Posts the turn, and wants it back; at `wrong` it wants another.
struct Turns {
    wrong: Option<u64>,
    asked: Mutex<Vec<u64>>,
}

impl Turns {
    fn new(wrong: Option<u64>) -> Self {
        Self {
            wrong,
            asked: Mutex::default(),
        }
    }

    fn asked(self) -> Vec<u64> {
        let mut asked = self.asked.into_inner().unwrap();
        asked.sort_unstable();
        asked
    }
}

impl Workload for Turns {
    type Asked = u64;

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> u64 {
        self.asked.lock().unwrap().push(turn);
        request.post(&format!("/{turn}"), None, turn.to_string().as_bytes());
        turn
    }

    fn check(&self, asked: &u64, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        let right = answer.body == asked.to_string().as_bytes() && self.wrong != Some(*asked);
        anyhow::ensure!(right, "turn {asked} is wrong");
        Ok(())
    }
}

fn load(connections: usize, pace: Pace, until: Until) -> Load {
    Load {
        connections,
        pace,
        until,
        first: 0,
    }
}

#[test]
fn a_round_has_a_request_however_late_it_begins() {
    let turns = Turns::new(None);
    let late = load(3, Pace::Closed, Until::Lasting(Duration::ZERO));
    let round = run(&server(|_| ()), &turns, late).unwrap();
    assert_eq!((round.requests, turns.asked()), (1, vec![0]));
}

#[test]
fn each_turn_is_asked_once() {
    let target = server(|_| ());
    for pace in [Pace::Closed, Pace::Rate(5_000.0)] {
        let turns = Turns::new(None);
        let round = run(&target, &turns, load(7, pace, Until::Requests(300))).unwrap();
        assert_eq!(round.requests, 300, "{pace:?}");
        assert_eq!(turns.asked(), (0..300).collect::<Vec<_>>(), "{pace:?}");
    }
}

#[test]
fn the_earlier_of_two_ends_counts() {
    let target = server(|_| thread::sleep(Duration::from_millis(5)));
    let (long, short) = (Duration::from_secs(600), Duration::from_millis(50));
    let most = run(
        &target,
        &Turns::new(None),
        load(3, Pace::Closed, Until::Either(long, 10)),
    );
    assert_eq!(most.unwrap().requests, 10);
    let lasting = run(
        &target,
        &Turns::new(None),
        load(3, Pace::Closed, Until::Either(short, 1_000_000)),
    );
    assert!(lasting.unwrap().requests <= 33);
}

#[test]
fn a_round_goes_on_where_the_one_before_has_ended() {
    let target = server(|_| ());
    for pace in [Pace::Closed, Pace::Rate(5_000.0)] {
        let turns = Turns::new(None);
        let load = Load {
            first: 300,
            ..load(3, pace, Until::Requests(50))
        };
        run(&target, &turns, load).unwrap();
        assert_eq!(turns.asked(), (300..350).collect::<Vec<_>>(), "{pace:?}");
    }
}

#[test]
fn a_wrong_answer_fails_the_round() {
    let target = server(|_| ());
    for pace in [Pace::Closed, Pace::Rate(5_000.0)] {
        let turns = Turns::new(Some(20));
        let until = Until::Lasting(Duration::from_secs(60));
        let error = run(&target, &turns, load(4, pace, until)).err().unwrap();
        assert_eq!(error.to_string(), "turn 20 is wrong", "{pace:?}");
    }
}

#[test]
fn nobody_to_connect_to_fails_the_round() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target {
        address: listener.local_addr().unwrap(),
        host: "localhost".to_owned(),
        pid: None,
    };
    drop(listener);
    let turns = Turns::new(None);
    let error = run(&target, &turns, load(4, Pace::Closed, Until::Requests(1)));
    assert!(format!("{:#}", error.err().unwrap()).contains("can't connect"));
}

#[test]
fn a_closed_loop_ends_after_its_time() {
    let target = server(|_| thread::sleep(Duration::from_millis(5)));
    let turns = Turns::new(None);
    let until = Until::Lasting(Duration::from_millis(100));
    let round = run(&target, &turns, load(2, Pace::Closed, until)).unwrap();
    assert!(round.elapsed >= Duration::from_millis(100));
    assert!(
        round.requests > 0 && round.requests <= 42,
        "{}",
        round.requests
    );
    assert!(round.latencies.quantile(0.01) >= 5.0);
}

/// One stall of half a second at 200 requests a second: a hundred requests were due meanwhile, and had to
/// wait. In a closed loop over the same connection only one would have seen it.
#[test]
fn a_stall_is_charged_with_everybody_who_waited() {
    let stall = |turn| {
        if turn == 50 {
            thread::sleep(Duration::from_millis(500));
        }
    };
    let target = server(stall);
    let until = Until::Requests(200);
    let paced = run(
        &target,
        &Turns::new(None),
        load(1, Pace::Rate(200.0), until),
    )
    .unwrap();
    let closed = run(&target, &Turns::new(None), load(1, Pace::Closed, until)).unwrap();
    assert!(paced.elapsed >= Duration::from_millis(990));
    // A tenth of the requests waited longer than 400 ms less what is due until they are asked.
    assert!(paced.latencies.quantile(0.9) > 200.0);
    assert!(closed.latencies.quantile(0.9) < 100.0);
    assert!(closed.latencies.quantile(1.0) >= 500.0);
}
