//! How often credentials are tried: who guesses waits, and nobody else.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::credentials::Presented;

/// Wrong tries of one address before it has to wait: more than anybody mistypes.
const TRIES: u32 = 10;

/// How long an address waits first; each wrong try more doubles it.
const WAIT_MIN: Duration = Duration::from_secs(30);

/// How long an address waits at most.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// How long after its last wrong try an address starts afresh.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);

/// Wrong tries of all addresses together in one [`WINDOW`]: whoever has many addresses guesses no faster.
const TRIES_IN_ALL: u32 = 300;

/// What [`TRIES_IN_ALL`] counts over.
const WINDOW: Duration = Duration::from_secs(60);

/// How long an address that came in is not held up by what others guess.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Addresses that are remembered: those that were heard of longest ago are forgotten first.
const ADDRESSES_MAX: usize = 4096;

/// Who has tried what, and when. Times are those of a clock that never steps back.
///
/// Whoever has to wait is refused before anything is compared, so that a guess meanwhile tells nothing, right or wrong.
/// A wrong try while waiting costs nothing more: the wait ends when it was said to.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<Tries>);

#[derive(Debug, Default)]
struct Tries {
    by_address: HashMap<Address, Record>,
    /// When the window under way began, and the wrong tries in it.
    window: (Duration, u32),
}

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    wrong: u32,
    wrong_at: Duration,
    /// Until when it waits.
    until: Duration,
    /// When right credentials came from there.
    right_at: Option<Duration>,
    heard_at: Duration,
}

/// Who counts as one: an address, or of IPv6 what one customer is given, a network of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Address(IpAddr);

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Address(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
            address => address,
        })
    }
}

impl Throttle {
    /// Looks at what an address presents, unless it has to wait: for so long, then. Where no address is known, only all
    /// together are counted: else whoever guesses would shut everybody out.
    pub(super) fn look<'a>(
        &self,
        address: Option<IpAddr>,
        now: Duration,
        look: impl FnOnce() -> Presented<'a>,
    ) -> Result<Presented<'a>, Duration> {
        let address = address.map(Address::from);
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = tries.wait(address, now) {
            return Err(wait);
        }
        let presented = look();
        match presented {
            Presented::Nothing => {}
            Presented::Known(_) => tries.right(address, now),
            Presented::Unknown => tries.wrong(address, now),
        }
        Ok(presented)
    }
}

impl Tries {
    fn wait(&self, address: Option<Address>, now: Duration) -> Option<Duration> {
        let record = address.and_then(|address| self.by_address.get(&address)).copied().unwrap_or_default();
        let own = record.until.checked_sub(now).filter(|wait| !wait.is_zero());
        let (began, wrong) = self.window;
        let is_known = record.right_at.is_some_and(|at| now.saturating_sub(at) < KNOWN_FOR);
        let in_all = (began + WINDOW).checked_sub(now).filter(|_| wrong >= TRIES_IN_ALL && !is_known);
        own.max(in_all.filter(|wait| !wait.is_zero()))
    }

    fn right(&mut self, address: Option<Address>, now: Duration) {
        if let Some(record) = self.record(address, now) {
            // What it tried wrongly is not forgotten: whoever may look could else guess on as somebody who may act.
            record.right_at = Some(now);
        }
    }

    fn wrong(&mut self, address: Option<Address>, now: Duration) {
        if now.saturating_sub(self.window.0) >= WINDOW {
            self.window = (now, 0);
        }
        self.window.1 = self.window.1.saturating_add(1);
        let Some(record) = self.record(address, now) else { return };
        if now.saturating_sub(record.wrong_at) >= FORGOTTEN_AFTER {
            record.wrong = 0;
        }
        record.wrong = record.wrong.saturating_add(1);
        record.wrong_at = now;
        if let Some(more) = record.wrong.checked_sub(TRIES) {
            record.until = now + WAIT_MIN.saturating_mul(1 << more.min(16)).min(WAIT_MAX);
        }
    }

