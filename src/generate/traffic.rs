//! The traffic model: what the interfaces of one [`Site`] see during the window of one object.
//!
//! In: the site, the internet, the window, random numbers. Out: records, pushed to [`SampleLines`] until these are full.
//! As in real objects records come in bursts: one interface, one capture window, several conversations, both directions
//! of each. What a second interface sees of the same conversations (the peer, the NAT gateway) follows after the burst.

use super::conversation::{Capture, Exchange, Side, View, push_pair};
use super::network::{Interface, Label, MISSING, Role, Site, VPCS};
use super::random::Random;
use super::record::{Flow, LogStatus, SampleLines, SampleRecord};
use super::services::{self, INBOUND, INTERNAL, Internet, OUTBOUND, PublicHost, Service, TCP};
use super::text::Address;

/// The time whose records an object holds: each of them ends here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Unix seconds.
    pub(super) start: i64,
    /// At least 1.
    pub(super) seconds: u32,
}

/// Client ports, as Linux draws them.
const EPHEMERAL: (u16, u16) = (32_768, 60_999);

/// Rows that are no part of ordinary bursts.
#[derive(Clone, Copy, Debug)]
enum Special {
    NoData,
    SkipData,
    Scan,
    Ipv6,
}

/// How many of 10000 rows each special kind has.
const SPECIALS: [(Special, i64); 4] =
    [(Special::NoData, 150), (Special::SkipData, 5), (Special::Scan, 500), (Special::Ipv6, 300)];

/// The same for Transit Gateway flow logs.
const TRANSIT_SPECIALS: [(Special, i64); 1] = [(Special::NoData, 150)];

/// What another interface sees of a conversation.
#[derive(Debug)]
struct Echo<'a> {
    view: View<'a>,
    exchange: Exchange,
}

/// Makes the records of one object.
#[derive(Debug)]
pub(super) struct Traffic<'a> {
    pub(super) site: &'a Site,
    internet: &'a Internet,
    window: Window,
    pub(super) random: Random,
    /// Rows owed to each of [`SPECIALS`], in units of 1/10000.
    owed: [i64; SPECIALS.len()],
    /// Reused from burst to burst.
    echoes: Vec<Echo<'a>>,
}

impl<'a> Traffic<'a> {
    /// Prepares the traffic of one object.
    pub(super) fn new(site: &'a Site, internet: &'a Internet, window: Window, random: Random) -> Self {
        let mut random = random;
        // Starting with a random debt keeps the shares right over many small objects.
        let owed = std::array::from_fn(|_| -i64::from(random.below(60_000)));
        Self { site, internet, window, random, owed, echoes: Vec::new() }
    }

    /// Adds records of a VPC flow log until `lines` are full.
    pub(super) fn fill(&mut self, lines: &mut SampleLines<'_>) {
        while !lines.is_full() {
            let rows_before = lines.rows();
            self.burst(lines);
            self.settle(lines.rows() - rows_before, &SPECIALS, lines);
        }
    }

    /// Draws the seconds between which an interface captured its records; the end lies in the window.
    pub(super) fn capture(&mut self) -> Capture {
        let end = self.window.start + i64::from(self.random.below(self.window.seconds));
        let seconds = match self.random.below(100) {
            0..4 => self.random.below(20),
            4..90 => self.random.between(25, 59),
            _ => self.random.between(60, 599),
        };
        Capture { start: end - i64::from(seconds), end, earliest_end: self.window.start }
    }

    /// Draws the port of a client.
    pub(super) fn client_port(&mut self) -> u16 {
        self.random.port(EPHEMERAL.0, EPHEMERAL.1)
    }

    /// Adds the records of one interface for one capture window, then what others see of them.
    fn burst(&mut self, lines: &mut SampleLines<'_>) {
        let at = self.site.host(&mut self.random);
        let capture = self.capture();
        for _ in 0..self.random.between(1, 10) {
            if lines.is_full() {
                break;
            }
            self.converse(at, capture, lines);
        }
        self.echo(lines);
    }

