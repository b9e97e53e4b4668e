//! Simulates seeds, and tells what it found.
//!
//! ```text
//! simulate --seeds 100000            the seeds from 0 on; exits 1 at the first that breaks a rule, and tells its story
//! simulate --seed 4711               one seed, with its whole story
//! simulate --plan FILE               a plan that was kept
//! ```

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use clap::Parser;
use sancho_testkit::simulation::{self, Figures, Plan, Sound, Verdict};

/// Runs deterministic simulations of clients, servers and a store, with seeded faults.
#[derive(Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Runs this one seed, and tells its whole story.
    #[arg(long, conflicts_with_all = ["seeds", "from", "plan"])]
    seed: Option<u64>,
    /// Runs the plan in this file, and tells its whole story.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    plan: Option<std::path::PathBuf>,
    /// Writes the plan to this file: one that failed as it was shrunk, one that held as it is.
    #[arg(long)]
    keep: Option<std::path::PathBuf>,
    /// Goes on after a seed that breaks a rule, and lists all that do.
    #[arg(long)]
    keep_going: bool,
    /// Threads; one for each core, unless said.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (&arguments.seed, &arguments.plan) {
        (Some(seed), _) => tell(&Plan::draw(*seed), &arguments),
        (None, Some(file)) => read(file).and_then(|plan| tell(&plan, &arguments)),
        (None, None) => many(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("simulate: {error}");
            ExitCode::from(2)
        }
    }
}

fn read(file: &std::path::Path) -> Result<Plan, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("failed to read {}: {error}", file.display()))?;
    Plan::read(&text).map_err(|error| format!("failed to read {} as a plan: {error}", file.display()))
}

/// One plan, with its whole story.
fn tell(plan: &Plan, arguments: &Arguments) -> Result<ExitCode, String> {
    let (verdict, story) = simulation::tell_plan(plan, &Sound);
    match verdict {
        Verdict::Held(figures) => {
            keep(plan, arguments)?;
            println!("{story}\nsimulate: seed {}, 0 violations, {figures:?}", plan.seed);
            Ok(ExitCode::SUCCESS)
        }
        Verdict::Violated(_) => fail(plan, arguments),
    }
}

/// Tells of a plan that fails: shrunk, with its story, and how to repeat it.
fn fail(plan: &Plan, arguments: &Arguments) -> Result<ExitCode, String> {
    eprintln!("simulate: seed {} breaks a rule; looking for the least that it takes", plan.seed);
    let least = simulation::shrink(plan, &Sound);
    let (verdict, _) = simulation::tell_plan(&least, &Sound);
    println!("{verdict}");
    keep(&least, arguments)?;
    println!("again: cargo run --release -p sancho-testkit --bin simulate -- --seed {}", plan.seed);
    println!("simulate: seed {}, 1 violation", plan.seed);
    Ok(ExitCode::FAILURE)
}

fn keep(plan: &Plan, arguments: &Arguments) -> Result<(), String> {
    let Some(file) = &arguments.keep else { return Ok(()) };
    std::fs::write(file, plan.write()).map_err(|error| format!("failed to write {}: {error}", file.display()))?;
    eprintln!("simulate: the plan is kept in {}", file.display());
    Ok(())
}

/// What many seeds came to.
#[derive(Default)]
struct Found {
    total: Figures,
    /// Each seed that broke a rule, and which.
    failed: Vec<(u64, &'static str)>,
}

#[expect(clippy::disallowed_methods, reason = "the time that the whole took is real time")]
fn many(arguments: &Arguments) -> Result<ExitCode, String> {
    let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let (began, next, end) = (Instant::now(), AtomicU64::new(arguments.from), arguments.from + arguments.seeds);
    let found = Mutex::new(Found::default());
    let work = || {
        let mut told = began;
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= end {
                return;
            }
            let verdict = simulation::run(seed, &Sound);
            let mut found = found.lock().expect("no thread panics");
            match verdict {
                Verdict::Held(figures) => found.total.add(&figures),
                Verdict::Violated(violation) => {
                    eprintln!("seed {seed}: violated: {}", violation.invariant);
                    found.failed.push((seed, violation.invariant));
                }
            }
            if !found.failed.is_empty() && !arguments.keep_going {
                return;
            }
            if told.elapsed() > Duration::from_secs(10) {
                told = Instant::now();
                eprintln!("simulate: {} of {} seeds", seed - arguments.from, arguments.seeds);
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    let Found { total, mut failed } = found.into_inner().expect("no thread panics");
    failed.sort_unstable();
    for (seed, invariant) in &failed {
        println!("seed {seed}: violated: {invariant}");
    }
    if let Some((seed, _)) = failed.first() {
        return fail(&Plan::draw(*seed), arguments);
    }
    let Figures { steps, jobs, runs, faults, taken_over, lost, poisoned, virtual_ms, .. } = total;
    let hours = virtual_ms / 3_600_000;
    println!(
        "simulate: {} seeds, 0 violations, {steps} steps, {jobs} jobs, {runs} runs, {faults} faults, {taken_over} taken \
         over, {lost} late results refused, {poisoned} poisoned, {hours} hours of virtual time in {:.1} s",
        arguments.seeds,
        began.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}
