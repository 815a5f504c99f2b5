//! Makes lifelike VPC (or Transit Gateway) flow logs, to try and to measure flowparquet without an AWS account.
//!
//! In: [`GenerateOptions`]. Out: one [`GeneratedObject`] after the other (key and gzip bytes), in no particular order, or
//! all of them in a [`Store`]. Asks no clock and no other source of chance: the same options give the same bytes.
//!
//! ```text
//! options -> network (hosts of each account and Region)
//!              -> traffic (+ tutorial) -> conversation -> record -> text -> gzip -> sink
//!            services (ports, sizes, the internet)
//! ```

mod conversation;
mod keys;
mod network;
mod random;
mod record;
mod services;
mod text;
mod traffic;
mod tutorial;

use jiff::civil::{Date, date};
use libdeflater::{CompressionLvl, Compressor};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::error::{Error, Result};
use crate::record::header::Header;
use crate::record::schema::LogType;
use crate::store::Store;

pub use self::keys::KeyLayout;
use self::keys::{FlowLog, flow_log_id};
use self::network::Site;
use self::random::{Random, combine, hash_text};
use self::record::{SampleFormat, SampleLines};
use self::services::Internet;
use self::traffic::{Traffic, Window};

const SECONDS_PER_DAY: u32 = 86_400;

/// AWS delivers every five minutes and names objects after the start of these.
const DELIVERY_SECONDS: u32 = 300;

/// libdeflate's level whose result is nearest to that of zlib's usual level 6: 23.2 and 23.0 bytes per record of the default
/// format. libdeflate's own 6 comes to 22.6 and needs a third more time.
const GZIP_LEVEL: i32 = 5;

/// The day of the AWS tutorial whose flows are always there.
pub const TUTORIAL_DAY: Date = date(2026, 1, 15);

/// Objects that AWS delivers in a day: one every five minutes.
pub const DEFAULT_OBJECTS_PER_DAY: u32 = SECONDS_PER_DAY / DELIVERY_SECONDS;

/// Rows of each object, if nothing else is said.
pub const DEFAULT_ROWS_PER_OBJECT: u32 = 20_000;

/// The account, if none is named.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// The Region, if none is named.
pub const DEFAULT_REGION: &str = "ap-northeast-1";

/// What to generate: every combination of account, Region and day, each with `objects_per_day` objects.
///
/// [`GenerateOptions::default`] is the tutorial's day of version 2: 288 objects of 20,000 rows. Fields can be set
/// afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerateOptions {
    /// Another seed gives other traffic in the same networks, and other object names.
    pub seed: u64,
    /// UTC days; the tutorial's traffic is on 2026-01-15, in the first account and Region.
    pub days: Vec<Date>,
    /// AWS would have 288 or a multiple; each object gets the same part of the day.
    pub objects_per_day: u32,
    /// Number of records in each object, the header line not counted.
    pub rows_per_object: u32,
    /// Header tokens in order; one that is not known gets `-` in every row.
    pub fields: Vec<String>,
    /// What the field `version` shows: the highest version among the fields.
    pub version: u8,
    /// The folders of the keys.
    pub layout: KeyLayout,
    /// Account ids, twelve digits each.
    pub accounts: Vec<String>,
    /// Region names such as `us-east-1`.
    pub regions: Vec<String>,
    /// Makes the traffic between VPCs as a transit gateway records it; `fields` should then be those of such flow logs.
    pub transit_gateway: bool,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self::of_fields(LogType::Vpc, LogType::Vpc.schema().names_up_to(2))
    }
}

impl GenerateOptions {
    /// Returns options for flow logs with all fields up to a version; those of transit gateways have all there are.
    ///
    /// # Errors
    /// A usage error if there is no such version.
    pub fn of_version(log_type: LogType, version: u8) -> Result<Self> {
        let schema = log_type.schema();
        if log_type == LogType::Tgw {
            return Ok(Self::of_fields(log_type, schema.names_up_to(u8::MAX)));
        }
        if !(2..=schema.versions().last().copied().unwrap_or(2)).contains(&version) {
            return Err(Error::usage(format!("there is no flow log version {version}")).help("versions are 2 to 11"));
        }
        Ok(Self::of_fields(log_type, schema.names_up_to(version)))
    }