    fn echo(&mut self, lines: &mut SampleLines<'_>) {
        let capture = self.capture();
        let mut echoes = std::mem::take(&mut self.echoes);
        // Stable: the records of one interface stand together, in the order of the conversations.
        echoes.sort_by_key(|echo| echo.view.at.number);
        for echo in echoes.drain(..) {
            push_pair(&echo.view, &echo.exchange, capture, &mut self.random, lines);
        }
        self.echoes = echoes;
    }

    fn converse(&mut self, at: &'a Interface, capture: Capture, lines: &mut SampleLines<'_>) {
        match (at.is_public(), self.random.below(100)) {
            (true, 0..60) => self.inbound(at, capture, lines),
            (true, 60..80) => self.outbound(at, capture, lines),
            (false, 0..20) if !is_service(at.role) => self.outbound_through_nat(at, capture, lines),
            _ => self.internal(at, capture, lines),
        }
    }

    /// A client of the internet talks to a public web server.
    fn inbound(&mut self, at: &'a Interface, capture: Capture, lines: &mut SampleLines<'_>) {
        let client = PublicHost { address: self.internet.client(&mut self.random), service: MISSING };
        let Some(exchange) = self.exchange(INBOUND, client.service, MISSING) else { return };
        let view = View::new(at, Side::Server, client.address, at.v4(), None).with_client_port(self.client_port());
        push_pair(&view, &exchange, capture, &mut self.random, lines);
    }

    /// A public host talks to a server of the internet.
    fn outbound(&mut self, at: &'a Interface, capture: Capture, lines: &mut SampleLines<'_>) {
        let server = self.internet.server(&mut self.random);
        let Some(exchange) = self.exchange(OUTBOUND, MISSING, server.service) else { return };
        let view = View::new(at, Side::Client, at.v4(), server.address, None).with_client_port(self.client_port());
        push_pair(&view, &exchange, capture, &mut self.random, lines);
    }

    /// A private host talks to a server of the internet; its NAT gateway sees that too, on both of its sides.
    fn outbound_through_nat(&mut self, at: &'a Interface, capture: Capture, lines: &mut SampleLines<'_>) {
        let server = self.internet.server(&mut self.random);
        let Some(exchange) = self.exchange(OUTBOUND, MISSING, server.service) else { return };
        let nat = self.site.nat(at.vpc);
        let port = self.client_port();
        // A gateway endpoint takes the way to S3 past the NAT gateway.
        let direct = server.service == "S3" && self.random.percent(50);
        let hop = (!direct).then_some(nat);
        let view = View::new(at, Side::Client, at.v4(), server.address, hop).with_client_port(port);
        push_pair(&view, &exchange, capture, &mut self.random, lines);
        if !direct {
            let views =
                [nat_inside(at, nat, server.address, port), nat_outside(nat, server.address, self.client_port())];
            self.echoes.extend(views.map(|view| Echo { view, exchange }));
        }
    }

    /// Two hosts of the site talk; now and then the other one's records are in this object too.
    fn internal(&mut self, at: &'a Interface, capture: Capture, lines: &mut SampleLines<'_>) {
        let always_serves = is_service(at.role) || self.random.percent(70);
        let chosen = services::choose(INTERNAL, &mut self.random, |service| always_serves && service.role == at.role);
        let vpc = if self.random.percent(4) { self.random.index(VPCS.len()) } else { at.vpc };
        let (service, side, peer) = if let Some(service) = chosen {
            let role = *self.random.pick(&[Role::App, Role::App, Role::App, Role::Worker, Role::Web]);
            (service, Side::Server, self.site.member(vpc, role, &mut self.random))
        } else {
            let Some(service) = services::choose(INTERNAL, &mut self.random, |_| true) else { return };
            (service, Side::Client, self.site.member(vpc, service.role, &mut self.random))
        };
        if peer.number == at.number {
            return;
        }
        let exchange = Exchange::draw(service, MISSING, MISSING, &mut self.random);
        let (client, server) = if side == Side::Client { (at, peer) } else { (peer, at) };
        let port = self.client_port();
        let view = View::new(at, side, client.v4(), server.v4(), Some(peer)).with_client_port(port);
        push_pair(&view, &exchange, capture, &mut self.random, lines);
        if self.random.percent(25) {
            let view = View::new(peer, side.other(), client.v4(), server.v4(), Some(at)).with_client_port(port);
            self.echoes.push(Echo { view, exchange });
        }
    }

