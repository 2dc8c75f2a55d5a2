//! The production `chat-server`, built where the tests of the process find it.

fn main() -> std::process::ExitCode {
    chat_server::main()
}
