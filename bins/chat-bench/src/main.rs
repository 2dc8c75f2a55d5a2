//! The `chat-bench` binary; everything it does is in the library beside it, where tests reach it.

fn main() -> std::process::ExitCode {
    chat_bench::main()
}