    /// Returns options for flow logs of a format, as DescribeFlowLogs prints it: `${version} ${account-id} ...`.
    ///
    /// # Errors
    /// A usage error if it is none.
    pub fn of_format(log_type: LogType, format: &str) -> Result<Self> {
        Ok(Self::of_fields(log_type, Header::from_option(format)?.names))
    }

    fn of_fields(log_type: LogType, fields: Vec<String>) -> Self {
        let versions = fields.iter().filter_map(|name| Some(log_type.schema().field(name)?.version));
        Self {
            seed: 1,
            days: vec![TUTORIAL_DAY],
            objects_per_day: DEFAULT_OBJECTS_PER_DAY,
            rows_per_object: DEFAULT_ROWS_PER_OBJECT,
            version: versions.max().unwrap_or(2),
            fields,
            layout: KeyLayout::Default,
            accounts: vec![DEFAULT_ACCOUNT.to_owned()],
            regions: vec![DEFAULT_REGION.to_owned()],
            transit_gateway: log_type == LogType::Tgw,
        }
    }
}

/// One object as AWS would deliver it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedObject {
    /// The object's key, starting with `AWSLogs/`.
    pub key: String,
    /// The object's bytes.
    pub gzip: Vec<u8>,
    /// Number of records, the header line not counted.
    pub rows: u64,
    /// Size before compression, header line included.
    pub text_bytes: u64,
}

/// Sums over all generated objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// Number of objects.
    pub objects: u64,
    /// Number of records.
    pub rows: u64,
    /// Size of all objects before compression.
    pub text_bytes: u64,
    /// Size of all objects.
    pub gzip_bytes: u64,
}

impl Generated {
    fn of(object: &GeneratedObject) -> Self {
        Self { objects: 1, rows: object.rows, text_bytes: object.text_bytes, gzip_bytes: object.gzip.len() as u64 }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            objects: self.objects + other.objects,
            rows: self.rows + other.rows,
            text_bytes: self.text_bytes + other.text_bytes,
            gzip_bytes: self.gzip_bytes + other.gzip_bytes,
        }
    }
}

/// Makes every object, in parallel, and writes it below a store's location.
///
/// # Errors
/// When the store fails; some objects are there then.
pub fn generate_into(options: &GenerateOptions, store: &Store) -> Result<Generated> {
    generate(options, &|object: GeneratedObject| store.put(&store.location().key(&object.key), object.gzip))
}

/// Makes every object, in parallel on the current rayon pool, and hands each to `sink`.
///
/// # Errors
///
/// Stops at the first error of `sink` and returns it; some objects may have been handed over after that one.
pub fn generate<E: Send>(
    options: &GenerateOptions,
    sink: &(dyn Fn(GeneratedObject) -> Result<(), E> + Sync),
) -> Result<Generated, E> {
    let batch = SampleObjects::new(options);
    let make = |workspace: &mut Workspace, (source_day, number): (usize, u32)| {
        let object = batch.object(source_day, number, workspace);
        let sums = Generated::of(&object);
        sink(object).map(|()| sums)
    };
    let objects_of = |source_day| (0..options.objects_per_day).into_par_iter().map(move |number| (source_day, number));
    (0..batch.source_days())
        .into_par_iter()
        .flat_map(objects_of)
        .map_init(Workspace::new, make)
        .try_reduce(Generated::default, |sums, more| Ok(sums.plus(more)))
}

/// The buffers of one worker.
struct Workspace {
    text: Vec<u8>,
    gzip: Vec<u8>,
    compressor: Compressor,
}

impl Workspace {
    fn new() -> Self {
        let level = CompressionLvl::new(GZIP_LEVEL).unwrap_or_default();
        Self { text: Vec::new(), gzip: Vec::new(), compressor: Compressor::new(level) }
    }

    /// Compresses `text`.
    fn gzip_of(&mut self, text: &[u8]) -> Vec<u8> {
        self.gzip.resize(self.compressor.gzip_compress_bound(text.len()), 0);
        loop {
            match self.compressor.gzip_compress(text, &mut self.gzip) {
                Ok(length) => return self.gzip[..length].to_vec(),
                // Its only error is a lack of room, which the bound already rules out.
                Err(_) => self.gzip.resize(2 * self.gzip.len(), 0),
            }
        }
    }
}

