//! Keys of Sidekiq that say nothing to Sancho.

/// What Sidekiq reads and Sancho has no need of, with the reason.
pub(in crate::cli) const UNNEEDED: [(&str, &str); 18] = [
    ("average_scheduled_poll_interval", POLLING),
    ("poll_interval_average", POLLING),
    ("redis_idle_timeout", "idle connections cost Sancho nothing: it has a handful, however many slots there are"),
    ("pidfile", "no pid is written: the service manager knows it, as do `sancho processes` and `sancho stop`"),
    ("daemon", "the program stays in the foreground: run it by systemd or another service manager"),
    ("require", RUBY),
    ("environment", "a file cannot choose its own section: use -e, SANCHO_ENV, APP_ENV, RAILS_ENV or RACK_ENV"),
    ("index", "processes have names of their own: no number is needed"),
    ("max_iteration_runtime", "no job is iterated"),
    ("on_complex_arguments", "arguments are what their types say: there is nothing to be strict about"),
    ("skip_default_job_logging", "use log.level, or the log_level of a class"),
    ("logged_job_attributes", "the log has the tags of each job; the rest is in `sancho show`"),
    ("job_logger", RUBY),
    ("error_handlers", RUBY),
    ("death_handlers", RUBY),
    ("lifecycle_events", RUBY),
    ("fetch_class", RUBY),
    ("thread_priority", RUBY),
];

const POLLING: &str = "scheduled jobs start when they are due, without polling";
const RUBY: &str = "this is for Ruby code; what a program performs, and how, stands in its own code";
