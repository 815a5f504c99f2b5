//! One conversation of a client with a server, as one interface sees it: two records, one per direction.
//!
//! In: a [`View`] (who stands where), an [`Exchange`] (what went over the line) and a [`Capture`] (when).
//! Out: records in [`SampleLines`]. Draws only what belongs to a single record.

use super::network::{Interface, MISSING, Role};
use super::random::Random;
use super::record::{Flow, LogStatus, SampleLines, SampleRecord};
use super::services::{self, Service, TCP, Volume};
use super::text::Address;

/// Which end of a conversation an interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    /// Returns the opposite end.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Between which seconds an interface captured its records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capture {
    pub(super) start: i64,
    pub(super) end: i64,
    /// The first second at which a record of this object may end.
    pub(super) earliest_end: i64,
}

impl Capture {
    /// Returns this capture, shortened to `seconds` before its end.
    pub(super) fn at_most(self, seconds: i64) -> Self {
        Self { start: self.start.max(self.end - seconds), ..self }
    }

    /// Draws start and end of one flow: at times the whole time, else a later start and often an earlier end.
    pub(super) fn moment(self, random: &mut Random) -> (i64, i64) {
        if random.percent(30) {
            return (self.start, self.end);
        }
        let seconds = u32::try_from(self.end - self.start).unwrap_or(0);
        let start = self.start + i64::from(random.below(seconds + 1));
        let earliest_end = start.max(self.earliest_end);
        let spare_seconds = u32::try_from(self.end - earliest_end).unwrap_or(0);
        let earlier = if random.percent(40) { random.below(spare_seconds + 1) } else { 0 };
        (start, self.end - i64::from(earlier))
    }
}

/// What went over the line; the same at every interface that sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    protocol: u8,
    server_port: u16,
    /// Towards the server.
    there: Volume,
    /// Towards the client.
    back: Volume,
    there_flags: u8,
    back_flags: u8,
    /// The AWS service of the client's address, or `-`.
    client_service: &'static str,
    server_service: &'static str,
}

impl Exchange {
    /// Draws an exchange with `service`.
    pub(super) fn draw(
        service: &Service,
        client_service: &'static str,
        server_service: &'static str,
        random: &mut Random,
    ) -> Self {
        let (there, back) = services::volumes(service, random);
        let (there_flags, back_flags) = tcp_flags(service.protocol, random);
        let Service { protocol, port: server_port, .. } = *service;
        Self { protocol, server_port, there, back, there_flags, back_flags, client_service, server_service }
    }

    /// Returns it with another AWS service for the client's address.
    pub(super) fn with_client_service(self, client_service: &'static str) -> Self {
        Self { client_service, ..self }
    }
}

/// Draws the flags of both directions: SYN 2, SYN-ACK 18, FIN 1, RST 4, or-ed over the capture window.
fn tcp_flags(protocol: u8, random: &mut Random) -> (u8, u8) {
    if protocol != TCP {
        return (0, 0);
    }
    match random.below(100) {
        0..55 => (3, 19),
        55..68 => (2, 18),
        68..84 => (0, 0),
        84..94 => (1, 1),
        94..97 => (7, 19),
        _ => (6, 18),
    }
}

/// Who talks to whom, as one interface sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// Where the records are taken.
    pub(super) at: &'a Interface,
    /// Which end `at` is.
    side: Side,
    client: Address,
    server: Address,
    client_port: u16,
    /// The server's address inside the packets; differs from `server` at a NAT gateway only.
    packet_server: Address,
    /// The interface at the other end of this hop, `None` for a gateway.
    hop: Option<&'a Interface>,
    transit: bool,
}

impl<'a> View<'a> {
    /// Describes what `at` sees; the client's port is 0 until it is set.
    pub(super) fn new(
        at: &'a Interface,
        side: Side,
        client: Address,
        server: Address,
        hop: Option<&'a Interface>,
    ) -> Self {
        Self { at, side, client, server, client_port: 0, packet_server: server, hop, transit: false }
    }

    /// Sets the client's port.
    pub(super) fn with_client_port(self, client_port: u16) -> Self {
        Self { client_port, ..self }
    }

