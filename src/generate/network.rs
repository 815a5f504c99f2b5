//! The invented network of one account and Region: three VPCs with some 200 network interfaces.
//!
//! In: account and Region. Out: a [`Site`] whose interfaces carry every text a record may need, written once.
//! The same account and Region always have the same network, whatever the seed: hosts outlive the days that are generated.

use std::borrow::Cow;

use super::random::{PowerLaw, Random, hash_text, mix};
use super::text::Address;

/// What AWS writes for a value that is missing or does not apply.
pub(super) const MISSING: &str = "-";

/// A text about an interface that a record can show.
#[derive(Clone, Copy, Debug)]
pub(super) enum Label {
    InterfaceId,
    AccountId,
    VpcId,
    SubnetId,
    InstanceId,
    Region,
    AzId,
    SublocationType,
    SublocationId,
    ResourceId,
    InterfaceType,
    EcsClusterArn,
    EcsClusterName,
    EcsContainerInstanceArn,
    EcsContainerInstanceId,
    EcsContainerId,
    EcsSecondContainerId,
    EcsServiceName,
    EcsTaskDefinitionArn,
    EcsTaskArn,
    EcsTaskId,
    InstanceTag,
    InstanceTag2,
    InterfaceTag,
    InterfaceTag2,
    AsgTag,
    AsgTag2,
    TransitGatewayId,
    AttachmentId,
}

/// The number of [`Label`]s.
const LABELS: usize = Label::AttachmentId as usize + 1;

/// What an interface is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Public web server; everything else but NAT is private.
    Web,
    App,
    Database,
    Cache,
    Broker,
    Resolver,
    /// Interface of a VPC endpoint.
    Endpoint,
    /// Interface of a network load balancer.
    Balancer,
    Worker,
    Bastion,
    Nat,
}

/// The number of [`Role`]s.
const ROLES: usize = Role::Nat as usize + 1;

/// Who lives in each VPC: role, how many, and the name its tags show.
const MEMBERS: [(Role, u32, &str); 10] = [
    (Role::Web, 10, "web-frontend"),
    (Role::App, 22, "orders-api"),
    (Role::Database, 6, "orders-db"),
    (Role::Cache, 5, "session-cache"),
    (Role::Broker, 5, "event-stream"),
    (Role::Resolver, 2, "directory"),
    (Role::Endpoint, 2, "endpoint"),
    (Role::Balancer, 3, "edge-lb"),
    (Role::Worker, 10, "batch worker"),
    (Role::Bastion, 1, "ops bastion"),
];

/// The VPCs: first two octets of their addresses.
pub(super) const VPCS: [u32; 3] = [0xac1f_0000, 0xac20_0000, 0x0a14_0000];

/// The VPC with encryption controls and a regional NAT gateway; the others have a zonal one.
const ENCRYPTED_VPC: usize = 2;

/// The VPC of the tutorial's instance and NAT gateway.
pub(super) const TUTORIAL_VPC: usize = 1;

/// 172.32.21.19
const TUTORIAL_INSTANCE: u32 = 0xac20_1513;

/// The last two octets of every NAT gateway, so that the tutorial's is 172.32.10.21.
const NAT_HOST: u32 = 0x0a15;

/// One network interface.
#[derive(Debug)]
pub(super) struct Interface {
    /// Its place in [`Site::interfaces`].
    pub(super) number: usize,
    pub(super) role: Role,
    pub(super) vpc: usize,
    pub(super) address: u32,
    pub(super) address6: u128,
    /// True where VPC Encryption Controls are on.
    pub(super) encrypted: bool,
    texts: [Cow<'static, str>; LABELS],
}

impl Interface {
    /// Returns one of its texts, `-` where it has none.
    pub(super) fn text(&self, label: Label) -> &str {
        &self.texts[label as usize]
    }

    /// Returns its private IPv4 address.
    pub(super) const fn v4(&self) -> Address {
        Address::V4(self.address)
    }

    /// Returns its IPv6 address.
    pub(super) const fn v6(&self) -> Address {
        Address::V6(self.address6)
    }