    fn exchange(
        &mut self,
        services: &[Service],
        client_service: &'static str,
        server_service: &'static str,
    ) -> Option<Exchange> {
        let service = services::choose(services, &mut self.random, |_| true)?;
        Some(Exchange::draw(service, client_service, server_service, &mut self.random))
    }

    /// Adds the special rows that belong to `rows` ordinary ones.
    fn settle(&mut self, rows: u32, specials: &[(Special, i64)], lines: &mut SampleLines<'_>) {
        for (place, (special, share)) in specials.iter().enumerate() {
            self.owed[place] += i64::from(rows) * share;
            while self.owed[place] > 0 && !lines.is_full() {
                let rows_before = lines.rows();
                self.add(*special, lines);
                self.owed[place] -= i64::from(lines.rows() - rows_before) * 10_000;
            }
        }
    }

    fn add(&mut self, special: Special, lines: &mut SampleLines<'_>) {
        match special {
            Special::NoData => self.silence(LogStatus::NoData, lines),
            Special::SkipData => self.silence(LogStatus::SkipData, lines),
            Special::Scan => self.scan(lines),
            Special::Ipv6 => self.burst6(lines),
        }
    }

    /// Adds a record without a flow.
    fn silence(&mut self, status: LogStatus, lines: &mut SampleLines<'_>) {
        let vpc = self.random.index(VPCS.len());
        let role = *self.random.pick(&[Role::Web, Role::App, Role::Database, Role::Cache, Role::Broker, Role::Worker]);
        let at = self.site.member(vpc, role, &mut self.random);
        let Capture { start, end, .. } = self.capture();
        lines.push(&SampleRecord { at, start, end, status, flow: None });
    }

    /// Adds what a public host rejects from somebody who tries its ports.
    fn scan(&mut self, lines: &mut SampleLines<'_>) {
        let vpc = self.random.index(VPCS.len());
        let at = self.site.member(vpc, Role::Web, &mut self.random);
        let source = self.internet.scanner(&mut self.random);
        let capture = self.capture();
        let source_port = self.random.port(1024, 65_535);
        for _ in 0..self.random.between(1, 10) {
            let (start, end) = capture.moment(&mut self.random);
            let flow = Some(self.probe(at, source, source_port));
            lines.push(&SampleRecord { at, start, end, status: LogStatus::Ok, flow });
        }
    }

