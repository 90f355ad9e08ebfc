//! Free TCP ports of this machine.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;

/// The first port of `range` that is not `taken` and can be bound on 127.0.0.1 right now. Another process may take it before the server
/// does; starting then answers [`crate::Error::PortInUse`].
pub fn free_port(range: RangeInclusive<u16>, taken: &HashSet<u16>) -> Option<u16> {
    range.filter(|port| !taken.contains(port)).find(|port| can_bind(*port))
}

pub(crate) fn can_bind(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_or_bound_port_is_passed_over() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let bound = listener.local_addr().unwrap().port();
        assert_eq!(free_port(bound..=bound, &HashSet::new()), None);
        drop(listener);
        assert_eq!(free_port(bound..=bound, &HashSet::new()), Some(bound));
        assert_eq!(free_port(bound..=bound, &HashSet::from([bound])), None);
    }
}
