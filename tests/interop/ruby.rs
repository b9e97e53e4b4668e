//! Ruby scripts with Sidekiq's API, and what is said when Ruby or a gem is missing.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::home::{Home, PATIENCE};

/// What to install when Ruby cannot load something.
const PACKAGES: [(&str, &str); 4] = [
    ("sidekiq", "ruby-sidekiq"),
    ("rack/handler/webrick", "ruby-webrick"),
    ("webrick", "ruby-webrick"),
    ("rack", "ruby-rack"),
];

/// A file beside this one, in `ruby/`.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ruby").join(name)
}

/// Runs a script that has the jobs and the API loaded, with `args` as its ARGV; answers what it printed.
///
/// # Panics
/// When it fails or does not end, and when Ruby or a gem is missing.
pub(crate) async fn script(home: &Home, script: &str, args: &[&str]) -> String {
    let mut ruby = command("ruby", "ruby", home);
    ruby.arg("-r").arg(file("jobs.rb")).arg("-r").arg("sidekiq/api").arg("-e").arg(script).arg("--").args(args);
    let output = ruby.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, output).await;
    let output = output.unwrap_or_else(|_| panic!("a Ruby script does not end:\n{script}"));
    let output = output.unwrap_or_else(|error| missing("ruby", "ruby", &error));
    let errors = String::from_utf8_lossy(&output.stderr);
    explain_missing_gem(&errors);
    assert!(output.status.success(), "a Ruby script failed:\n{script}\n{errors}");
    String::from_utf8(output.stdout).expect("Ruby prints UTF-8")
}

/// A program of Ruby's, in the test's own directory, on the test's own Redis.
///
/// # Panics
/// When it is not installed.
pub(crate) fn command(program: &str, package: &str, home: &Home) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    assert!(installed, "{program} is not installed: on Debian, apt-get install {package}");
    let mut command = Command::new(program);
    command.current_dir(home.directory()).env("REDIS_URL", home.url()).env("LC_ALL", "C.UTF-8");
    for inherited in ["RUBYOPT", "BUNDLE_GEMFILE", "REDIS_PROVIDER", "DYNO", "RAILS_MAX_THREADS"] {
        command.env_remove(inherited);
    }
    command.stdin(Stdio::null());
    command
}

/// Panics with what to install, if these are the last words of a Ruby that misses a gem.
pub(crate) fn explain_missing_gem(errors: &str) {
    for (gem, package) in PACKAGES {
        let missing = errors.contains(&format!("cannot load such file -- {gem}"));
        assert!(!missing, "Ruby has no {gem}: on Debian, apt-get install {package}\n{errors}");
    }
}

fn missing(program: &str, package: &str, error: &std::io::Error) -> ! {
    panic!("{program} does not start ({error}): on Debian, apt-get install {package}")
}
