//! The tables of docs/guides/from-sidekiq.md are complete: they have all that the installed Sidekiq has.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::home::Home;

/// Prints all that the installed Sidekiq has and a program may name, under the names that the tables use.
const INVENTORY: &str = include_str!("ruby/inventory.rb");

/// What 7 and 8 added, as their documentation has it: they are not installed here.
const SINCE_7: [&str; 56] = [
    "capsules",
    "max_iteration_runtime",
    "redis_idle_timeout",
    "skip_default_job_logging",
    "logged_job_attributes",
    "job_logger",
    "fetch_class",
    "thread_priority",
    "backtrace_cleaner",
    "DEBUG_INVOCATION",
    "INFO",
    "exit",
    "beat",
    "Formatters::Plain",
    "retry_for",
    "retry_queue",
    "spread_interval",
    "Job.perform_sync",
    "Job#interrupted?",
    "IterableJob",
    "Client#cancel!",
    "Sidekiq.configure_embed",
    "Sidekiq.default_configuration",
    "Sidekiq.default_job_options=",
    "Sidekiq.transactional_push!",
    "Sidekiq.testing!",
    "Embedded",
    "CurrentAttributes.persist",
    "Stats#queue_summaries",
    "JobRecord#bid",
    "JobRecord#failed_at",
    "JobRecord#retried_at",
    "JobRecord#iterable_state",
    "IterableJobQuery",
    "DeadSet#trim",
    "Process#capsules",
    "Process#embedded?",
    "Process#leader?",
    "Process#version",
    "Process#weights",
    "WorkSet#find_work",
    "Work#job",
    "Work#payload",
    "Work#queue",
    "Work#run_at",
    "Metrics::Query#for_job",
    "Metrics::Query#top_jobs",
    "Deploy.mark!",
    "Deploy#fetch",
    "ProfileRecord",
    "ProfileSet",
    "Component",
    "JobLogger",
    "EmptyQueueError",
    "kiq",
    "transactional_push",
];

/// What the tables leave out: jokes, and what is no part of Sidekiq's interface.
const LEFT_OUT: [&str; 27] = [
    "Queue#💣",
    "SortedSet#💣",
    "Sidekiq.❨╯°□°❩╯︵┻━┻",
    "Chain#each",
    "Chain#empty?",
    "Chain#entries",
    "Chain#invoke",
    "Chain#retrieve",
    "Job.client_push",
    "Job.get_sidekiq_options",
    "Job.included",
    "Job.sidekiq_class_attribute",
    "Job.execute_job",
    "Job#jid=",
    "JobRecord#parse",
    "Sidekiq.default_server_middleware",
    "Sidekiq.pro?",
    "Sidekiq.start_watchdog",
    "SortedEntry#parent",
    "Stats#fetch_stats!",
    "Stats#fetch_stats_fast!",
    "Stats#fetch_stats_slow!",
    "Testing.__set_test_mode",
    "Testing.__test_mode",
    "Testing.__test_mode=",
    "Testing.constantize",
    "SIDEKIQ_WEB_TESTING",
];

/// The names in the first column of every table: `Queue#size`, or `#size` behind another name of `Queue`; and the
/// words of a flag, a key or a variable.
fn named_in_the_tables(page: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cell = line[2..].split(" | ").next().unwrap_or_default();
        let mut owner = "";
        for span in cell.split('`').skip(1).step_by(2) {
            let end = span.find(['(', ' ', '=', ':']).filter(|_| !span.contains("::")).unwrap_or(span.len());
            let is_setter = span[end..].starts_with('=');
            let word = if is_setter { &span[..=end] } else { &span[..end] };
            let word = word.split('(').next().unwrap_or_default();
            match word.find(['#', '.']) {
                Some(0) => _ = names.insert(format!("{owner}{word}")),
                Some(at) if !word.starts_with('-') => {
                    owner = &word[..at];
                    names.insert(word.to_owned());
                }
                _ => _ = names.insert(word.trim_matches(':').to_owned()),
            }
        }
    }
    names
}

/// The tables are complete: nothing that the installed Sidekiq has is missing in them, nor what
/// newer ones have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flag_key_signal_and_call_of_the_installed_sidekiq_has_a_row() {
    let home = Home::new().await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/from-sidekiq.md");
    let named = named_in_the_tables(&std::fs::read_to_string(page).expect("the guide is there"));
    let there = home.ruby_value(INVENTORY, &[]).await;
    let there: Vec<&str> = there.as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert!(there.len() > 200, "Ruby told what there is: {there:?}");
    let all = there.iter().chain(&SINCE_7);
    let missing: Vec<&&str> = all.filter(|name| !named.contains(**name) && !LEFT_OUT.contains(name)).collect();
    assert!(missing.is_empty(), "docs/guides/from-sidekiq.md has no row for {missing:?}");
}