    /// Returns true if it talks to the internet without a NAT gateway.
    pub(super) fn is_public(&self) -> bool {
        matches!(self.role, Role::Web | Role::Nat)
    }

    fn set(&mut self, label: Label, text: impl Into<Cow<'static, str>>) {
        self.texts[label as usize] = text.into();
    }
}

/// The network of one account in one Region.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) interfaces: Vec<Interface>,
    /// Interfaces that start bursts of records, busiest first; NAT gateways only follow others.
    hosts: Vec<usize>,
    hosts_law: PowerLaw,
    members: [[Vec<usize>; ROLES]; VPCS.len()],
    tutorial_instance: usize,
}

impl Site {
    /// Builds the network of `account` in `region`.
    pub(super) fn new(account: &str, region: &str) -> Self {
        let mut builder = Builder::new(account, region);
        let mut interfaces = builder.interfaces();
        let tutorial_instance = interfaces.len();
        interfaces.push(builder.interface(
            tutorial_instance,
            TUTORIAL_VPC,
            Role::Worker,
            TUTORIAL_INSTANCE,
            "nat-client",
        ));
        let hosts = builder.hosts(&interfaces);
        let hosts_law = PowerLaw::new(u32::try_from(hosts.len()).unwrap_or(u32::MAX), 2);
        let mut members: [[Vec<usize>; ROLES]; VPCS.len()] = Default::default();
        for interface in &interfaces[..tutorial_instance] {
            members[interface.vpc][interface.role as usize].push(interface.number);
        }
        Self { interfaces, hosts, hosts_law, members, tutorial_instance }
    }

    /// Draws an interface, busy ones more often.
    pub(super) fn host(&self, random: &mut Random) -> &Interface {
        &self.interfaces[self.hosts[self.hosts_law.sample(random)]]
    }

    /// Draws an interface of this role, the first ones more often; every VPC has at least one of each role.
    pub(super) fn member(&self, vpc: usize, role: Role, random: &mut Random) -> &Interface {
        let members = &self.members[vpc][role as usize];
        let place = random.index(members.len()).min(random.index(members.len()));
        &self.interfaces[members[place]]
    }

    /// Returns the NAT gateway of a VPC.
    pub(super) fn nat(&self, vpc: usize) -> &Interface {
        &self.interfaces[self.members[vpc][Role::Nat as usize][0]]
    }

    /// Returns the tutorial's instance, 172.32.21.19.
    pub(super) fn tutorial_instance(&self) -> &Interface {
        &self.interfaces[self.tutorial_instance]
    }
}

/// Makes interfaces with their texts.
struct Builder<'a> {
    account: &'a str,
    region: &'a str,
    zone_prefix: String,
    identity: u64,
    random: Random,
}

impl<'a> Builder<'a> {
    fn new(account: &'a str, region: &'a str) -> Self {
        let identity = mix(hash_text(account) ^ hash_text(region).rotate_left(1));
        let random = Random::new(&[identity]);
        Self { account, region, zone_prefix: zone_prefix(region), identity, random }
    }

    fn interfaces(&mut self) -> Vec<Interface> {
        let mut interfaces = Vec::new();
        for (vpc, network) in VPCS.into_iter().enumerate() {
            interfaces.push(self.nat(interfaces.len(), vpc));
            let roles = MEMBERS.iter().flat_map(|(role, count, name)| (0..*count).map(move |_| (*role, *name)));
            for (place, (role, name)) in (0..).zip(roles) {
                let zone = place % 3;
                let third_octet = if role == Role::Web { 10 } else { 20 } + zone;
                // Above 31, so that nobody has the address of the NAT gateway or of the tutorial's instance.
                let last_octet = 32 + 3 * place + self.random.below(3);
                let address = network | (third_octet << 8) | last_octet;
                interfaces.push(self.interface(interfaces.len(), vpc, role, address, name));
            }
        }
        interfaces
    }

