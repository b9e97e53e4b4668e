//! What the text of INFO and the clock of a Redis say.

use std::time::Duration;

use sancho_core::checkup::Value;
use sancho_core::{Finding, Timestamp};

use crate::connection::eviction;
use crate::reply;

/// The oldest Redis whose scripts can say that they may write when memory is full.
const MAJOR_MIN: u32 = 7;

/// A fraction of the memory, in percent, above which pushes may soon be refused.
const MEMORY_PERCENT_MUCH: u64 = 85;

/// How far two clocks may be apart before somebody should look, and before leases cannot be relied on.
const SKEW_MUCH: Duration = Duration::from_secs(1);
const SKEW_TOO_MUCH: Duration = Duration::from_secs(10);

pub(super) fn findings(info: &str) -> Vec<Finding> {
    let field = |name: &str| {
        info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':')).unwrap_or_default()
    };
    let number = |name: &str| field(name).parse::<u64>().unwrap_or(0);
    let mut found = vec![version(field("redis_version"))];
    found.push(policy(field("maxmemory_policy")));
    found.push(memory(number("used_memory"), number("maxmemory")));
    found.extend(persistence(field));
    if field("role") == "slave" {
        let fix = "name the master, or its Sentinels: redis+sentinel://HOST,HOST/MASTER";
        let finding = Finding::problem("this Redis is a replica: nothing can be pushed or performed", fix);
        found.push(finding.named("redis-replica", []));
    }
    if field("cluster_enabled") == "1" {
        let finding = Finding::problem(
            "this Redis is a cluster: jobs move between keys that a cluster keeps apart",
            "use a Redis that is no cluster, with replicas and Sentinels if it is to survive a loss",
        );
        found.push(finding.named("redis-cluster", []));
    }
    found
}

fn version(version: &str) -> Finding {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or(0);
    if major < MAJOR_MIN {
        Finding::problem(format!("Redis {version} is too old"), "use Redis 7.0 or later")
            .named("redis-too-old", [Value::Text(version.to_owned())])
    } else {
        Finding::good(format!("Redis {version}"))
    }
}

fn policy(policy: &str) -> Finding {
    let told = (!policy.is_empty()).then_some(policy);
    match eviction(told) {
        None => Finding::good("maxmemory-policy is noeviction"),
        Some((what, fix)) if told.is_some() => {
            Finding::problem(what, fix).named("redis-evicts", [Value::Text(policy.to_owned())])
        }
        // Some hosts hide it.
        Some((what, fix)) => Finding::notice(format!("{what}; {fix}")),
    }
}

fn memory(used: u64, max: u64) -> Finding {
    let mib = |bytes: u64| bytes / (1024 * 1024);
    if max == 0 {
        return Finding::good(format!("{} MiB of memory are used, without a limit", mib(used)));
    }
    let percent = used.saturating_mul(100) / max;
    let what = format!("{} of {} MiB of memory are used ({percent} %)", mib(used), mib(max));
    if percent >= MEMORY_PERCENT_MUCH {
        Finding::warning(what, "raise maxmemory, or perform or delete jobs: pushes are refused when it is full")
            .named("redis-memory", [Value::Bytes(used), Value::Bytes(max), Value::Number(percent)])
    } else {
        Finding::good(what)
    }
}

fn persistence<'a>(field: impl Fn(&str) -> &'a str) -> Vec<Finding> {
    let mut found = Vec::new();
    if field("aof_enabled") == "1" {
        found.push(Finding::good(
            "changes are appended to a file: a power cut takes two seconds of them at most, unless appendfsync is no",
        ));
        if !matches!(field("aof_last_write_status"), "ok" | "") {
            let finding =
                Finding::problem("Redis failed to write its append-only file", "look into its log and its disk");
            found.push(finding.named("redis-append-failed", []));
        }
    } else {
        let finding = Finding::warning(
            "nothing is appended to a file (appendonly no): a crash of Redis takes all jobs since its last snapshot, \
             or all there are if it takes none",
            "CONFIG SET appendonly yes, and the same in redis.conf",
        );
        found.push(finding.named("redis-no-append", []));
    }
    if !matches!(field("rdb_last_bgsave_status"), "ok" | "") {
        let finding = Finding::problem("the last snapshot of Redis failed", "look into its log and its disk");
        found.push(finding.named("redis-snapshot-failed", []));
    }
    found
}

pub(super) fn clock(time: redis::Value, now: Timestamp) -> Finding {
    let there = reply::time(time);
    let skew = there.since(now).max(now.since(there));
    let what = format!("the clocks of this host and of Redis are {:.1} s apart", skew.as_secs_f64());
    let fix = "keep both clocks right, as with chrony or systemd-timesyncd";
    if skew > SKEW_TOO_MUCH {
        Finding::problem(what, fix).named("clocks-apart", [Value::Span(skew)])
    } else if skew > SKEW_MUCH {
        Finding::warning(what, fix).named("clocks-apart", [Value::Span(skew)])
    } else {
        Finding::good("the clocks of this host and of Redis agree")
    }
}

#[cfg(test)]
mod tests {
    use sancho_core::Level;

    use super::*;

    fn level_of(info: &str, word: &str) -> Option<Level> {
        findings(info).into_iter().find(|finding| finding.what.contains(word)).map(|finding| finding.level)
    }

    #[test]
    fn what_info_says_is_judged() {
        for (info, word, level) in [
            ("redis_version:7.0.15\r\n", "7.0.15", Level::Good),
            ("redis_version:6.2.1\r\n", "too old", Level::Problem),
            ("maxmemory_policy:allkeys-lru\r\n", "allkeys-lru", Level::Problem),
            ("used_memory:90\r\nmaxmemory:100\r\n", "90 %", Level::Warning),
            ("aof_enabled:0\r\n", "appendonly no", Level::Warning),
            ("role:slave\r\n", "replica", Level::Problem),
            ("cluster_enabled:1\r\n", "cluster", Level::Problem),
        ] {
            assert_eq!(level_of(info, word), Some(level), "{info}");
        }
    }

    #[test]
    fn clocks_apart_are_told_by_how_much_it_matters() {
        let now = Timestamp::from_unix_millis(1_000_000_000);
        for (seconds, level) in [(0, Level::Good), (3, Level::Warning), (-3, Level::Warning), (11, Level::Problem)] {
            let time = redis::Value::Array(vec![redis::Value::Int(1_000_000 + seconds), redis::Value::Int(0)]);
            assert_eq!(clock(time, now).level, level, "{seconds}");
        }
    }
}
