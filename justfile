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

# What drives Chromium, from npm: for the tests of the pages in a browser, and for pictures.
_browser:
    npm ci --silent --ignore-scripts --no-audit --no-fund --prefix tests/browser

# The tests of the web pages in a real Chromium (apt-get install chromium-headless-shell npm redis-server).
browser *args: _browser
    cargo test --locked -p sancho-browser {{ args }}

# Pictures of every web page: light and dark, wide and on a phone, in each language.
screenshots directory="target/screenshots": _browser
    node tests/browser/screenshots.mjs {{ directory }}

# The pictures that the README shows.
readme-pictures: _browser
    node tests/browser/screenshots.mjs --readme docs/images