    /// Returns everybody but the NAT gateways in random order, the tutorial's instance (the last interface) at the quiet end.
    fn hosts(&mut self, interfaces: &[Interface]) -> Vec<usize> {
        let not_nat = |interface: &&Interface| interface.role != Role::Nat;
        let mut hosts: Vec<usize> = interfaces.iter().filter(not_nat).map(|interface| interface.number).collect();
        for end in (1..hosts.len().saturating_sub(1)).rev() {
            hosts.swap(end, self.random.index(end + 1));
        }
        hosts
    }

    fn interface(&mut self, number: usize, vpc: usize, role: Role, address: u32, name: &str) -> Interface {
        let zone = (address >> 8 & 0xff) % 10;
        let mut interface = self.bare(number, vpc, role, address);
        let account = self.account.to_owned();
        interface.set(Label::InterfaceId, self.id("eni"));
        interface.set(Label::AccountId, account);
        interface.set(Label::VpcId, self.shared_id("vpc", u64::from(VPCS[vpc])));
        interface.set(Label::SubnetId, self.shared_id("subnet", u64::from(address >> 8)));
        interface.set(Label::Region, self.region.to_owned());
        interface.set(Label::AzId, format!("{}-az{}", self.zone_prefix, zone + 1));
        interface.set(Label::TransitGatewayId, self.shared_id("tgw", 0));
        interface.set(Label::AttachmentId, self.shared_id("tgw-attach", u64::from(VPCS[vpc])));
        interface.set(Label::InterfaceTag, percent_encoded(name));
        interface.set(Label::InterfaceTag2, if vpc == 0 { "staging" } else { "production" });
        self.set_owner(&mut interface, name);
        interface
    }

    /// Sets who runs the interface: an AWS service, a Fargate task or an instance.
    fn set_owner(&mut self, interface: &mut Interface, name: &str) {
        match interface.role {
            Role::Endpoint => {
                // AWS creates it, and for such interfaces writes this word as the account.
                interface.set(Label::AccountId, "unknown");
                interface.set(Label::InterfaceType, "vpc_endpoint");
            }
            Role::Balancer => interface.set(Label::InterfaceType, "network_load_balancer"),
            Role::Nat => interface.set(Label::InterfaceType, "nat_gateway"),
            Role::App if self.random.percent(60) => self.set_task(interface, name),
            _ => self.set_instance(interface, name),
        }
        if interface.role == Role::Bastion && interface.vpc == ENCRYPTED_VPC {
            interface.set(Label::AzId, MISSING);
            interface.set(Label::SublocationType, "localzone");
            interface.set(Label::SublocationId, format!("{}-lax-1a", self.region));
        }
    }

    fn set_instance(&mut self, interface: &mut Interface, name: &str) {
        interface.set(Label::InstanceId, self.id("i"));
        interface.set(Label::InstanceTag, percent_encoded(name));
        if self.random.percent(70) {
            interface.set(Label::InstanceTag2, percent_encoded("payments & billing"));
        }
        if matches!(interface.role, Role::Web | Role::App | Role::Worker) {
            interface.set(Label::AsgTag, percent_encoded(&format!("{name}-asg")));
            interface.set(Label::AsgTag2, "blue");
        }
    }

    fn set_task(&mut self, interface: &mut Interface, name: &str) {
        let arn = format!("arn:aws:ecs:{}:{}", self.region, self.account);
        let task = format!("{:032x}", u128::from(self.random.bits()) << 64 | u128::from(self.random.bits()));
        let cluster = format!("apps-{}", interface.vpc + 1);
        interface.set(Label::EcsClusterArn, format!("{arn}:cluster/{cluster}"));
        interface.set(Label::EcsServiceName, name.to_owned());
        interface.set(Label::EcsTaskDefinitionArn, format!("{arn}:task-definition/{name}:{}", 7 + interface.vpc));
        interface.set(Label::EcsTaskArn, format!("{arn}:task/{cluster}/{task}"));
        interface.set(Label::EcsContainerId, format!("{task}-{}", self.random.between(1_000_000_000, 4_000_000_000)));
        if self.random.percent(50) {
            let second = format!("{task}-{}", self.random.between(1_000_000_000, 4_000_000_000));
            interface.set(Label::EcsSecondContainerId, second);
        }
        interface.set(Label::EcsClusterName, cluster);
        interface.set(Label::EcsTaskId, task);
    }

