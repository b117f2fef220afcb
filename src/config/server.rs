//! `[server]` and `[admin]`: where the daemon listens, and whom it believes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::document::Value;
use super::form;
use super::problem::Fault;
use super::reader::Section;

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Where it listens, if systemd hands over no socket.
    pub listen: SocketAddr,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<Network>,
}

/// Addresses that begin alike: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads an address, alone or with the length of its prefix.
    ///
    /// # Errors
    /// Says what a network looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is no network; write one like `127.0.0.1`, `10.0.0.0/8` or `fd00::/8`",
                form::short(text)
            )
        };
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        if prefix <= most { Ok(Self { address, prefix }) } else { Err(wrong()) }
    }

    /// Is `address` one of them? An IPv4 address in IPv6 clothing counts as
    /// what it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (mine, other) = (self.address.to_canonical(), address.to_canonical());
        if mine.is_ipv4() != other.is_ipv4() {
            return false;
        }
        // Both as 128 bits; an IPv4 prefix begins after the 96 mapped bits.
        let clothed = mine.is_ipv4() && self.address.is_ipv6();
        let prefix = match mine {
            IpAddr::V4(_) if !clothed => u32::from(self.prefix) + 96,
            _ => u32::from(self.prefix),
        };
        let differ = bits(mine) ^ bits(other);
        differ.leading_zeros() >= prefix
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped().to_bits(),
        IpAddr::V6(six) => Ipv6Addr::to_bits(six),
    }
}

/// Reads `[server]`.
pub fn read(section: Section<'_>) -> ServerSettings {
    let listen = section.or("listen", "127.0.0.1:8080", socket);
    let trusted_proxies = section
        .maybe("trusted_proxies", form::list(form::text(Network::parse)))
        .unwrap_or_default();
    section.finish();
    ServerSettings { listen, trusted_proxies }
}

/// Reads `[admin]`: the listener of the operator's page, if it has one.
pub fn read_admin(section: Section<'_>, server: &ServerSettings) -> Option<SocketAddr> {
    let listen = section.maybe("listen", socket);
    if let Some(listen) = listen {
        if listen == server.listen && listen.port() != 0 {
            section.problem(
                "listen",
                Fault::new(
                    format!("{listen} is where [server] listens"),
                    "give the operator's page its own port, such as 127.0.0.1:8081",
                ),
            );
        }
        if !listen.ip().is_loopback() {
            section.warn(
                "listen",
                Fault::new(
                    format!("the operator's page can be reached from outside at {listen}"),
                    "listen on 127.0.0.1 and reach it through a tunnel",
                ),
            );
        }
    }
    section.finish();
    listen
}

pub fn socket(value: &Value) -> Result<SocketAddr, Fault> {
    form::text(|text| {
        let address = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        address.parse().map_err(|_| {
            Fault::new(
                format!("`{}` is no address and port", form::short(text)),
                "write one like `127.0.0.1:8080` or `[::]:8080`",
            )
        })
    })(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_alike() {
        for (network, address, holds) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("::ffff:10.0.0.0/104", "10.1.1.1", true),
            ("0.0.0.0/0", "198.51.100.7", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("fd00::/8", "fdff::1", true),
            ("::/0", "2001:db8::1", true),
        ] {
            let network_read = Network::parse(network).unwrap();
            assert_eq!(
                network_read.contains(address.parse().unwrap()),
                holds,
                "{network} {address}"
            );
        }
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "localhost", "::/129", "10.0.0.0/"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
