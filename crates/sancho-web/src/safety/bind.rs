//! Where a server of the pages may listen.

use std::net::SocketAddr;

use sancho_core::Invalid;

use super::access::Access;

/// Whether the pages may be served at an address: at any of this machine's own, and at others only when
/// [`Access`] asks who comes.
///
/// # Errors
/// An address that other machines reach, without credentials or a doorkeeper.
///
/// ```
/// use sancho_web::{Access, check_bind};
///
/// assert!(check_bind("127.0.0.1:7420".parse().unwrap(), &Access::this_machine()).is_ok());
/// assert!(check_bind("0.0.0.0:7420".parse().unwrap(), &Access::this_machine()).is_err());
/// ```
pub fn check_bind(address: SocketAddr, access: &Access) -> Result<(), Invalid> {
    if address.ip().to_canonical().is_loopback() || access.asks() {
        return Ok(());
    }
    Err(Invalid::new(format!(
        "other machines reach {address}, and nobody is asked who they are: give credentials, or listen on 127.0.0.1:{}",
        address.port()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credentials, Role};

    #[test]
    fn without_credentials_only_this_machine_is_served() {
        let open = Access::this_machine();
        for address in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(check_bind(address.parse().expect("an address"), &open).is_ok(), "{address}");
        }
        let ask = Access::credentials([Credentials::basic("ann", "correct horse", Role::Viewer).expect("credentials")])
            .expect("some credentials");
        for address in ["0.0.0.0:80", "[::]:80", "192.168.0.7:80", "[::ffff:10.0.0.1]:80", "[fe80::1]:80"] {
            let address = address.parse().expect("an address");
            let refusal = check_bind(address, &open).expect_err("nobody is asked").to_string();
            assert!(refusal.contains("give credentials") && refusal.contains("127.0.0.1:80"), "{refusal}");
            assert!(check_bind(address, &ask).is_ok(), "{address}");
        }
    }
}
