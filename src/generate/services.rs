//! What hosts talk about: services with their ports and sizes, and the hosts of the public internet.
//!
//! In: random numbers. Out: a service, the volume of one exchange, a public address. Knows no time and writes no text.

use super::network::{MISSING, Role};
use super::random::{PowerLaw, Random, mix};
use super::text::Address;

/// Protocol numbers of IANA.
pub(super) const ICMP: u8 = 1;
/// See [`ICMP`].
pub(super) const TCP: u8 = 6;
/// See [`ICMP`].
pub(super) const UDP: u8 = 17;

/// Something a server offers.
#[derive(Debug)]
pub(super) struct Service {
    /// Who offers it; for services of the internet it has no meaning.
    pub(super) role: Role,
    pub(super) port: u16,
    pub(super) protocol: u8,
    /// How often it is chosen, in relation to the others of its list.
    weight: u32,
    /// The least number of packets per direction; see [`Random::heavy`].
    scale: u32,
    /// The least and the greatest mean size of a packet towards the server, in bytes.
    request_bytes: (u32, u32),
    /// The same towards the client.
    response_bytes: (u32, u32),
}

const fn service(role: Role, port: u16, protocol: u8, weight: u32, scale: u32, sizes: [u32; 4]) -> Service {
    let [request_low, request_high, response_low, response_high] = sizes;
    let (request_bytes, response_bytes) = ((request_low, request_high), (response_low, response_high));
    Service { role, port, protocol, weight, scale, request_bytes, response_bytes }
}

/// Services inside a VPC.
pub(super) const INTERNAL: &[Service] = &[
    service(Role::App, 443, TCP, 30, 6, [90, 420, 180, 1100]),
    service(Role::App, 8080, TCP, 12, 5, [90, 400, 120, 900]),
    service(Role::App, 9100, TCP, 2, 8, [70, 110, 700, 1300]),
    service(Role::App, 0, ICMP, 1, 1, [84, 84, 84, 84]),
    service(Role::Database, 5432, TCP, 13, 8, [80, 300, 120, 1200]),
    service(Role::Database, 3306, TCP, 3, 8, [80, 300, 120, 1200]),
    service(Role::Cache, 6379, TCP, 13, 4, [60, 180, 70, 500]),
    service(Role::Broker, 9092, TCP, 9, 10, [200, 1300, 60, 1300]),
    service(Role::Endpoint, 443, TCP, 8, 7, [100, 700, 150, 900]),
    service(Role::Balancer, 443, TCP, 6, 6, [90, 420, 180, 1100]),
    service(Role::Worker, 22, TCP, 1, 12, [70, 160, 80, 300]),
    service(Role::Resolver, 53, UDP, 6, 1, [60, 90, 90, 260]),
];

/// Services of the internet that hosts of a VPC use.
pub(super) const OUTBOUND: &[Service] = &[
    service(Role::Web, 443, TCP, 84, 7, [80, 500, 200, 1300]),
    service(Role::Web, 80, TCP, 7, 5, [80, 300, 300, 1300]),
    service(Role::Web, 123, UDP, 4, 1, [76, 76, 76, 76]),
    service(Role::Web, 53, UDP, 2, 1, [60, 90, 90, 400]),
    service(Role::Web, 22, TCP, 1, 12, [70, 160, 80, 900]),
    service(Role::Web, 587, TCP, 1, 14, [100, 1200, 60, 120]),
    service(Role::Web, 0, ICMP, 1, 2, [84, 84, 84, 84]),
];

/// Services that public web servers offer to the internet.
pub(super) const INBOUND: &[Service] = &[
    service(Role::Web, 443, TCP, 89, 7, [80, 500, 200, 1300]),
    service(Role::Web, 80, TCP, 9, 4, [80, 300, 120, 700]),
    service(Role::Web, 0, ICMP, 2, 1, [28, 84, 28, 84]),
];

