//! Proxies that are believed, and for whom they ask.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use sancho_core::Invalid;

/// What proxies add to: for whom they ask, the nearest last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Bits of an address, where one of IPv4 stands inside of IPv6.
const BITS: u8 = 128;

/// Proxies whose word counts.
#[derive(Clone, Debug, Default)]
pub(super) struct TrustedProxies(Vec<Network>);

#[derive(Clone, Copy, Debug)]
struct Network {
    address: u128,
    bits: u8,
}

impl Network {
    fn read(text: &str) -> Option<Network> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let size = if address.is_ipv4() { 32 } else { BITS };
        let bits = bits.map_or(Some(size), |bits| bits.parse().ok().filter(|bits| *bits <= size))?;
        Some(Network { address: as_bits(address), bits: bits + (BITS - size) })
    }

    fn has(self, address: IpAddr) -> bool {
        let differing = (self.address ^ as_bits(address)).leading_zeros();
        differing >= u32::from(self.bits)
    }
}

fn as_bits(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl TrustedProxies {
    pub(super) fn add(&mut self, network: &str) -> Result<(), Invalid> {
        let read = Network::read(network).ok_or_else(|| {
            Invalid::new(format!(
                "{network:?} is no address: write one such as 10.0.0.7, or a network such as 10.0.0.0/8"
            ))
        })?;
        self.0.push(read);
        Ok(())
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.has(address))
    }

    /// Whose request it is: whoever is at the other end of the connection, or if that is a proxy which is trusted, for
    /// whom it asks. `None` where the server does not tell who is at the other end.
    ///
    /// Of a list of addresses the last one counts that no trusted proxy has: what stands before it, anybody can write.
    pub(super) fn client(&self, request: &Parts) -> Option<IpAddr> {
        let mut nearest = request.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
        for told in told(&request.headers) {
            if !self.trust(nearest) {
                break;
            }
            // A proxy that writes what is no address is as far as we see.
            let Some(address) = read(told) else { break };
            nearest = address.to_canonical();
        }
        Some(nearest)
    }
}

/// Each address that the header has, the nearest first.
fn told(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    values.into_iter().rev().flat_map(|value| value.rsplit(','))
}

/// An address as proxies write it: some add a port.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip())).or_else(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn client(peer: &str, told: &[&str]) -> String {
        let mut trusted = TrustedProxies::default();
        for network in ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"] {
            trusted.add(network).expect("a network");
        }
        let peer: SocketAddr = peer.parse().expect("an address");
        let request = told
            .iter()
            .fold(Request::get("/").extension(ConnectInfo(peer)), |request, told| request.header(FORWARDED_FOR, *told));
        let parts = request.body(()).expect("a request").into_parts().0;
        trusted.client(&parts).expect("there is a peer").to_string()
    }

    #[test]
    fn the_nearest_address_counts_that_no_trusted_proxy_has() {
        for (peer, told, who) in [
            ("203.0.113.9:1", &[] as &[&str], "203.0.113.9"),
            ("203.0.113.9:1", &["192.0.2.1"], "203.0.113.9"),
            ("127.0.0.1:1", &["192.0.2.1"], "192.0.2.1"),
            ("[::ffff:127.0.0.1]:1", &["192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1:1", &["198.51.100.1, 192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1:1", &["198.51.100.1, 192.0.2.1, 10.9.9.9"], "192.0.2.1"),
            ("127.0.0.1:1", &["198.51.100.1", "192.0.2.1,10.9.9.9"], "192.0.2.1"),
            ("10.1.2.3:1", &["192.0.2.1:4711"], "192.0.2.1"),
            ("10.1.2.3:1", &["[2001:dead::1]:4711"], "2001:dead::1"),
            ("[2001:db8::7]:1", &["[2001:dead::1]"], "2001:dead::1"),
            ("127.0.0.1:1", &["192.0.2.1, unknown"], "127.0.0.1"),
            ("127.0.0.1:1", &["10.0.0.1"], "10.0.0.1"),
        ] {
            assert_eq!(client(peer, told), who, "{peer} {told:?}");
        }
    }

    #[test]
    fn only_addresses_and_networks_are_taken() {
        for text in ["", "proxy", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "10.0.0"] {
            assert!(TrustedProxies::default().add(text).is_err(), "{text}");
        }
        let mut all = TrustedProxies::default();
        all.add("0.0.0.0/0").expect("a network");
        assert!(all.trust("198.51.100.1".parse().expect("an address")));
        assert!(!all.trust("2001:db8::1".parse().expect("an address")));
    }
}