/// One account in one Region: its network and its flow log.
struct AccountNetwork {
    site: Site,
    flow_log: FlowLog,
    seed: u64,
}

/// What all objects of one call share; each object is made from its place alone.
struct SampleObjects<'o> {
    options: &'o GenerateOptions,
    format: SampleFormat,
    internet: Internet,
    sources: Vec<AccountNetwork>,
}

impl<'o> SampleObjects<'o> {
    fn new(options: &'o GenerateOptions) -> Self {
        let format = SampleFormat::new(&options.fields, options.version);
        let regions_of = |account| options.regions.iter().map(move |region: &String| (account, region));
        let places = options.accounts.iter().flat_map(regions_of);
        let sources = places.map(|(account, region)| AccountNetwork::new(options, &format, account, region)).collect();
        Self { options, format, internet: Internet::new(), sources }
    }

    /// Returns the number of combinations of a source and a day.
    fn source_days(&self) -> usize {
        self.sources.len() * self.options.days.len()
    }

    /// Makes object `number` of a combination of source and day.
    fn object(&self, source_day: usize, number: u32, workspace: &mut Workspace) -> GeneratedObject {
        let days = &self.options.days;
        let (source_number, day) = (source_day / days.len(), days[source_day % days.len()]);
        let source = &self.sources[source_number];
        let (first_second, seconds) = part_of_day(number, self.options.objects_per_day);
        let window = Window { start: midnight(day) + i64::from(first_second), seconds };
        let parts = [source.seed, midnight(day).cast_unsigned(), u64::from(number)];
        let [for_traffic, for_lines] = [1, 2].map(|purpose| Random::new(&[parts.as_slice(), &[purpose]].concat()));
        let mut traffic = Traffic::new(&source.site, &self.internet, window, for_traffic);
        let mut lines = SampleLines::new(&self.format, std::mem::take(&mut workspace.text), for_lines);
        self.fill(&mut traffic, source_number == 0, day, number, &mut lines);

        let rows = u64::from(lines.rows());
        let text = lines.into_text();
        let gzip = workspace.gzip_of(&text);
        let text_bytes = text.len() as u64;
        workspace.text = text;
        let delivery = first_second / DELIVERY_SECONDS * DELIVERY_SECONDS;
        let key = source.flow_log.key(self.options.seed, day, delivery, number);
        GeneratedObject { key, gzip, rows, text_bytes }
    }

    fn fill(&self, traffic: &mut Traffic<'_>, is_first: bool, day: Date, number: u32, lines: &mut SampleLines<'_>) {
        let rows = self.options.rows_per_object;
        if self.options.transit_gateway {
            lines.set_limit_rows(rows);
            return traffic.fill_transit(lines);
        }
        let exchanges = tutorial::exchanges_of(day, number, self.options.objects_per_day);
        tutorial::fill(traffic, if is_first { exchanges } else { 0 }, rows, lines);
    }
}

impl AccountNetwork {
    fn new(options: &GenerateOptions, format: &SampleFormat, account: &str, region: &str) -> Self {
        let (kind, service_folder) = if options.transit_gateway { ("tgw", "service") } else { ("vpc", "aws-service") };
        let id = flow_log_id(account, region, &format!("{kind} {}", format.header()));
        let seed = combine(&[options.seed, hash_text(account), hash_text(region), hash_text(kind)]);
        let (layout, account, region) = (options.layout, account.to_owned(), region.to_owned());
        Self {
            site: Site::new(&account, &region),
            flow_log: FlowLog { layout, account, region, service_folder, id },
            seed,
        }
    }
}

/// Returns the first second of object `number` of a day, and how many seconds it has (at least 1).
fn part_of_day(number: u32, objects_per_day: u32) -> (u32, u32) {
    let start = |number: u64| number * u64::from(SECONDS_PER_DAY) / u64::from(objects_per_day.max(1));
    let (first, next) = (start(u64::from(number)), start(u64::from(number) + 1));
    let within_day = |second: u64| u32::try_from(second).unwrap_or(SECONDS_PER_DAY);
    (within_day(first), within_day(next - first).max(1))
}

/// Returns the Unix time at which `day` starts in UTC.
fn midnight(day: Date) -> i64 {
    day.duration_since(date(1970, 1, 1)).as_secs()
}

#[cfg(test)]
mod tests;