    /// Sets the server's address inside the packets.
    pub(super) fn with_packet_server(self, packet_server: Address) -> Self {
        Self { packet_server, ..self }
    }

    /// Makes this the view of the transit gateway between `at` and the hop.
    pub(super) fn across_transit_gateway(self) -> Self {
        Self { transit: true, ..self }
    }

    /// Returns the record's direction; a transit gateway sees what a host sends coming in.
    fn direction(&self, sends: bool) -> &'static str {
        if sends == self.transit { "ingress" } else { "egress" }
    }

    /// Returns what `traffic-path` shows for packets that leave `at`.
    fn path(&self, exchange: &Exchange) -> &'static str {
        match self.hop {
            Some(hop) if hop.vpc == self.at.vpc => "1",
            Some(_) => "4",
            None if exchange.server_service == "S3" && !self.at.is_public() => "7",
            // A NAT gateway is no Nitro instance and so has the older number for the internet gateway.
            None if self.at.role == Role::Nat => "2",
            None => "8",
        }
    }

    fn encryption(&self, exchange: &Exchange) -> &'static str {
        match (self.at.encrypted, self.hop.is_some(), exchange.server_port == 443) {
            (false, ..) => MISSING,
            (true, false, false) => "0",
            (true, true, false) => "1",
            (true, false, true) => "2",
            (true, true, true) => "3",
        }
    }

    /// Returns the sending and the receiving interface if this is the view of a transit gateway.
    fn transit_ends(&self, sends: bool) -> Option<(&'a Interface, &'a Interface)> {
        let hop = self.hop.filter(|_| self.transit)?;
        Some(if sends { (self.at, hop) } else { (hop, self.at) })
    }

    fn flow_there(&self, exchange: &Exchange) -> Flow<'a> {
        let sends = self.side == Side::Client;
        let client_port = if exchange.server_port == 0 { 0 } else { self.client_port };
        Flow {
            source: self.client,
            destination: self.server,
            packet_source: self.client,
            packet_destination: self.packet_server,
            source_port: client_port,
            destination_port: exchange.server_port,
            protocol: exchange.protocol,
            packets: exchange.there.packets,
            bytes: Some(exchange.there.bytes),
            accepted: true,
            tcp_flags: exchange.there_flags,
            source_service: exchange.client_service,
            destination_service: exchange.server_service,
            direction: self.direction(sends),
            path: if sends { self.path(exchange) } else { MISSING },
            reject_reason: MISSING,
            encryption: self.encryption(exchange),
            hop: self.hop,
            transit: self.transit_ends(sends),
            lost: [0; 4],
        }
    }

    /// Returns the way back of `there`.
    fn flow_back(&self, exchange: &Exchange, there: &Flow<'a>) -> Flow<'a> {
        let sends = self.side == Side::Server;
        Flow {
            source: there.destination,
            destination: there.source,
            packet_source: there.packet_destination,
            packet_destination: there.packet_source,
            source_port: there.destination_port,
            destination_port: there.source_port,
            packets: exchange.back.packets,
            bytes: Some(exchange.back.bytes),
            tcp_flags: exchange.back_flags,
            source_service: exchange.server_service,
            destination_service: exchange.client_service,
            direction: self.direction(sends),
            path: if sends { self.path(exchange) } else { MISSING },
            transit: self.transit_ends(sends),
            ..*there
        }
    }
}

/// Adds both directions of a conversation.
pub(super) fn push_pair(
    view: &View<'_>,
    exchange: &Exchange,
    capture: Capture,
    random: &mut Random,
    lines: &mut SampleLines<'_>,
) {
    let mut there = view.flow_there(exchange);
    if view.transit && random.percent(1) {
        let reason = random.index(there.lost.len());
        there.lost[reason] = u64::from(random.between(1, 20));
    }
    let back = Flow { lost: [0; 4], ..view.flow_back(exchange, &there) };
    for flow in [there, back] {
        let (start, end) = capture.moment(random);
        lines.push(&SampleRecord { at: view.at, start, end, status: LogStatus::Ok, flow: Some(flow) });
    }
}
