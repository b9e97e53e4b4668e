//! What stands below the help of each command: examples, and what else is worth knowing.

pub(super) const PUSH: &str = "Examples:
  sancho push WelcomeEmail '[7]' --queue mailers --in 10m --key welcome:7
  sancho push --file jobs.ndjson";

pub(super) const STATS: &str = "Examples:
  sancho stats
  sancho --json stats | jq .enqueued";

pub(super) const HISTORY: &str = "Examples:
  sancho history --days 7";

pub(super) const METRICS: &str = "Examples:
  sancho metrics
  sancho metrics WelcomeEmail --minutes 15
  sancho --json metrics --minutes 1440 | jq '.classes[].class'

Percentiles are judged by a histogram: they are as exact as its bounds are narrow. Times are of runs that did not fail.";

pub(super) const MARK: &str = "Examples:
  sancho mark v1.2
  sancho mark \"$(git log -1 --format='%h %s')\"

A minute has one mark, and the same label within a minute is one deploy: each host of a deploy may mark it.";

pub(super) const TUNE: &str = "Examples:
  sancho tune web-1:4711:0a1b2c --slots 10
  sancho tune 4711 -q critical,6 -q default,3 -q low
  sancho tune 4711 --capsule imports --slots 1 --timeout 1m

Jobs that run go on. It lasts until the process ends. Exit code 4: the time was up before the process showed it.";

pub(super) const QUEUES: &str = "Examples:
  sancho queues";

pub(super) const PROCESSES: &str = "Examples:
  sancho processes
  sancho --json processes | jq '.processes[].identity'";

pub(super) const LS: &str = "Examples:
  sancho ls retries
  sancho ls mailers --limit 100
  sancho ls dead class:Mail* error~timeout 'age>1h' -tag:eu

A job has to be as all the terms say. In a shell, put terms with < or > into quotes.";

pub(super) const BUSY: &str = "Examples:
  sancho busy
  sancho busy class:Report*";

pub(super) const SHOW: &str = "Examples:
  sancho show 019aa5c1d2e3000000000001
  sancho show --key welcome:7";

pub(super) const CANCEL: &str = "Examples:
  sancho cancel --key welcome:7
  sancho cancel scheduled class:Newsletter --yes
  sancho cancel 019aa5c1d2e3000000000001 --running";

pub(super) const RESCHEDULE: &str = "Examples:
  sancho reschedule --key welcome:7 --in 1h
  sancho reschedule retries error~timeout --at 2026-11-21T22:00:00Z";

pub(super) const RETRY: &str = "Examples:
  sancho retry 019aa5c1d2e3000000000001
  sancho retry dead class:Mail* 'failed<1d' --dry-run";

pub(super) const DELETE: &str = "Examples:
  sancho delete 019aa5c1d2e3000000000001
  sancho delete dead 'age>30d'
  sancho delete queue:bulk tag:import-42 --yes";

pub(super) const KILL: &str = "Examples:
  sancho kill --key welcome:7
  sancho kill retries 'attempts>10'";

pub(super) const CLEAR: &str = "Examples:
  sancho clear bulk";

pub(super) const PAUSE: &str = "Examples:
  sancho pause mailers
  sancho pause --class WelcomeEmail

Jobs of a paused queue stay in it. Jobs of a paused class are held as servers meet them; resume runs them.";

pub(super) const RESUME: &str = "Examples:
  sancho resume mailers
  sancho resume --class WelcomeEmail";

pub(super) const QUIET: &str = "Examples:
  sancho quiet 4711
  sancho quiet --all --timeout 1m";

pub(super) const STOP: &str = "Examples:
  sancho stop web-1:4711:0a1b2c
  sancho stop --all --timeout 1m
  sancho stop 4711 --kill

Exit code 4: the time was up, and one that was not killed is still there.";

pub(super) const WATCH: &str = "Examples:
  sancho watch
  sancho watch --every 10s >> numbers.log
  sancho --json watch --once";

pub(super) const WEB: &str = "Examples:
  sancho web
  sancho web --store redis://localhost:6379/0 --bind 127.0.0.1:8080
  sancho web --bind 0.0.0.0:7420 --auth-file /etc/sancho/web-auth

The pages are at the root, the JSON API below /api/v1, and its description at /api/v1/openapi.json. The store has to be
there already. Ctrl-C and TERM end it, within five seconds.";

pub(super) const DOCTOR: &str = "Examples:
  sancho doctor
  sancho --json doctor | jq -r .worst

Exit codes: 0 nothing is worse than a notice, 1 a warning or a problem.";

pub(super) const BACKUP: &str = "Examples:
  sancho backup /backup/jobs-today.db

The copy is the whole store as it was at one moment. A copy by cp is none: what was written last stands beside the
file. On Redis use its own means: redis-cli --rdb FILE. Exit code 5 says so.";

pub(super) const DEMO: &str = "Examples:
  sancho --store sqlite://demo.db demo --jobs 500
  sancho --store sqlite://demo.db demo --remove";

pub(super) const EXPLAIN: &str = "Examples:
  sancho explain
  sancho explain outcome-unknown
  sancho explain Sancho::Poison";

pub(super) const COMPLETIONS: &str = "Examples:
  sancho completions bash > /etc/bash_completion.d/sancho
  sancho completions zsh > ~/.zfunc/_sancho";

pub(super) const MAN: &str = "Examples:
  sancho man --dir /usr/local/share/man/man1";

pub(super) const WORK: &str = "Examples:
  sancho work --exec 'python3 worker.py' -q mailers -q default -c 10
  sancho work --job-timeout 5m -- ./worker --verbose
  sancho work --exec ./worker.sh --burst

The program reads the job on standard input, as JSON on one line, and has SANCHO_JID,
SANCHO_CLASS, SANCHO_QUEUE and SANCHO_ATTEMPT in its environment. Its exit code says what came of
the job:
  0   done
  65  drop the job
  75  perform it again later: in a minute, or in the span that its last line of output is
  any other, and a signal, is a failure, whose message is the end of standard error

Exit codes of sancho work itself:
  0  it stopped as it was asked to, or --burst found nothing more to do
  1  it could not start, or failed
  2  the command line, a variable or the configuration is wrong
  3  it was stopped by force (a second INT): jobs were cut short, and are back in their queues";

pub(super) const CONFIG: &str = "Examples:
  sancho config check
  sancho config check -C config/sidekiq.yml -e production
  sancho --json config check -c 10";
