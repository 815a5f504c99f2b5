//! Writes one record as one text line, for any list of header tokens.
//!
//! In: a [`SampleFormat`] made once from the tokens, and [`SampleRecord`]s. Out: the text of an object in [`SampleLines`], header line first.
//! A token nobody knows gets `-`, as does every field that does not apply to a record. Makes up no values of its own.

use super::network::{Interface, Label, MISSING};
use super::random::Random;
use super::text::{Address, push_address, push_number};

/// What AWS says about a record's completeness; the last two have no flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogStatus {
    Ok,
    NoData,
    SkipData,
}

/// The flow of a record with status `OK`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow<'a> {
    pub(super) source: Address,
    pub(super) destination: Address,
    /// Packet-level addresses: where the packets really come from and go to, past a NAT gateway.
    pub(super) packet_source: Address,
    pub(super) packet_destination: Address,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
    pub(super) protocol: u8,
    pub(super) packets: u64,
    /// `None` where AWS leaves it out (VPC Block Public Access).
    pub(super) bytes: Option<u64>,
    pub(super) accepted: bool,
    pub(super) tcp_flags: u8,
    pub(super) source_service: &'static str,
    pub(super) destination_service: &'static str,
    /// `ingress` or `egress`.
    pub(super) direction: &'static str,
    pub(super) path: &'static str,
    pub(super) reject_reason: &'static str,
    pub(super) encryption: &'static str,
    /// The interface at the other end of this hop.
    pub(super) hop: Option<&'a Interface>,
    /// Sending and receiving interface, on Transit Gateway records only.
    pub(super) transit: Option<(&'a Interface, &'a Interface)>,
    /// Packets a transit gateway lost: no route, black hole, too large, time to live expired.
    pub(super) lost: [u64; 4],
}

/// One line of a flow log.
#[derive(Clone, Copy, Debug)]
pub(super) struct SampleRecord<'a> {
    /// The interface (or attachment) where the record was taken.
    pub(super) at: &'a Interface,
    /// Unix seconds.
    pub(super) start: i64,
    /// Unix seconds, not before `start`.
    pub(super) end: i64,
    pub(super) status: LogStatus,
    /// Present if and only if the status is `Ok`.
    pub(super) flow: Option<Flow<'a>>,
}