    fn probe(&mut self, at: &Interface, source: Address, source_port: u16) -> Flow<'a> {
        const FAVOURITES: [u16; 16] =
            [22, 23, 80, 81, 445, 1433, 2375, 3306, 3389, 5060, 5432, 5900, 6379, 8080, 8443, 27_017];
        let any_port = self.random.port(1, 65_535);
        let destination_port = if self.random.percent(50) { *self.random.pick(&FAVOURITES) } else { any_port };
        let blocked = self.random.percent(1);
        let bytes = *self.random.pick(&[40, 40, 44, 44, 60]);
        Flow {
            source,
            destination: at.v4(),
            packet_source: source,
            packet_destination: at.v4(),
            source_port,
            destination_port,
            protocol: TCP,
            packets: 1,
            // Rejects of VPC Block Public Access come without bytes.
            bytes: (!blocked).then_some(bytes),
            accepted: false,
            tcp_flags: 2,
            source_service: MISSING,
            destination_service: MISSING,
            direction: "ingress",
            path: MISSING,
            reject_reason: if blocked { "BPA" } else { MISSING },
            encryption: if at.encrypted { "0" } else { MISSING },
            hop: None,
            transit: None,
            lost: [0; 4],
        }
    }

    /// Adds the IPv6 records of one interface: half of them to the internet, half inside the VPC.
    fn burst6(&mut self, lines: &mut SampleLines<'_>) {
        let vpc = self.random.index(VPCS.len());
        let at = self.site.member(vpc, Role::App, &mut self.random);
        let capture = self.capture();
        for _ in 0..self.random.between(4, 12) {
            let peer = self.site.member(vpc, Role::Balancer, &mut self.random);
            let public = self.random.percent(50);
            let inside = PublicHost { address: peer.v6(), service: MISSING };
            let server = if public { self.internet.server6(&mut self.random) } else { inside };
            let is_https = |service: &Service| service.port == 443;
            let Some(service) = services::choose(OUTBOUND, &mut self.random, is_https) else { return };
            let exchange = Exchange::draw(service, MISSING, server.service, &mut self.random);
            let view = View::new(at, Side::Client, at.v6(), server.address, (!public).then_some(peer));
            push_pair(&view.with_client_port(self.client_port()), &exchange, capture, &mut self.random, lines);
        }
    }

    /// Adds records of a Transit Gateway flow log until `lines` are full: hosts of different VPCs talk, and each direction
    /// is seen where it enters the gateway and where it leaves it.
    pub(super) fn fill_transit(&mut self, lines: &mut SampleLines<'_>) {
        while !lines.is_full() {
            let rows_before = lines.rows();
            let client_vpc = self.random.index(VPCS.len());
            let server_vpc = (client_vpc + 1 + self.random.index(VPCS.len() - 1)) % VPCS.len();
            let capture = self.capture().at_most(60);
            for _ in 0..self.random.between(4, 30) {
                self.transit(client_vpc, server_vpc, capture, lines);
            }
            self.settle(lines.rows() - rows_before, &TRANSIT_SPECIALS, lines);
        }
    }

    fn transit(&mut self, client_vpc: usize, server_vpc: usize, capture: Capture, lines: &mut SampleLines<'_>) {
        // VPC endpoints cannot be reached from outside their VPC.
        let reachable = |service: &Service| service.role != Role::Endpoint;
        let Some(service) = services::choose(INTERNAL, &mut self.random, reachable) else { return };
        let server = self.site.member(server_vpc, service.role, &mut self.random);
        let role = *self.random.pick(&[Role::App, Role::Worker, Role::Web, Role::Bastion]);
        let client = self.site.member(client_vpc, role, &mut self.random);
        let exchange = Exchange::draw(service, MISSING, MISSING, &mut self.random);
        let port = self.client_port();
        let views = [(client, server, Side::Client), (server, client, Side::Server)];
        for (at, hop, side) in views {
            let view = View::new(at, side, client.v4(), server.v4(), Some(hop)).with_client_port(port);
            push_pair(&view.across_transit_gateway(), &exchange, capture, &mut self.random, lines);
        }
    }
}

/// Returns true for interfaces of AWS services, which never start a conversation.
const fn is_service(role: Role) -> bool {
    matches!(role, Role::Endpoint | Role::Balancer | Role::Resolver)
}

/// What a NAT gateway sees towards the private host: its own address on the line, the server's inside the packets.
pub(super) fn nat_inside<'a>(host: &'a Interface, nat: &'a Interface, server: Address, host_port: u16) -> View<'a> {
    let on_line = if is_regional(nat) { server } else { nat.v4() };
    let view = View::new(nat, Side::Server, host.v4(), on_line, Some(host));
    view.with_client_port(host_port).with_packet_server(server)
}

/// What a NAT gateway sees towards the internet: the conversation as its own, from a port of its own.
pub(super) fn nat_outside(nat: &Interface, server: Address, nat_port: u16) -> View<'_> {
    let client = if is_regional(nat) { REGIONAL_NAT_ADDRESS } else { nat.v4() };
    View::new(nat, Side::Client, client, server, None).with_client_port(nat_port)
}

/// The public address of a regional NAT gateway, which AWS shows instead of a private one (it has none): 18.97.44.203.
const REGIONAL_NAT_ADDRESS: Address = Address::V4(0x1261_2ccb);

fn is_regional(nat: &Interface) -> bool {
    nat.text(Label::ResourceId) != MISSING
}
