//! Bytes that are no job, and keys that hold what nobody expects.

use sancho_core::{Entropy, Payload};
use sancho_testkit::chance::Seeded;

/// Seeds of every run: those that once found something, and a few more.
const SEEDS: [u64; 6] = [1, 2, 3, 5, 8, 13];

/// The seeds of this run.
pub(crate) fn seeds() -> Vec<u64> {
    let own = std::env::var("SANCHO_HOSTILE_SEED").ok();
    let own = own.map(|seed| seed.parse().expect("SANCHO_HOSTILE_SEED is a whole number"));
    SEEDS.into_iter().chain(own).collect()
}

/// Bytes of any kind: short, empty, long, almost JSON.
pub(crate) fn bytes(chance: &Seeded) -> Vec<u8> {
    let noise = |length: usize| -> Vec<u8> { (0..length).map(|_| chance.next_u64() as u8).collect() };
    match chance.below(12) {
        0 => Vec::new(),
        1 => vec![0; chance.below(40)],
        2 => b"\n\n\n".to_vec(),
        3 => vec![b'x'; 1 << 20],
        4 => format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)).into_bytes(),
        5 => br#"{"class":"\ud800","args":[]}"#.to_vec(),
        6 => br#"{"args":[1],"jid":"x","queue":"default"}"#.to_vec(),
        7 => format!(r#"{{"class":"A","args":{}}}"#, "{\"a\":".repeat(200) + "1" + &"}".repeat(200)).into_bytes(),
        8 => b"\x00\xff\xfe{\"class\":\"A\"}".to_vec(),
        9 => b"class A is paused\n{}".to_vec(),
        _ => noise(chance.below(200)),
    }
}

/// Bytes that no reader takes for a job, each its own: a sorted set holds the same bytes once.
pub(crate) fn unreadable(chance: &Seeded, count: usize) -> Vec<Vec<u8>> {
    let one = |number: usize| {
        let mut junk = bytes(chance);
        junk.extend_from_slice(format!("#{number}").as_bytes());
        assert!(Payload::from_bytes(junk.as_slice()).envelope().is_err(), "{junk:?}");
        junk
    };
    (0..count).map(one).collect()
}

/// A score of any size.
pub(crate) fn score(chance: &Seeded, now: f64) -> String {
    let some = ["-inf", "-1e300", "-1", "0", "5e-324", "1e300", "+inf"];
    match chance.below(some.len() + 3) {
        at if at < some.len() => some[at].to_owned(),
        at => format!("{:.6}", now + [-3600.0, -1.0, 3600.0][at - some.len()]),
    }
}

/// Whether a score is due.
pub(crate) fn is_due(score: &str, now: f64) -> bool {
    score.parse::<f64>().expect("a score is a number") <= now
}
