//! How many connections come from where: one address can't have all that there are.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::proxies::{TrustedProxies, network};

/// Who is connected from where; clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Addresses(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    connections: Mutex<HashMap<IpAddr, usize>>,
    most: usize,
    proxies: TrustedProxies,
}

/// A connection that is counted, until this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Option<(Addresses, IpAddr)>);

impl Addresses {
    /// At most so many from one address, but for those of proxies, whose connections are of many.
    pub(crate) fn new(most: usize, proxies: TrustedProxies) -> Self {
        Self(Arc::new(Counts {
            connections: Mutex::default(),
            most,
            proxies,
        }))
    }

    /// Counts a connection from here; none if there are too many already. This machine itself is never
    /// too many: what connects from it is a proxy, or one's own.
    pub(crate) fn enter(&self, peer: Option<IpAddr>) -> Option<Place> {
        let counted =
            |peer: &IpAddr| !peer.to_canonical().is_loopback() && !self.0.proxies.contains(*peer);
        let Some(peer) = peer.filter(counted) else {
            return Some(Place(None));
        };
        let address = network(peer);
        let mut connections = self.connections();
        let count = connections.get(&address).copied().unwrap_or_default();
        if count >= self.0.most {
            return None;
        }
        connections.insert(address, count + 1);
        Some(Place(Some((self.clone(), address))))
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        let connections = self.0.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((addresses, address)) = self.0.take() else {
            return;
        };
        if let Entry::Occupied(mut entry) = addresses.connections().entry(address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Option<IpAddr> {
        Some(address.parse().unwrap())
    }

    fn two_each() -> Addresses {
        Addresses::new(2, "10.0.0.0/8".parse().unwrap())
    }

    #[test]
    fn an_address_has_so_many_connections_and_no_more() {
        let addresses = two_each();
        let first = addresses.enter(at("192.0.2.1"));
        let second = addresses.enter(at("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(addresses.enter(at("192.0.2.1")).is_none());
        assert!(addresses.enter(at("192.0.2.2")).is_some());
        drop(first);
        let again = addresses.enter(at("192.0.2.1"));
        assert!(again.is_some());
        drop((second, again));
        assert!(addresses.connections().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let addresses = two_each();
        let _held = [
            addresses.enter(at("2001:db8::1")),
            addresses.enter(at("2001:db8::2")),
        ];
        assert!(addresses.enter(at("2001:db8::3")).is_none());
        assert!(addresses.enter(at("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn proxies_and_this_machine_are_never_too_many() {
        let addresses = two_each();
        for peer in [at("127.0.0.1"), at("::1"), at("10.1.2.3"), None] {
            let held: Vec<_> = (0..9).map(|_| addresses.enter(peer)).collect();
            assert!(held.iter().all(Option::is_some), "{peer:?}");
        }
        assert!(addresses.connections().is_empty());
    }
}
