# Short names for the commands of every day. `just` lists them; ./test remains the one that counts.

_default:
    @just --list --unsorted

# Everything that a change must pass.
test *args:
    ./test {{ args }}

# The tests of one crate: `just one sancho-core`.
one crate *args:
    cargo test --locked -p {{ crate }} {{ args }}

# Format everything.
fmt:
    cargo fmt --all

# Lints, as strict as ./test.
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Known vulnerabilities of what is depended on; fetches RustSec's database from GitHub.
advisories:
    cargo deny --locked check advisories

# The documentation of the whole workspace, in a browser.
doc:
    cargo doc --workspace --no-deps --locked --open

# The full application, on an address that it prints.
snippets *args:
    cargo run --release --locked --example snippets -- {{ args }}