    /// What is remembered of an address, with room made for it.
    fn record(&mut self, address: Option<Address>, now: Duration) -> Option<&mut Record> {
        let address = address?;
        if self.by_address.len() >= ADDRESSES_MAX && !self.by_address.contains_key(&address) {
            let oldest = self.by_address.iter().min_by_key(|(_, record)| record.heard_at).map(|(address, _)| *address);
            oldest.map(|oldest| self.by_address.remove(&oldest));
        }
        let record = self.by_address.entry(address).or_default();
        record.heard_at = now;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Person, Role};

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    fn wrong(throttle: &Throttle, from: Option<IpAddr>, now: Duration) -> Result<(), Duration> {
        throttle.look(from, now, || Presented::Unknown).map(drop)
    }

    fn right(throttle: &Throttle, from: Option<IpAddr>, now: Duration) -> Result<(), Duration> {
        let ann = Person::new("ann", Role::Viewer);
        throttle.look(from, now, || Presented::Known(&ann)).map(drop)
    }

    #[test]
    fn an_address_that_guesses_waits_longer_and_longer_and_then_comes_in() {
        let (throttle, eve) = (Throttle::default(), address("192.0.2.1"));
        for _ in 0..TRIES {
            assert_eq!(wrong(&throttle, eve, secs(100)), Ok(()));
        }
        assert_eq!(right(&throttle, eve, secs(101)), Err(secs(29)), "it is not even looked at");
        assert_eq!(right(&throttle, address("192.0.2.2"), secs(101)), Ok(()), "others do not wait");
        assert_eq!(right(&throttle, eve, secs(130)), Ok(()));
        assert_eq!(wrong(&throttle, eve, secs(130)), Ok(()));
        assert_eq!(wrong(&throttle, eve, secs(131)), Err(secs(59)), "twice as long");
        assert_eq!(wrong(&throttle, eve, secs(189)), Err(secs(1)), "trying meanwhile does not lengthen it");
        let mut now = secs(190);
        for _ in 0..20 {
            assert_eq!(wrong(&throttle, eve, now), Ok(()));
            let wait = wrong(&throttle, eve, now).expect_err("it waits");
            assert!(wait <= WAIT_MAX, "{wait:?}");
            now += wait;
        }
        assert_eq!(wrong(&throttle, eve, now + FORGOTTEN_AFTER), Ok(()));
        assert_eq!(wrong(&throttle, eve, now + FORGOTTEN_AFTER), Ok(()), "it starts afresh");
    }

    #[test]
    fn a_network_of_one_customer_counts_as_one() {
        let throttle = Throttle::default();
        for number in 0..TRIES {
            assert_eq!(wrong(&throttle, address(&format!("2001:db8::{number:x}")), secs(1)), Ok(()));
        }
        assert!(wrong(&throttle, address("2001:db8::ffff"), secs(1)).is_err());
        assert!(wrong(&throttle, address("2001:db8:0:1::1"), secs(1)).is_ok());
    }

    #[test]
    fn many_addresses_guess_no_faster_together_and_hold_up_nobody_who_is_known() {
        let (throttle, ann) = (Throttle::default(), address("198.51.100.1"));
        assert_eq!(right(&throttle, ann, secs(1)), Ok(()));
        for number in 0..TRIES_IN_ALL {
            assert_eq!(wrong(&throttle, address(&format!("10.0.{}.{}", number / 200, number % 200)), secs(2)), Ok(()));
        }
        assert_eq!(right(&throttle, address("203.0.113.1"), secs(3)), Err(WINDOW - secs(3)));
        assert_eq!(right(&throttle, None, secs(3)), Err(WINDOW - secs(3)));
        assert_eq!(right(&throttle, ann, secs(3)), Ok(()));
        assert_eq!(right(&throttle, address("203.0.113.1"), WINDOW), Ok(()));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let throttle = Throttle::default();
        for number in 0..u32::try_from(ADDRESSES_MAX).expect("a small number") + 500 {
            let from = Some(IpAddr::V4((0x0a00_0000 + number).into()));
            assert!(wrong(&throttle, from, WINDOW * number).is_ok(), "never more than one in a window");
        }
        assert_eq!(throttle.0.lock().expect("nobody panics").by_address.len(), ADDRESSES_MAX);
    }
}
