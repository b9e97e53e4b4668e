//! The limits of redis-server itself: what `redis-benchmark` makes of the three commands that each job costs at least.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Connections, and commands of each that are on their way at a time: beyond that nothing gets faster.
const CONNECTIONS: &str = "10";
const PIPELINED: &str = "100";

/// Commands a second, each with a payload of a job's size.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Into the queue.
    pub lpush: f64,
    /// From the queue to the claimed jobs.
    pub lmove: f64,
    /// From the claimed jobs.
    pub lrem: f64,
}

impl Limits {
    /// Measures the three, so many commands each, on a server that holds none of their lists.
    pub fn measure(port: u16, payload_bytes: usize, commands: u64) -> Result<Self> {
        // All the same, so that each LREM finds its payload at once, as that of a well-kept list does.
        let payload = "x".repeat(payload_bytes);
        Ok(Limits {
            lpush: commands_per_second(port, commands, &["LPUSH", "raw:queue", &payload])?,
            lmove: commands_per_second(port, commands, &["LMOVE", "raw:queue", "raw:claimed", "RIGHT", "LEFT"])?,
            lrem: commands_per_second(port, commands, &["LREM", "raw:claimed", "1", &payload])?,
        })
    }

    /// Jobs a second, where each costs one of each command.
    pub fn all(&self) -> f64 {
        1.0 / (1.0 / self.lpush + 1.0 / self.lmove + 1.0 / self.lrem)
    }
}

/// Bytes of the payload at the head of a queue.
pub fn payload_bytes(port: u16, queue: &str) -> Result<usize> {
    let answer = said_by(Command::new("redis-cli").args(["-p", &port.to_string(), "LINDEX", queue, "0"]))?;
    let bytes = answer.trim_end().len();
    ensure!(bytes > 0, "{queue} is empty");
    Ok(bytes)
}

fn commands_per_second(port: u16, commands: u64, command: &[&str]) -> Result<f64> {
    let mut benchmark = Command::new("redis-benchmark");
    benchmark.args(["-p", &port.to_string(), "-n", &commands.to_string(), "-c", CONNECTIONS, "-P", PIPELINED, "--csv"]);
    let said = said_by(benchmark.args(command))?;
    // The last line: the command in quotes, which has no comma, and the figures, the first of which it is.
    let rate = said.lines().last().and_then(|line| line.split(',').nth(1)?.trim_matches('"').parse().ok());
    rate.with_context(|| format!("redis-benchmark said no figure for {}: {said:?}", command[0]))
}

/// What a program of Redis' own says.
fn said_by(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let install = "install it, on Debian with apt-get install redis-tools";
    let output = command.output().with_context(|| format!("{program} does not start: {install}"))?;
    ensure!(
        output.status.success(),
        "{program} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).with_context(|| format!("{program} says what is no text"))
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn a_job_takes_as_long_as_its_three_commands() {
        let limits = Limits { lpush: 1_000.0, lmove: 1_000.0, lrem: 500.0 };
        assert!((limits.all() - 250.0).abs() < 1e-6);
    }
}
