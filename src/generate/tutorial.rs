//! The scenario of the tutorial, 2026-01-15: an instance talks to two servers through a NAT gateway.
//!
//! 172.32.21.19 -> NAT gateway (172.32.10.21, public 54.248.89.189) -> 34.160.111.145 and 104.18.26.120, port 443, TCP.
//! In: the traffic of an object of that day. Out: this object's part of the day's exchanges, each of eight records
//! (four views, both directions). Other days, accounts, Regions and Transit Gateway logs have none of it.

use jiff::civil::{Date, date};

use super::conversation::{Exchange, Side, View, push_pair};
use super::network::{MISSING, TUTORIAL_VPC};
use super::record::SampleLines;
use super::services::{self, OUTBOUND, Service};
use super::text::Address;
use super::traffic::{Traffic, nat_inside, nat_outside};

/// The day of the tutorial.
const DAY: Date = date(2026, 1, 15);

/// 54.248.89.189
const NAT_PUBLIC: Address = Address::V4(0x36f8_59bd);

/// 34.160.111.145 and 104.18.26.120
const SERVERS: [Address; 2] = [Address::V4(0x22a0_6f91), Address::V4(0x6812_1a78)];

/// How many exchanges the day has.
const EXCHANGES: u32 = 48;

/// How many records an exchange has.
const RECORDS_PER_EXCHANGE: u32 = 8;

/// Returns how many of the day's exchanges fall to object `number` of `objects_per_day`.
pub(super) fn exchanges_of(day: Date, number: u32, objects_per_day: u32) -> u32 {
    if day != DAY {
        return 0;
    }
    let objects = u64::from(objects_per_day.max(1));
    let until = |number: u64| (number * u64::from(EXCHANGES)).div_ceil(objects);
    let count = until(u64::from(number) + 1) - until(u64::from(number));
    u32::try_from(count).unwrap_or(EXCHANGES)
}

/// Fills an object with `rows` records, `exchanges` of the tutorial among them.
///
/// The tutorial takes at most half of the object; where the object is smaller than that one exchange still goes in.
pub(super) fn fill(traffic: &mut Traffic<'_>, exchanges: u32, rows: u32, lines: &mut SampleLines<'_>) {
    let exchanges = exchanges.min((rows / (2 * RECORDS_PER_EXCHANGE)).max(1));
    for exchange in 0..exchanges {
        lines.set_limit_rows(place(exchange, exchanges, rows));
        traffic.fill(lines);
        lines.set_limit_rows(rows);
        push_exchange(traffic, lines);
    }
    lines.set_limit_rows(rows);
    traffic.fill(lines);
}

/// Returns before which row an exchange stands: evenly spread, and leaving room for itself and those after it.
fn place(exchange: u32, exchanges: u32, rows: u32) -> u32 {
    let spread = (u64::from(rows) * (2 * u64::from(exchange) + 1)) / (2 * u64::from(exchanges));
    let room = RECORDS_PER_EXCHANGE.saturating_mul(exchanges - exchange);
    u32::try_from(spread).unwrap_or(rows).min(rows.saturating_sub(room))
}

fn push_exchange(traffic: &mut Traffic<'_>, lines: &mut SampleLines<'_>) {
    let (instance, nat) = (traffic.site.tutorial_instance(), traffic.site.nat(TUTORIAL_VPC));
    let server = *traffic.random.pick(&SERVERS);
    let https = |service: &Service| service.port == 443;
    let Some(service) = services::choose(OUTBOUND, &mut traffic.random, https) else { return };
    let exchange = Exchange::draw(service, MISSING, MISSING, &mut traffic.random);
    let capture = traffic.capture();
    let (port, nat_port) = (traffic.client_port(), traffic.client_port());
    let at_instance = View::new(instance, Side::Client, instance.v4(), server, Some(nat)).with_client_port(port);
    let at_public_address = View::new(nat, Side::Client, NAT_PUBLIC, server, None).with_client_port(nat_port);
    let views = [
        (at_instance, exchange),
        // The address belongs to a range of AWS.
        (at_public_address, exchange.with_client_service("EC2")),
        (nat_inside(instance, nat, server, port), exchange),
        (nat_outside(nat, server, nat_port), exchange),
    ];
    for (view, exchange) in views {
        push_pair(&view, &exchange, capture, &mut traffic.random, lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_has_all_exchanges_however_many_objects_it_has() {
        for objects in [1, 5, 24, 48, 49, 288, 1000] {
            let sum: u32 = (0..objects).map(|number| exchanges_of(DAY, number, objects)).sum();
            assert_eq!(sum, EXCHANGES, "{objects} objects");
        }
        assert_eq!(exchanges_of(date(2026, 1, 16), 0, 1), 0);
    }

    #[test]
    fn exchanges_fit_into_the_object() {
        assert_eq!(place(0, 1, 3), 0);
        assert_eq!(place(0, 1, 1000), 500);
        assert_eq!(place(1, 2, 32), 24);
    }
}