/// Where the value of one field comes from.
#[derive(Clone, Copy, Debug)]
enum FieldSource {
    Fixed(&'static str),
    Version,
    Start,
    End,
    LogStatus,
    /// About the interface of the record.
    Own(Label),
    /// About the interface at the other end of this hop.
    Hop(Label),
    TransitSource(Label),
    TransitDestination(Label),
    Flow(FlowColumn),
}

/// A field that only records with a flow have.
#[derive(Clone, Copy, Debug)]
enum FlowColumn {
    Source,
    Destination,
    SourcePort,
    DestinationPort,
    Protocol,
    Packets,
    Bytes,
    Action,
    TcpFlags,
    Type,
    PacketSource,
    PacketDestination,
    SourceService,
    DestinationService,
    Direction,
    Path,
    RejectReason,
    Encryption,
    Lost(u8),
}

/// Every token the generator knows, VPC fields in AWS's order, then those of Transit Gateway.
const COLUMNS: &[(&str, FieldSource)] = &[
    ("version", FieldSource::Version),
    ("account-id", FieldSource::Own(Label::AccountId)),
    ("interface-id", FieldSource::Own(Label::InterfaceId)),
    ("srcaddr", FieldSource::Flow(FlowColumn::Source)),
    ("dstaddr", FieldSource::Flow(FlowColumn::Destination)),
    ("srcport", FieldSource::Flow(FlowColumn::SourcePort)),
    ("dstport", FieldSource::Flow(FlowColumn::DestinationPort)),
    ("protocol", FieldSource::Flow(FlowColumn::Protocol)),
    ("packets", FieldSource::Flow(FlowColumn::Packets)),
    ("bytes", FieldSource::Flow(FlowColumn::Bytes)),
    ("start", FieldSource::Start),
    ("end", FieldSource::End),
    ("action", FieldSource::Flow(FlowColumn::Action)),
    ("log-status", FieldSource::LogStatus),
    ("vpc-id", FieldSource::Own(Label::VpcId)),
    ("subnet-id", FieldSource::Own(Label::SubnetId)),
    ("instance-id", FieldSource::Own(Label::InstanceId)),
    ("tcp-flags", FieldSource::Flow(FlowColumn::TcpFlags)),
    ("type", FieldSource::Flow(FlowColumn::Type)),
    ("pkt-srcaddr", FieldSource::Flow(FlowColumn::PacketSource)),
    ("pkt-dstaddr", FieldSource::Flow(FlowColumn::PacketDestination)),
    ("region", FieldSource::Own(Label::Region)),
    ("az-id", FieldSource::Own(Label::AzId)),
    ("sublocation-type", FieldSource::Own(Label::SublocationType)),
    ("sublocation-id", FieldSource::Own(Label::SublocationId)),
    ("pkt-src-aws-service", FieldSource::Flow(FlowColumn::SourceService)),
    ("pkt-dst-aws-service", FieldSource::Flow(FlowColumn::DestinationService)),
    ("flow-direction", FieldSource::Flow(FlowColumn::Direction)),
    ("traffic-path", FieldSource::Flow(FlowColumn::Path)),
    ("ecs-cluster-arn", FieldSource::Own(Label::EcsClusterArn)),
    ("ecs-cluster-name", FieldSource::Own(Label::EcsClusterName)),
    ("ecs-container-instance-arn", FieldSource::Own(Label::EcsContainerInstanceArn)),
    ("ecs-container-instance-id", FieldSource::Own(Label::EcsContainerInstanceId)),
    ("ecs-container-id", FieldSource::Own(Label::EcsContainerId)),
    ("ecs-second-container-id", FieldSource::Own(Label::EcsSecondContainerId)),
    ("ecs-service-name", FieldSource::Own(Label::EcsServiceName)),
    ("ecs-task-definition-arn", FieldSource::Own(Label::EcsTaskDefinitionArn)),
    ("ecs-task-arn", FieldSource::Own(Label::EcsTaskArn)),
    ("ecs-task-id", FieldSource::Own(Label::EcsTaskId)),
    ("reject-reason", FieldSource::Flow(FlowColumn::RejectReason)),
    ("resource-id", FieldSource::Own(Label::ResourceId)),
    ("encryption-status", FieldSource::Flow(FlowColumn::Encryption)),
    ("instance-tag", FieldSource::Own(Label::InstanceTag)),
    ("instance-tag-2", FieldSource::Own(Label::InstanceTag2)),
    ("interface-tag", FieldSource::Own(Label::InterfaceTag)),
    ("interface-tag-2", FieldSource::Own(Label::InterfaceTag2)),
    ("asg-tag", FieldSource::Own(Label::AsgTag)),
    ("asg-tag-2", FieldSource::Own(Label::AsgTag2)),
    ("interface-type", FieldSource::Own(Label::InterfaceType)),
    ("next-hop-interface-id", FieldSource::Hop(Label::InterfaceId)),
    ("next-hop-subnet-id", FieldSource::Hop(Label::SubnetId)),
    ("next-hop-az-id", FieldSource::Hop(Label::AzId)),
    ("next-hop-vpc-id", FieldSource::Hop(Label::VpcId)),
    ("next-hop-interface-type", FieldSource::Hop(Label::InterfaceType)),
    ("resource-type", FieldSource::Fixed("TransitGateway")),
    ("tgw-id", FieldSource::Own(Label::TransitGatewayId)),
    ("tgw-attachment-id", FieldSource::Own(Label::AttachmentId)),
    ("tgw-src-vpc-account-id", FieldSource::TransitSource(Label::AccountId)),
    ("tgw-dst-vpc-account-id", FieldSource::TransitDestination(Label::AccountId)),
    ("tgw-src-vpc-id", FieldSource::TransitSource(Label::VpcId)),
    ("tgw-dst-vpc-id", FieldSource::TransitDestination(Label::VpcId)),
    ("tgw-src-subnet-id", FieldSource::TransitSource(Label::SubnetId)),
    ("tgw-dst-subnet-id", FieldSource::TransitDestination(Label::SubnetId)),
    ("tgw-src-eni", FieldSource::TransitSource(Label::InterfaceId)),
    ("tgw-dst-eni", FieldSource::TransitDestination(Label::InterfaceId)),
    ("tgw-src-az-id", FieldSource::TransitSource(Label::AzId)),
    ("tgw-dst-az-id", FieldSource::TransitDestination(Label::AzId)),
    ("tgw-pair-attachment-id", FieldSource::Hop(Label::AttachmentId)),
    ("packets-lost-no-route", FieldSource::Flow(FlowColumn::Lost(0))),
    ("packets-lost-blackhole", FieldSource::Flow(FlowColumn::Lost(1))),
    ("packets-lost-mtu-exceeded", FieldSource::Flow(FlowColumn::Lost(2))),
    ("packets-lost-ttl-expired", FieldSource::Flow(FlowColumn::Lost(3))),
];

/// The header line and what stands below it.
#[derive(Debug)]
pub(super) struct SampleFormat {
    header: String,
    version: u8,
    columns: Vec<FieldSource>,
}

impl SampleFormat {
    /// Prepares lines with these header tokens; `version` is what their `version` field shows.
    pub(super) fn new(tokens: &[String], version: u8) -> Self {
        let columns = tokens.iter().map(|token| column(token)).collect();
        Self { header: tokens.join(" "), version, columns }
    }

