//! The benchmark once more, built where its tests find it.

fn main() -> std::process::ExitCode {
    chat_bench::main()
}