/// Draws one of `services`, if `wanted` allows any.
pub(super) fn choose<'s>(
    services: &'s [Service],
    random: &mut Random,
    wanted: impl Fn(&Service) -> bool,
) -> Option<&'s Service> {
    let allowed = || services.iter().filter(|service| wanted(service));
    let mut left = random.below(allowed().map(|service| service.weight).sum());
    for service in allowed() {
        if left < service.weight {
            return Some(service);
        }
        left -= service.weight;
    }
    None
}

/// Packets and bytes of one direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Volume {
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

/// The most packets of one record: what a busy 100 Gbit/s host sends in a minute, in big packets, would be 70 times that.
const MOST_PACKETS: u64 = 6_000_000;

/// How many volumes of a service come again and again: health checks, keep-alives, the same query.
const HABITS: u32 = 12;

/// Draws the volumes towards the server and back.
pub(super) fn volumes(service: &Service, random: &mut Random) -> (Volume, Volume) {
    if random.percent(8) {
        // The least of several draws, so that the first habits are the most frequent ones.
        let habit = random.below(HABITS).min(random.below(HABITS));
        let identity = mix(u64::from(service.port) << 8 | u64::from(habit));
        return fresh_volumes(service, &mut Random::new(&[identity]));
    }
    fresh_volumes(service, random)
}

fn fresh_volumes(service: &Service, random: &mut Random) -> (Volume, Volume) {
    let packets = random.heavy(service.scale, MOST_PACKETS);
    let (back, answered) = match service.protocol {
        TCP => (u64::from(random.between(65, 130)), packets + 1),
        _ => (100, packets),
    };
    let mut volume = |packets: u64, (low, high): (u32, u32)| {
        let bytes = packets * u64::from(random.between(low, high)) + u64::from(random.below(high - low + 1));
        Volume { packets, bytes }
    };
    (volume(packets, service.request_bytes), volume((answered * back / 100).max(1), service.response_bytes))
}

/// How many public hosts there are.
const PUBLIC_HOSTS: u32 = 100_000;

/// How many hosts scan others.
const SCANNERS: u32 = 400;

/// A host of the internet.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicHost {
    pub(super) address: Address,
    /// Name of the AWS service it belongs to, or `-`.
    pub(super) service: &'static str,
}

/// The hosts of the internet, and how often each is met.
#[derive(Debug)]
pub(super) struct Internet {
    servers: PowerLaw,
    clients: PowerLaw,
    scanners: PowerLaw,
}

/// First octets of public addresses; 172 is left out because the VPCs use addresses that start with it.
const FIRST_OCTETS: [u32; 40] = [
    2, 5, 8, 13, 17, 18, 20, 23, 24, 31, 34, 35, 37, 40, 45, 46, 50, 51, 62, 66, 67, 68, 69, 71, 73, 76, 78, 80, 82,
    84, 86, 88, 91, 93, 98, 104, 107, 142, 151, 185,
];

/// AWS services and the first two octets of some of their addresses.
const AWS_RANGES: [(&str, [u32; 2]); 8] = [
    ("S3", [52, 216]),
    ("S3", [52, 217]),
    ("S3", [3, 5]),
    ("DYNAMODB", [52, 94]),
    ("AMAZON", [54, 239]),
    ("CLOUDFRONT", [13, 225]),
    ("EC2", [54, 92]),
    ("API_GATEWAY", [44, 199]),
];

/// First two groups of public IPv6 addresses, and whether they are AWS's.
const PREFIXES6: [(u128, &str); 4] =
    [(0x2607_f8b0, MISSING), (0x2606_4700, MISSING), (0x2a03_2880, MISSING), (0x2600_9000, "CLOUDFRONT")];

impl Internet {
    /// Prepares the power laws.
    pub(super) fn new() -> Self {
        let (servers, clients) = (PowerLaw::new(PUBLIC_HOSTS, 4), PowerLaw::new(PUBLIC_HOSTS, 4));
        Self { servers, clients, scanners: PowerLaw::new(SCANNERS, 3) }
    }