    /// Returns the header line, without its end.
    pub(super) fn header(&self) -> &str {
        &self.header
    }
}

fn column(token: &str) -> FieldSource {
    let known = COLUMNS.iter().find(|(name, _)| *name == token);
    known.map_or(FieldSource::Fixed(MISSING), |(_, column)| *column)
}

/// How many lines wait to be mixed with later ones. Chosen so that the default format compresses as real logs do, to some
/// 23 bytes per record: there too the lines of an interface stand near each other, but rarely in order.
const WAITING_LINES: usize = 1000;

/// The text of one object while it is written; takes records up to a limit and drops the rest.
///
/// Lines come out a little later than their records came in, each by a random number of lines.
#[derive(Debug)]
pub(super) struct SampleLines<'f> {
    format: &'f SampleFormat,
    text: Vec<u8>,
    waiting: Vec<Vec<u8>>,
    /// The line in the making; its memory is reused.
    line: Vec<u8>,
    random: Random,
    rows: u32,
    limit_rows: u32,
}

impl<'f> SampleLines<'f> {
    /// Starts with the header line; `buffer` is reused and its content lost.
    pub(super) fn new(format: &'f SampleFormat, buffer: Vec<u8>, random: Random) -> Self {
        let mut text = buffer;
        text.clear();
        text.extend_from_slice(format.header.as_bytes());
        text.push(b'\n');
        Self { format, text, waiting: Vec::new(), line: Vec::new(), random, rows: 0, limit_rows: 0 }
    }

    /// Sets the number of rows after which records are dropped.
    pub(super) fn set_limit_rows(&mut self, limit_rows: u32) {
        self.limit_rows = limit_rows;
    }

    /// Returns the number of rows written so far.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// Returns true if further records will be dropped.
    pub(super) fn is_full(&self) -> bool {
        self.rows >= self.limit_rows
    }

    /// Returns the text.
    pub(super) fn into_text(self) -> Vec<u8> {
        let Self { mut text, mut waiting, mut random, .. } = self;
        while !waiting.is_empty() {
            let line = waiting.swap_remove(random.index(waiting.len()));
            text.extend_from_slice(&line);
        }
        text
    }

    /// Adds one line.
    pub(super) fn push(&mut self, record: &SampleRecord<'_>) {
        if self.is_full() {
            return;
        }
        self.rows += 1;
        self.line.clear();
        for column in &self.format.columns {
            push_field(&mut self.line, *column, record, self.format.version);
            self.line.push(b' ');
        }
        // The last space becomes the end of the line.
        self.line.pop();
        self.line.push(b'\n');
        self.mix();
    }

    /// Puts the new line in the place of a waiting one, which goes to the text.
    fn mix(&mut self) {
        if self.waiting.len() < WAITING_LINES {
            let next_line = Vec::with_capacity(self.line.len() + 16);
            return self.waiting.push(std::mem::replace(&mut self.line, next_line));
        }
        let place = self.random.index(WAITING_LINES);
        std::mem::swap(&mut self.line, &mut self.waiting[place]);
        self.text.extend_from_slice(&self.line);
    }
}

