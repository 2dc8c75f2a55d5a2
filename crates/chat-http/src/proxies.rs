//! Where a request comes from, when proxies stand between: whose word for it counts.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The addresses of proxies that tell the truth about who asks them.
///
/// ```
/// use chat_http::TrustedProxies;
///
/// let proxies: TrustedProxies = "10.0.0.0/8, ::1".parse()?;
/// assert!(proxies.contains("10.1.2.3".parse()?));
/// assert!(!proxies.contains("192.0.2.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// A text that is no list of addresses and networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidProxies;

impl fmt::Display for InvalidProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be addresses and networks such as 10.0.0.0/8,::1")
    }
}

impl std::error::Error for InvalidProxies {}

impl FromStr for TrustedProxies {
    type Err = InvalidProxies;

    /// Addresses and networks, with commas between.
    fn from_str(text: &str) -> Result<Self, InvalidProxies> {
        let networks = text.split(',').map(|network| {
            let network = network.trim();
            let address = network.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| network.parse::<IpNet>())
        });
        let networks: Result<_, _> = networks.collect();
        networks.map(Self).map_err(|_| InvalidProxies)
    }
}

impl TrustedProxies {
    /// Whether this is one of them. An IPv4 address may be written as an IPv6 one.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request comes from that has come from `peer`. A proxy appends whom it was asked by to
    /// `X-Forwarded-For`, so that is read from its end for as long as who wrote it is trusted; what stands
    /// before, anybody may have written.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.contains(client) {
            return client;
        }
        let values: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
        let entries = values
            .iter()
            .rev()
            .flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        for entry in entries {
            let Some(address) = address(entry.trim()) else {
                break;
            };
            client = address;
            if !self.contains(client) {
                break;
            }
        }
        client
    }
}

/// What counts as one address: of IPv6 the 64 bits that a network is given, since whoever has it has all
/// the addresses in it.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// The address of an entry, which some write with a port.
fn address(entry: &str) -> Option<IpAddr> {
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']');
    let plain = entry.parse::<IpAddr>().ok();
    let plain = plain.or_else(|| bracketed()?.parse::<Ipv6Addr>().ok().map(IpAddr::V6));
    let with_port = || entry.parse::<SocketAddr>().ok().map(|at| at.ip());
    plain.or_else(with_port).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10.0.0.1", "10.0.0.1", true)]
    #[case("10.0.0.1", "10.0.0.2", false)]
    #[case("10.0.0.0/8", "10.255.0.1", true)]
    #[case("10.0.0.0/8", "11.0.0.1", false)]
    #[case("10.0.0.0/8", "::ffff:10.0.0.1", true)]
    #[case("2001:db8::/32, 10.0.0.1", "2001:db8::7", true)]
    #[case("::1", "127.0.0.1", false)]
    fn which_are_trusted(#[case] list: &str, #[case] address: &str, #[case] trusted: bool) {
        let proxies: TrustedProxies = list.parse().unwrap();
        assert_eq!(proxies.contains(address.parse().unwrap()), trusted);
    }

    #[rstest]
    #[case("")]
    #[case("proxy.example.org")]
    #[case("10.0.0.0/33")]
    #[case("10.0.0.1,")]
    #[case("10.0.0.1 10.0.0.2")]
    #[case("10.0.0.1:80")]
    fn what_is_no_list(#[case] text: &str) {
        assert_eq!(text.parse::<TrustedProxies>(), Err(InvalidProxies));
    }

    #[rstest]
    #[case::no_proxy("192.0.2.1", &["203.0.113.9"], "192.0.2.1")]
    #[case::nothing_said("10.0.0.1", &[], "10.0.0.1")]
    #[case::one_proxy("10.0.0.1", &["203.0.113.9"], "203.0.113.9")]
    #[case::two_proxies("10.0.0.1", &["203.0.113.9, 10.0.0.2"], "203.0.113.9")]
    #[case::two_headers("10.0.0.1", &["203.0.113.9", "10.0.0.2"], "203.0.113.9")]
    #[case::made_up_before("10.0.0.1", &["198.51.100.1, 203.0.113.9"], "203.0.113.9")]
    #[case::all_are_ours("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3")]
    #[case::no_address("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1")]
    #[case::no_address_further("10.0.0.1", &["unknown, 10.0.0.2"], "10.0.0.2")]
    #[case::empty("10.0.0.1", &[""], "10.0.0.1")]
    #[case::port("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9")]
    #[case::brackets("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7")]
    #[case::brackets_and_port("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7")]
    #[case::mapped("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9")]
    fn where_a_request_comes_from(
        #[case] peer: &str,
        #[case] forwarded: &[&str],
        #[case] client: &str,
    ) {
        let proxies: TrustedProxies = "10.0.0.0/8".parse().unwrap();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let found = proxies.client(peer.parse().unwrap(), &headers);
        assert_eq!(found, client.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn whoever_is_not_trusted_is_not_believed() {
        let nobody = TrustedProxies::default();
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"));
        let peer = "127.0.0.1".parse().unwrap();
        assert_eq!(nobody.client(peer, &headers), peer);
    }
}