    /// Draws a server; about a third of the popular ones are AWS services.
    pub(super) fn server(&self, random: &mut Random) -> PublicHost {
        let rank = self.servers.sample(random) as u64;
        let bits = mix(rank ^ 0x0053_4552_5645_5253);
        if bits & 0xff >= 90 {
            return PublicHost { address: Address::V4(ordinary_address(bits)), service: MISSING };
        }
        let place = ((bits >> 8) & 7) as usize;
        let (service, [first, second]) = AWS_RANGES[place];
        let address = (first << 24) | (second << 16) | host_bits(bits) & 0xffff;
        PublicHost { address: Address::V4(address), service }
    }

    /// Draws the address of a client of a public web server.
    pub(super) fn client(&self, random: &mut Random) -> Address {
        Address::V4(ordinary_address(mix(self.clients.sample(random) as u64 ^ 0x0043_4c49_454e_5453)))
    }

    /// Draws the address of a host that scans others.
    pub(super) fn scanner(&self, random: &mut Random) -> Address {
        Address::V4(ordinary_address(mix(self.scanners.sample(random) as u64 ^ 0x5343_414e_4e45_5253)))
    }

    /// Draws a server with an IPv6 address.
    pub(super) fn server6(&self, random: &mut Random) -> PublicHost {
        let bits = mix(self.servers.sample(random) as u64 ^ 0x0053_4552_5645_5236);
        let place = (bits & 3) as usize;
        let (prefix, service) = PREFIXES6[place];
        let subnet = u128::from((bits >> 16) & 0x0fff_ffff);
        let host = u128::from(bits >> 44 & 0xffff);
        PublicHost { address: Address::V6(prefix << 96 | subnet << 64 | host), service }
    }
}

fn ordinary_address(bits: u64) -> u32 {
    let place = ((bits >> 8) & 0xff) as usize % FIRST_OCTETS.len();
    (FIRST_OCTETS[place] << 24) | host_bits(bits) & 0x00ff_ffff
}

const fn host_bits(bits: u64) -> u32 {
    (bits >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn choice_follows_the_weights_and_the_wish() {
        let mut random = Random::new(&[3]);
        let cache = choose(INTERNAL, &mut random, |service| service.role == Role::Cache);
        assert_eq!(cache.map(|service| service.port), Some(6379));
        assert!(choose(INTERNAL, &mut random, |_| false).is_none());
        let ports = (0..10_000).filter_map(|_| choose(OUTBOUND, &mut random, |_| true)).map(|service| service.port);
        let https = ports.filter(|port| *port == 443).count();
        assert!((8200..8600).contains(&https), "{https}");
    }

    #[test]
    fn bytes_grow_with_packets() {
        let mut random = Random::new(&[4]);
        for service in INTERNAL.iter().chain(OUTBOUND).chain(INBOUND) {
            for _ in 0..200 {
                let (there, back) = volumes(service, &mut random);
                assert!(there.packets >= 1 && back.packets >= 1);
                assert!((28 * there.packets..=1500 * (there.packets + 1)).contains(&there.bytes));
                assert!((28 * back.packets..=1500 * (back.packets + 1)).contains(&back.bytes));
            }
        }
    }

    #[test]
    fn few_public_hosts_get_most_of_the_traffic() {
        let internet = Internet::new();
        let mut random = Random::new(&[5]);
        let mut counts: HashMap<Address, u32> = HashMap::new();
        for _ in 0..100_000 {
            *counts.entry(internet.client(&mut random)).or_default() += 1;
        }
        let mut sorted: Vec<u32> = counts.into_values().collect();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        assert!(sorted.len() > 15_000, "{}", sorted.len());
        assert!(sorted[..3000].iter().sum::<u32>() > 60_000);
    }
}
