//! What is typed of stores: whose credentials, which endpoint, how objects are written; and the commands that are about permissions.

use std::path::PathBuf;

use crate::store::DEFAULT_MAX_OBJECTS;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(next_help_heading = "Store")]
pub struct StoreArgs {
    /// Profile of ~/.aws/config and ~/.aws/credentials; goes before keys in the environment [default: AWS_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Profile for SOURCE alone
    #[arg(long, value_name = "NAME")]
    pub source_profile: Option<String>,
    /// Profile for DEST alone
    #[arg(long, value_name = "NAME")]
    pub dest_profile: Option<String>,
    /// Role that is assumed to read SOURCE
    #[arg(long, value_name = "ARN")]
    pub source_role: Option<String>,
    /// Role that is assumed for DEST
    #[arg(long, value_name = "ARN")]
    pub dest_role: Option<String>,
    /// External id that these roles want
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Region of the buckets [default: AWS_REGION or the profile's; if it is another one, that is found]
    #[arg(long, value_name = "REGION")]
    pub s3_region: Option<String>,
    /// Endpoint of an S3-compatible server
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Endpoint of SOURCE alone
    #[arg(long, value_name = "URL")]
    pub source_endpoint_url: Option<String>,
    /// Endpoint of DEST alone
    #[arg(long, value_name = "URL")]
    pub dest_endpoint_url: Option<String>,
    /// Use AWS's FIPS endpoints
    #[arg(long)]
    pub use_fips_endpoint: bool,
    /// Use AWS's endpoints with IPv6
    #[arg(long)]
    pub use_dualstack_endpoint: bool,
    /// Trust these certificates too, a file in PEM [default: AWS_CA_BUNDLE]
    #[arg(long, value_name = "FILE")]
    pub ca_bundle: Option<PathBuf>,
    /// Pay for requests to buckets whose owners do not
    #[arg(long, value_name = "WHO", value_parser = ["requester"])]
    pub request_payer: Option<String>,
    /// Account that must own SOURCE's bucket
    #[arg(long, value_name = "ACCOUNT")]
    pub source_bucket_owner: Option<String>,
    /// Account that must own DEST's bucket
    #[arg(long, value_name = "ACCOUNT")]
    pub dest_bucket_owner: Option<String>,
    /// Allow http:// endpoints
    #[arg(long)]
    pub allow_http: bool,
    /// Put the bucket's name into the host name instead of the path
    #[arg(long)]
    pub virtual_hosted: bool,
    /// Send unsigned requests, for public buckets
    #[arg(long, conflicts_with_all = ["source_role", "dest_role"])]
    pub anonymous: bool,
    /// Take a bucket's objects for the same at every endpoint: the server was moved, or has several names
    #[arg(long)]
    pub any_endpoint: bool,
    /// Follow links of the local disk that lead out of SOURCE or DEST
    #[arg(long)]
    pub follow_links: bool,
    #[arg(long, value_name = "N", help = format!("Most objects and folders that a listing may have [default: {DEFAULT_MAX_OBJECTS}]"))]
    pub max_objects: Option<u64>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How objects are written (recorded for the table by its first conversion)")]
pub struct WriteArgs {
    /// Encryption at rest: AES256, aws:kms or aws:kms:dsse
    #[arg(long, value_name = "HOW")]
    pub sse: Option<String>,
    /// Id, ARN or alias of the KMS key
    #[arg(long, value_name = "KEY")]
    pub sse_kms_key_id: Option<String>,
    /// Have S3 ask KMS for a key of the bucket, not one for each object
    #[arg(long)]
    pub bucket_key_enabled: bool,
    /// Canned ACL, such as bucket-owner-full-control
    #[arg(long, value_name = "ACL")]
    pub acl: Option<String>,
    /// Storage class, such as INTELLIGENT_TIERING
    #[arg(long, value_name = "CLASS")]
    pub storage_class: Option<String>,
    /// Tags, as key=value&key=value
    #[arg(long, value_name = "TAGS")]
    pub tagging: Option<String>,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Where the raw logs are; the table, if it stands alone
    pub source: String,
    /// Where the table is or will be
    pub dest: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// Where the raw logs are
    pub source: String,
    /// Where the table is or will be
    pub dest: String,
    /// Commands that are to be allowed [default: convert,compact,verify,ddl,status]
    #[arg(long = "for", value_enum, value_name = "COMMANDS", value_delimiter = ',')]
    pub needs: Vec<NeedArg>,
    /// Who runs them, for the policies of bucket and keys
    #[arg(long, value_name = "ARN")]
    pub principal: Option<String>,
    /// ARN of the KMS key of SOURCE's objects
    #[arg(long, value_name = "ARN")]
    pub source_kms_key: Option<String>,
    /// ARN of the KMS key of DEST's objects
    #[arg(long, value_name = "ARN")]
    pub dest_kms_key: Option<String>,
    /// Objects are written with --acl
    #[arg(long)]
    pub acl: bool,
    /// Objects are written with --tagging
    #[arg(long)]
    pub tagging: bool,
    /// Partition of AWS: aws, aws-cn, aws-us-gov, … [default: that of the ARNs, or aws]
    #[arg(long, value_name = "NAME")]
    pub partition: Option<String>,
    /// What to print
    #[arg(long, value_enum, value_name = "FORM", default_value_t = PolicyForm::Json)]
    pub format: PolicyForm,
}

/// Commands that need permissions.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum NeedArg {
    /// Also `plan`, and `convert --auto-compact`
    Convert,
    /// Merge small files
    Compact,
    /// Recount, and record what was found
    Verify,
    /// Also `queries`, `ledger` and `rejects`
    Ddl,
    /// Say what the table holds
    Status,
    /// Also `compare` and `tune`
    Query,
    /// Check all of this
    Doctor,
}

/// Forms of policies.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PolicyForm {
    /// A document for each
    Json,
    /// Resources
    Terraform,
}