fn push_field(out: &mut Vec<u8>, column: FieldSource, record: &SampleRecord<'_>, version: u8) {
    let transit = record.flow.and_then(|flow| flow.transit);
    match column {
        FieldSource::Fixed(text) => push_text(out, text),
        FieldSource::Version => push_number(out, u64::from(version)),
        FieldSource::Start => push_number(out, record.start.unsigned_abs()),
        FieldSource::End => push_number(out, record.end.unsigned_abs()),
        FieldSource::LogStatus => push_text(out, status_text(record.status)),
        FieldSource::Own(label) => push_text(out, record.at.text(label)),
        FieldSource::Hop(label) => push_label(out, record.flow.and_then(|flow| flow.hop), label),
        FieldSource::TransitSource(label) => push_label(out, transit.map(|(source, _)| source), label),
        FieldSource::TransitDestination(label) => push_label(out, transit.map(|(_, destination)| destination), label),
        FieldSource::Flow(column) => match &record.flow {
            Some(flow) => push_flow_field(out, column, flow),
            None => push_text(out, MISSING),
        },
    }
}

fn push_flow_field(out: &mut Vec<u8>, column: FlowColumn, flow: &Flow<'_>) {
    match column {
        FlowColumn::Source => push_address(out, flow.source),
        FlowColumn::Destination => push_address(out, flow.destination),
        FlowColumn::SourcePort => push_number(out, u64::from(flow.source_port)),
        FlowColumn::DestinationPort => push_number(out, u64::from(flow.destination_port)),
        FlowColumn::Protocol => push_number(out, u64::from(flow.protocol)),
        FlowColumn::Packets => push_number(out, flow.packets),
        FlowColumn::Bytes => match flow.bytes {
            Some(bytes) => push_number(out, bytes),
            None => push_text(out, MISSING),
        },
        FlowColumn::Action => push_text(out, if flow.accepted { "ACCEPT" } else { "REJECT" }),
        FlowColumn::TcpFlags => push_number(out, u64::from(flow.tcp_flags)),
        FlowColumn::Type => push_text(out, type_text(flow.source)),
        FlowColumn::PacketSource => push_address(out, flow.packet_source),
        FlowColumn::PacketDestination => push_address(out, flow.packet_destination),
        FlowColumn::SourceService => push_text(out, flow.source_service),
        FlowColumn::DestinationService => push_text(out, flow.destination_service),
        FlowColumn::Direction => push_text(out, flow.direction),
        FlowColumn::Path => push_text(out, flow.path),
        FlowColumn::RejectReason => push_text(out, flow.reject_reason),
        FlowColumn::Encryption => push_text(out, flow.encryption),
        FlowColumn::Lost(reason) => push_number(out, flow.lost[usize::from(reason)]),
    }
}

fn push_label(out: &mut Vec<u8>, interface: Option<&Interface>, label: Label) {
    push_text(out, interface.map_or(MISSING, |interface| interface.text(label)));
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

const fn status_text(status: LogStatus) -> &'static str {
    match status {
        LogStatus::Ok => "OK",
        LogStatus::NoData => "NODATA",
        LogStatus::SkipData => "SKIPDATA",
    }
}

const fn type_text(address: Address) -> &'static str {
    match address {
        Address::V4(_) => "IPv4",
        Address::V6(_) => "IPv6",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::network::Site;
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn tokens_are_listed_once_and_are_all_of_aws() {
        let names: HashSet<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), COLUMNS.len());
        // 54 VPC fields, and of the 36 Transit Gateway fields those 18 that VPC flow logs do not have.
        assert_eq!(COLUMNS.len(), 54 + 18);
    }

    #[test]
    fn a_record_without_flow_keeps_only_what_is_known() {
        let site = Site::new("123456789012", "us-east-1");
        let format = SampleFormat::new(
            &tokens("version account-id interface-id srcaddr bytes start end action log-status shoe-size"),
            2,
        );
        let mut lines = SampleLines::new(&format, Vec::new(), Random::new(&[1]));
        lines.set_limit_rows(1);
        let at = &site.interfaces[0];
        let record = SampleRecord { at, start: 60, end: 99, status: LogStatus::NoData, flow: None };
        lines.push(&record);
        lines.push(&record);
        let id = at.text(Label::InterfaceId);
        let header = "version account-id interface-id srcaddr bytes start end action log-status shoe-size";
        let expected = format!("{header}\n2 123456789012 {id} - - 60 99 - NODATA -\n");
        assert_eq!(String::from_utf8(lines.into_text()).unwrap(), expected);
    }
}
