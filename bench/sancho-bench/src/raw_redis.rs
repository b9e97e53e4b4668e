//! The limits of redis-server itself: what `redis-benchmark` makes of the three commands that each job costs at least.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// How commands are sent.
#[derive(Clone, Copy, Debug)]
struct Sent {
    connections: &'static str,
    /// Commands of each connection that are on their way at a time.
    pipelined: &'static str,
}

/// Beyond that nothing gets faster.
const FASTEST: Sent = Sent { connections: "10", pipelined: "100" };

/// One command a round trip.
const ONE_BY_ONE: Sent = Sent { connections: "1", pipelined: "1" };

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
            lpush: commands_per_second(port, FASTEST, commands, &["LPUSH", "raw:queue", &payload])?,
            lmove: commands_per_second(
                port,
                FASTEST,
                commands,
                &["LMOVE", "raw:queue", "raw:claimed", "RIGHT", "LEFT"],
            )?,
            lrem: commands_per_second(port, FASTEST, commands, &["LREM", "raw:claimed", "1", &payload])?,
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

/// LPUSHes a second of one connection that awaits each answer before the next.
pub fn round_trips(port: u16, payload_bytes: usize, commands: u64) -> Result<f64> {
    let payload = "x".repeat(payload_bytes);
    commands_per_second(port, ONE_BY_ONE, commands, &["LPUSH", "raw:round-trips", &payload])
}

fn commands_per_second(port: u16, sent: Sent, commands: u64, command: &[&str]) -> Result<f64> {
    let mut benchmark = Command::new("redis-benchmark");
    benchmark.args(["-p", &port.to_string(), "-n", &commands.to_string(), "--csv"]);
    benchmark.args(["-c", sent.connections, "-P", sent.pipelined]);
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
