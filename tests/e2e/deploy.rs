//! What `deploy/` and the document of deployment say of the server is so: its subcommands, flags and
//! variables are there, links lead somewhere, and no example gives away a secret or opens a door.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{output, server_command};

/// Announced, and not there yet. Whoever makes it takes it off this list.
const ANNOUNCED: [&str; 0] = [];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

const UNIT: &str = "deploy/chat-server.service";
const IMAGE: &str = "deploy/Dockerfile";
const COMPOSE: &str = "deploy/compose.yaml";
const DOCUMENT: &str = "docs/deployment.md";

fn help(of: &[&str]) -> String {
    let output = output(server_command().arg("help").args(of));
    assert!(output.status.success(), "help {of:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The names of subcommands in a help.
fn subcommands(help: &str) -> BTreeSet<String> {
    let (_, list) = help.split_once("Commands:\n").unwrap_or_default();
    let list = list.split("\n\n").next().unwrap_or_default();
    list.lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// Words of these characters that begin so.
fn named<'a>(text: &'a str, prefix: &str, of: fn(char) -> bool) -> BTreeSet<&'a str> {
    text.split(|c| !of(c))
        .filter(|word| word.starts_with(prefix) && word.len() > prefix.len())
        .collect()
}

fn flags(text: &str) -> BTreeSet<&str> {
    named(text, "--", |c| c.is_ascii_lowercase() || c == '-')
}

fn variables(text: &str) -> BTreeSet<&str> {
    named(text, "CHAT_", |c| c.is_ascii_uppercase() || c == '_')
}

/// What follows `chat-server` wherever it is run: words up to the end of its line, or of its quotes.
fn commands(text: &str) -> Vec<Vec<String>> {
    let text = text
        .replace("\\\n", " ")
        .replace(['"', '\'', ',', '[', ']'], " ");
    let mut found = Vec::new();
    for command in text.split(['\n', '`', ';', '|', '&', '#', '(', ')']) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let is_run = |at: &usize| {
            let word = words[*at].rsplit('=').next().unwrap_or_default();
            // The value of another program's flag is a user or a package.
            let value = *at > 0 && words[at - 1].starts_with('-');
            !value && ["chat-server", "/usr/local/bin/chat-server"].contains(&word)
        };
        if let Some(at) = (0..words.len()).find(is_run) {
            let rest = words[at + 1..].iter().map(|&word| word.to_owned());
            found.push(rest.collect());
        }
    }
    found
}

#[test]
fn commands_are_found() {
    let text = "run `chat-server move --to x`, or not\n  CMD [\"/usr/local/bin/chat-server\", \"health\"]\n\
                sudo -u chat-server chat-server recount \\\n  --repair && true\ncargo build -p chat-server --release";
    let expected: [&[&str]; 3] = [
        &["move", "--to", "x"],
        &["health"],
        &["recount", "--repair"],
    ];
    assert_eq!(commands(text), expected);
}

#[test]
fn what_is_run_and_set_is_there() {
    let main = help(&[]);
    let subcommands = subcommands(&main);
    assert!(subcommands.contains("health"), "{main}");
    let mut helps = main.clone();
    for name in subcommands.iter().filter(|name| *name != "help") {
        helps += &help(&[name]);
    }
    helps += &help(&["files", "check"]);
    let (known, set) = (flags(&helps), variables(&main));
    let there = |word: &str| known.contains(word) || subcommands.contains(word);
    for word in ANNOUNCED {
        assert!(!there(word), "{word} is there: take it off the list");
    }
    for path in [UNIT, IMAGE, COMPOSE, DOCUMENT] {
        let text = read(path);
        for name in variables(&text) {
            assert!(set.contains(name), "{path} sets {name}");
        }
        for command in commands(&text) {
            let named = command
                .iter()
                .enumerate()
                .filter(|(at, word)| *at == 0 || word.starts_with("--"))
                .map(|(_, word)| word.split('=').next().unwrap_or_default());
            for word in named {
                assert!(
                    there(word) || ANNOUNCED.contains(&word),
                    "{path} runs {command:?}: there is no {word}"
                );
            }
        }
    }
    for (path, command) in [(IMAGE, "health"), (DOCUMENT, "recount")] {
        let found = commands(&read(path));
        let first = |words: &Vec<String>| words.first().is_some_and(|word| word == command);
        assert!(found.iter().any(first), "{path}: {found:?}");
    }
}

#[test]
fn no_example_has_a_secret_in_it() {
    let mut secrets = 0;
    for path in [UNIT, IMAGE, COMPOSE, DOCUMENT] {
        for line in read(path)
            .lines()
            .filter(|line| !line.trim().starts_with('#'))
        {
            for url in line.split("://").skip(1) {
                let user = url.split(['/', ' ']).next().unwrap_or_default();
                let password = user
                    .split_once('@')
                    .and_then(|(user, _)| user.split_once(':'));
                let known = password.is_some_and(|(_, password)| password != "…");
                assert!(!known, "{path}: {line}");
            }
            let Some((name, value)) = line.split_once(['=', ':']) else {
                continue;
            };
            let name = name.trim();
            let word = name
                .chars()
                .all(|c| c.is_ascii_uppercase() || "_0123456789".contains(c));
            if word && ["PASSWORD", "SECRET"].iter().any(|it| name.contains(it)) {
                let value = value.trim();
                let given = value.starts_with("${") && value.contains(":?");
                assert!(given || value == "…", "{path}: {line}");
                secrets += 1;
            }
        }
    }
    assert!(secrets >= 4, "{secrets} were looked at");
}

#[test]
fn open_mode_is_published_to_this_machine_alone() {
    let compose = read(COMPOSE);
    let lines: Vec<&str> = compose.lines().map(str::trim).collect();
    let ports: Vec<&str> = lines
        .split(|line| *line == "ports:")
        .skip(1)
        .flat_map(|after| after.iter().take_while(|line| line.starts_with(['-', '#'])))
        .copied()
        .filter(|line| line.starts_with('-'))
        .collect();
    assert!(!ports.is_empty());
    for port in ports {
        assert!(port.starts_with("- \"127.0.0.1:"), "{port}");
    }
    let unit = read(UNIT);
    assert!(!unit.contains("INSECURE") && !unit.contains("insecure"));
}

#[test]
fn the_image_runs_as_nobody_in_particular_and_can_tell_its_health() {
    let image = read(IMAGE);
    let last = image.rsplit("\nFROM ").next().expect("its last stage");
    let user = last.lines().find_map(|line| line.strip_prefix("USER "));
    let ids: Option<Vec<u32>> =
        user.and_then(|user| user.split(':').map(|id| id.parse().ok()).collect());
    let ids = ids.expect("USER as numbers, which any platform can check");
    assert!(ids.len() == 2 && !ids.contains(&0), "{ids:?}");
    for line in [
        "HEALTHCHECK ",
        "ENTRYPOINT [",
        "VOLUME /data",
        "EXPOSE 8080",
    ] {
        assert!(last.contains(&format!("\n{line}")), "{line}");
    }
}

/// `[text](path#anchor)` of a document.
fn links(document: &str) -> Vec<&str> {
    document
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|link| !link.is_empty() && !link.contains("://"))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    for path in ["README.md", "docs/api.md", "docs/architecture.md", DOCUMENT] {
        let folder = top().join(path).parent().expect("a folder").to_owned();
        for link in links(&read(path)) {
            assert!(folder.join(link).exists(), "{path} links to {link}");
        }
    }
    assert!(links(&read("README.md")).contains(&DOCUMENT));
}
