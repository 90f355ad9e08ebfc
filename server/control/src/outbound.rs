//! Where Berth may go on somebody's behalf: public addresses, and the networks that the operator of this installation allowed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

/// How long a name may take to be found.
const LOOKUP: Duration = Duration::from_secs(5);

/// What isn't public of IPv4 (IANA IPv4 Special-Purpose Address Registry; multicast).
const SPECIAL_V4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];
/// What is public of IPv6 (RFC 4291, section 2.4), and what isn't of it: protocol assignments with Teredo, documentation, 6to4.
const GLOBAL_V6: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
const SPECIAL_V6: [([u16; 8], u8); 4] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// The rule. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Outbound {
    allowed: Arc<[IpNet]>,
}

/// Why nobody is dialled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    #[error("{0} can't be found: no such name, or the name servers don't answer")]
    Unknown(String),
    #[error(
        "{host} is {address}, which is no public address; whoever runs this installation can allow its network with --allow-networks"
    )]
    Closed { host: String, address: IpAddr },
}

impl Outbound {
    /// Public addresses and these networks.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed: allowed.into() }
    }

    /// The addresses behind a name that may be dialled. Whoever dials takes these: asked again, the name may mean others.
    ///
    /// # Errors
    /// The name isn't found, or none of its addresses is allowed.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, OutboundError> {
        let unknown = || OutboundError::Unknown(host.to_owned());
        let found = tokio::time::timeout(LOOKUP, tokio::net::lookup_host((host, port))).await;
        let found: Vec<SocketAddr> = found.map_err(|_| unknown())?.map_err(|_| unknown())?.collect();
        let first = found.first().ok_or_else(unknown)?.ip();
        let open: Vec<SocketAddr> = found.into_iter().filter(|at| self.allows(at.ip())).collect();
        if open.is_empty() {
            return Err(OutboundError::Closed { host: host.to_owned(), address: first.to_canonical() });
        }
        Ok(open)
    }

    fn allows(&self, address: IpAddr) -> bool {
        // ::ffff:10.0.0.1 is 10.0.0.1
        let address = address.to_canonical();
        is_public(address) || self.allowed.iter().any(|network| network.contains(&address))
    }
}

fn is_public(address: IpAddr) -> bool {
    let within = |network: IpAddr, bits: u8| IpNet::new(network, bits).is_ok_and(|network| network.contains(&address));
    match address {
        IpAddr::V4(_) => !SPECIAL_V4.iter().any(|(network, bits)| within(IpAddr::from(*network), *bits)),
        IpAddr::V6(_) => {
            within(IpAddr::from(GLOBAL_V6.0), GLOBAL_V6.1)
                && !SPECIAL_V6.iter().any(|(network, bits)| within(IpAddr::from(*network), *bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_open() {
        let outbound = Outbound::default();
        for closed in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!outbound.allows(closed.parse().unwrap()), "{closed}");
        }
        for open in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(outbound.allows(open.parse().unwrap()), "{open}");
        }
    }

    #[tokio::test]
    async fn an_allowed_network_is_open_in_any_spelling_of_its_addresses() {
        let closed = Outbound::default().resolve("127.0.0.1", 5432).await.unwrap_err().to_string();
        assert!(closed.contains("--allow-networks"), "{closed}");
        let open = Outbound::new(vec!["127.0.0.0/8".parse().unwrap()]);
        for host in ["127.0.0.1", "localhost", "::ffff:127.0.0.1"] {
            let found = open.resolve(host, 5432).await.unwrap();
            assert!(found.iter().all(|at| at.ip().to_canonical().is_loopback() && at.port() == 5432), "{host}");
        }
        assert!(matches!(open.resolve("nobody.invalid", 1).await, Err(OutboundError::Unknown(_))));
    }
}