    fn nat(&mut self, number: usize, vpc: usize) -> Interface {
        let mut nat = self.interface(number, vpc, Role::Nat, VPCS[vpc] | NAT_HOST, "nat");
        if vpc == ENCRYPTED_VPC {
            // A regional NAT gateway has no interface and no subnet of its own, only its id.
            nat.set(Label::ResourceId, self.id("nat"));
            nat.set(Label::InterfaceType, "regional_nat_gateway");
            for label in [Label::InterfaceId, Label::SubnetId, Label::InterfaceTag, Label::InterfaceTag2] {
                nat.set(label, MISSING);
            }
        }
        nat
    }

    /// Returns an interface without texts.
    fn bare(&mut self, number: usize, vpc: usize, role: Role, address: u32) -> Interface {
        let prefix = 0x2600_1f18 << 96 | u128::from(self.identity >> 48) << 80;
        let subnet = (0xa000 | u128::from(address >> 8 & 0xff)) << 64;
        let address6 = prefix | subnet | u128::from(self.random.bits());
        let texts = std::array::from_fn(|_| Cow::Borrowed(MISSING));
        Interface { number, role, vpc, address, address6, encrypted: vpc == ENCRYPTED_VPC, texts }
    }

    fn id(&mut self, kind: &str) -> String {
        format!("{kind}-0{:016x}", self.random.bits())
    }

    /// Returns the id of something several interfaces belong to.
    fn shared_id(&self, kind: &str, number: u64) -> String {
        format!("{kind}-0{:016x}", mix(self.identity ^ mix(hash_text(kind) ^ number)))
    }
}

/// Returns what the zone ids of a Region start with: `use1` for `us-east-1`, `apne1` for `ap-northeast-1`.
fn zone_prefix(region: &str) -> String {
    let shorten = |part: &str| match part {
        "northeast" => "ne".to_owned(),
        "northwest" => "nw".to_owned(),
        "southeast" => "se".to_owned(),
        "southwest" => "sw".to_owned(),
        "north" | "south" | "east" | "west" | "central" | "gov" => part.chars().take(1).collect(),
        _ => part.to_owned(),
    };
    region.split('-').map(shorten).collect()
}

/// Encodes a tag value as AWS does: every special character, `-` included.
fn percent_encoded(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_site_has_some_200_hosts_with_addresses_of_their_own() {
        let site = Site::new("123456789012", "us-east-1");
        assert!((190..=220).contains(&site.interfaces.len()), "{}", site.interfaces.len());
        let addresses: HashSet<u32> = site.interfaces.iter().map(|interface| interface.address).collect();
        assert_eq!(addresses.len(), site.interfaces.len());
        let numbered = site.interfaces.iter().enumerate().all(|(place, interface)| interface.number == place);
        assert!(numbered);
        assert_eq!(site.tutorial_instance().address.to_be_bytes(), [172, 32, 21, 19]);
        assert_eq!(site.nat(TUTORIAL_VPC).address.to_be_bytes(), [172, 32, 10, 21]);
        assert_eq!(site.hosts.last(), Some(&site.tutorial_instance));
    }

    #[test]
    fn zones_and_tags_are_written_as_aws_does() {
        assert_eq!(zone_prefix("us-east-1"), "use1");
        assert_eq!(zone_prefix("ap-northeast-1"), "apne1");
        assert_eq!(zone_prefix("us-gov-west-1"), "usgw1");
        assert_eq!(percent_encoded("web-frontend"), "web%2Dfrontend");
        assert_eq!(percent_encoded("a b"), "a%20b");
    }

    #[test]
    fn texts_are_never_empty_and_have_no_spaces() {
        let site = Site::new("123456789012", "eu-west-1");
        for text in site.interfaces.iter().flat_map(|interface| &interface.texts) {
            assert!(!text.is_empty() && !text.contains(' '), "{text:?}");
        }
    }
}
