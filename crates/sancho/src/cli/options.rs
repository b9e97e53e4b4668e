//! The flags of a program that performs jobs. Those of Sidekiq have its letters.

use std::path::PathBuf;

use super::document::Node;

/// The flags, for a program's own command line: `#[command(flatten)]` takes them into a parser of `clap`.
///
/// Values are texts here: a flag, a variable and a line of the configuration are read by the same rules.
#[derive(Clone, Debug, Default, clap::Args)]
#[non_exhaustive]
pub struct Options {
    /// The configuration [default: config/sancho.yml, .yaml or .toml, else config/sidekiq.yml, if there is one]
    #[arg(short = 'C', long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The section of the configuration that is read beside the rest [default: $SANCHO_ENV, $APP_ENV, $RAILS_ENV,
    /// $RACK_ENV, else development]
    #[arg(short = 'e', long, value_name = "NAME")]
    pub environment: Option<String>,

    /// The store of jobs: sqlite://FILE, redis://HOST:PORT/DATABASE, or redis for the one that REDIS_URL names
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,

    /// How many jobs run at a time
    #[arg(short = 'c', long, value_name = "N", visible_alias = "slots")]
    pub concurrency: Option<String>,

    /// A queue to serve, and its weight; once for each queue
    #[arg(short = 'q', long = "queue", value_name = "QUEUE[,WEIGHT]")]
    pub queues: Vec<String>,

    /// How long running jobs may go on after a stop, in seconds or with a unit
    #[arg(short = 't', long, value_name = "TIME")]
    pub timeout: Option<String>,

    /// A word for the process's title and for pages
    #[arg(short = 'g', long, value_name = "TAG")]
    pub tag: Option<String>,

    /// Log more: the same as --log-level debug
    #[arg(short = 'v', long)]
    pub verbose: bool,

    /// In which order queues are served: strict, weighted, random or mixed
    #[arg(long, value_name = "ORDER")]
    pub order: Option<String>,

    /// How many blocking jobs run at a time
    #[arg(long, value_name = "N")]
    pub blocking_threads: Option<String>,

    /// Perform what is ready, then stop
    #[arg(long)]
    pub burst: bool,

    /// How often a job whose retry is true is retried
    #[arg(long, value_name = "N")]
    pub max_retries: Option<String>,

    /// How a line of the log is written: pretty, json or logfmt
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// What is logged: a level, or directives such as info,my_app=debug
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// The file that the log is appended to [default: standard error]
    #[arg(short = 'L', long, value_name = "FILE")]
    pub logfile: Option<String>,

    /// Answer /livez, /readyz and /metrics at this address
    #[arg(long, value_name = "HOST:PORT")]
    pub probes: Option<String>,

    /// Start this many processes, and replace those that end
    #[arg(long, value_name = "N")]
    pub processes: Option<String>,

    /// Replace a process that has more memory, such as 512MB
    #[arg(long, value_name = "SIZE")]
    pub memory_max: Option<String>,
}

impl Options {
    /// What was said, by the keys of the configuration.
    pub(super) fn said(&self) -> Vec<(&'static str, Node)> {
        // Taken apart, so that none can be forgotten.
        let Options {
            config,
            environment,
            store,
            concurrency,
            queues,
            timeout,
            tag,
            verbose,
            order,
            blocking_threads,
            burst,
            max_retries,
            log_format,
            log_level,
            logfile,
            probes,
            processes,
            memory_max,
        } = self;
        let config = config.as_ref().map(|path| path.display().to_string());
        let texts = [
            ("config", config.as_ref()),
            ("environment", environment.as_ref()),
            ("store", store.as_ref()),
            ("concurrency", concurrency.as_ref()),
            ("timeout", timeout.as_ref()),
            ("tag", tag.as_ref()),
            ("order", order.as_ref()),
            ("blocking_threads", blocking_threads.as_ref()),
            ("max_retries", max_retries.as_ref()),
            ("log.format", log_format.as_ref()),
            ("log.level", log_level.as_ref()),
            ("log.file", logfile.as_ref()),
            ("probes", probes.as_ref()),
            ("processes", processes.as_ref()),
            ("memory_max", memory_max.as_ref()),
        ];
        let mut said: Vec<(&'static str, Node)> =
            texts.into_iter().filter_map(|(key, text)| Some((key, Node::of_text(text?)))).collect();
        if !queues.is_empty() {
            said.push(("queues", Node::of_texts(queues)));
        }
        for (key, is_said) in [("verbose", *verbose), ("burst", *burst)] {
            if is_said {
                said.push((key, Node::of_text("true")));
            }
        }
        said
    }
}
