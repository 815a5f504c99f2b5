//! The least that commands need to be allowed: policies for the identity that runs them, for SOURCE's bucket if that is another
//! account's, and for KMS keys.
//!
//! In: SOURCE and DEST, and which commands. Out: [`Policies`], printed as JSON or Terraform. Each statement is there for requests that
//! the commands really send; a test runs them all against a server that enforces exactly this.
//! Actions: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::error::{Error, Result};
use crate::options::PRINCIPAL;
use crate::store::{Location, OWN_FOLDER, check_bucket};

/// A command that needs permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `convert` and `plan`, with `--auto-compact`
    Convert,
    /// `compact`
    Compact,
    /// `verify`, which records what it found
    Verify,
    /// `ddl`, `queries`, `ledger`, `rejects`
    Ddl,
    /// `status`
    Status,
    /// `query`, `compare`, `tune`
    Query,
    /// `doctor`, with what it says of the bucket
    Doctor,
}

impl Need {
    /// Those of somebody who converts every night.
    pub const USUAL: [Self; 5] = [Self::Convert, Self::Compact, Self::Verify, Self::Ddl, Self::Status];

    fn reads_source(self) -> bool {
        !matches!(self, Self::Compact)
    }

    fn reads_objects(self) -> bool {
        self.reads_source() && self != Self::Status
    }

    /// Returns whether files of the table are written, and deleted.
    fn writes_table(self) -> bool {
        matches!(self, Self::Convert | Self::Compact | Self::Doctor)
    }

    /// Returns whether something is written below the ledger's folder.
    fn writes_own(self) -> bool {
        matches!(self, Self::Convert | Self::Compact | Self::Verify | Self::Doctor)
    }
}

/// What is to be allowed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PolicyOptions {
    /// Which commands are run.
    pub needs: BTreeSet<Need>,
    /// KMS key of SOURCE's objects.
    pub source_kms_key: Option<String>,
    /// KMS key of DEST's objects.
    pub dest_kms_key: Option<String>,
    /// Whether objects are written with an ACL of their own.
    pub acl: bool,
    /// Whether objects are written with tags.
    pub tagging: bool,
    /// Who runs the commands: named in the policies of bucket and keys.
    pub principal: Option<String>,
    /// AWS's partition: `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
}

impl Default for PolicyOptions {
    fn default() -> Self {
        Self {
            needs: Need::USUAL.into(),
            source_kms_key: None,
            dest_kms_key: None,
            acl: false,
            tagging: false,
            principal: None,
            partition: "aws".to_owned(),
        }
    }
}

impl PolicyOptions {
    /// Refuses what IAM would refuse, or take for everybody.
    fn check(&self) -> Result<()> {
        let is_arn = |arn: &str, services: &[&str], begin: &str| {
            let parts: Vec<&str> = arn.splitn(6, ':').collect();
            matches!(parts[..], ["arn", partition, service, _, account, rest]
                if partition.starts_with("aws") && services.contains(&service) && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with(begin)
                    && arn.bytes().all(|b| b.is_ascii_graphic() && !b"*?$%\"\\".contains(&b)))
        };
        if let Some(principal) = self.principal.as_ref().filter(|arn| !is_arn(arn, &["iam", "sts"], "")) {
            return Err(Error::usage(format!("{PRINCIPAL} {principal:?} is no ARN of a role or user"))
                .help("write arn:aws:iam::123456789012:role/NAME"));
        }
        for key in [&self.source_kms_key, &self.dest_kms_key].into_iter().flatten() {
            if !is_arn(key, &["kms"], "key/") {
                return Err(Error::usage(format!("{key:?} is no ARN of a KMS key"))
                    .help("write arn:aws:kms:REGION:123456789012:key/ID: a policy knows no aliases"));
            }
        }
        let is_partition =
            self.partition.starts_with("aws") && self.partition.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if !is_partition {
            return Err(Error::usage(format!("{:?} is no partition of AWS", self.partition))
                .help("write aws, aws-cn or aws-us-gov"));
        }
        Ok(())
    }
}

/// Policies for one SOURCE and DEST.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policies {
    /// For whoever runs the commands.
    pub identity: Json,
    /// For SOURCE's bucket, if that is another account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_bucket: Option<Json>,
    /// For DEST's bucket, if that is another account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dest_bucket: Option<Json>,
    /// Statements for the policy of SOURCE's KMS key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_key: Option<Json>,
    /// Statements for the policy of DEST's KMS key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dest_key: Option<Json>,
}

/// A bucket and a prefix in it, as policies name them.
struct Place<'a> {
    bucket: String,
    prefix: &'a str,
}

impl<'a> Place<'a> {
    fn of(location: &'a Location, partition: &str) -> Option<Self> {
        let bucket = location.bucket()?;
        // An access point's ARN stands as it is.
        let bucket =
            if bucket.starts_with("arn:") { bucket.to_owned() } else { format!("arn:{partition}:s3:::{bucket}") };
        Some(Self { bucket, prefix: location.prefix() })
    }

    fn is_access_point(&self) -> bool {
        self.bucket.contains(":accesspoint/")
    }

    /// Refuses what a policy cannot name.
    fn check(&self) -> Result<()> {
        if self.prefix.contains(['*', '?', '$']) {
            return Err(Error::usage(format!(
                "a policy cannot name the prefix {:?}: *, ? and $ mean more in it",
                self.prefix
            ))
            .help("give the folder above it, or another one"));
        }
        if self.bucket.ends_with("-s3alias") {
            return Err(Error::usage("policies know no aliases of access points")
                .at(&self.bucket)
                .help("give the ARN of the access point, s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/prefix"));
        }
        check_bucket(self.bucket.rsplit_once(":::").map_or(&*self.bucket, |(_, bucket)| bucket))
    }

    fn objects(&self, below: &str) -> String {
        let object = if self.is_access_point() { "/object" } else { "" };
        let parts: Vec<&str> = [self.prefix, below, "*"].into_iter().filter(|part| !part.is_empty()).collect();
        format!("{}{object}/{}", self.bucket, parts.join("/"))
    }

    /// Returns what listings may be of: the prefix itself, and all below it.
    fn prefixes(&self) -> Vec<String> {
        match self.prefix {
            "" => Vec::new(),
            prefix => vec![prefix.to_owned(), format!("{prefix}/*")],
        }
    }
}

/// Returns the policies. Places on the local disk need none.
///
/// # Errors
/// A usage error if neither place is in S3.
pub fn policies(source: Option<&Location>, dest: &Location, options: &PolicyOptions) -> Result<Policies> {
    let needs = &options.needs;
    let any = |is: fn(Need) -> bool| needs.iter().any(|need| is(*need));
    let source = source.and_then(|source| Place::of(source, &options.partition)).filter(|_| any(Need::reads_source));
    let dest = Place::of(dest, &options.partition);
    [&source, &dest].into_iter().flatten().try_for_each(Place::check)?;
    options.check()?;
    if source.is_none() && dest.is_none() {
        return Err(
            Error::usage("neither SOURCE nor DEST is in S3").help("permissions of the local disk are those of files")
        );
    }
    // `status` looks at names alone.
    let of_source = |name: &str| match &source {
        Some(source) => reading(name, source).into_iter().take(if any(Need::reads_objects) { 2 } else { 1 }).collect(),
        None => Vec::new(),
    };
    let mut statements: Vec<Json> = of_source("Source");
    let of_dest = dest.as_ref().map(|dest| of_dest(dest, options)).unwrap_or_default();
    statements.extend(of_dest.clone());
    let writes = any(Need::writes_table) || any(Need::writes_own);
    let keys = [
        options.source_kms_key.as_ref().filter(|_| any(Need::reads_objects)).map(|key| ("SourceKey", key, false)),
        options.dest_kms_key.as_ref().map(|key| ("DestKey", key, writes)),
    ];
    for (name, key, writes) in keys.into_iter().flatten() {
        statements.push(statement(name, &of_key(writes), std::slice::from_ref(key)));
    }
    let principal =
        || options.principal.clone().unwrap_or_else(|| format!("arn:{}:iam::ACCOUNT:role/ROLE", options.partition));
    let for_principal = |mut statement: Json| {
        statement["Principal"] = json!({"AWS": principal()});
        statement
    };
    let key_policy = |key: &Option<String>, writes: bool| {
        let mut allowed = statement("Flowparquet", &of_key(writes), &["*".to_owned()]);
        allowed = for_principal(allowed);
        key.as_ref().map(|_| policy(vec![allowed]))
    };
    let of_bucket = |place: &Option<Place<'_>>, statements: Vec<Json>| {
        // That of an access point stands elsewhere, and the bucket's lets all of its access points in.
        let is_bucket = place.as_ref().is_some_and(|place| !place.is_access_point());
        is_bucket.then(|| policy(statements.into_iter().map(for_principal).collect()))
    };
    let source_bucket = of_bucket(&source, of_source("Flowparquet"));
    let dest_bucket = of_bucket(&dest, of_dest);
    Ok(Policies {
        identity: policy(statements),
        source_bucket,
        dest_bucket,
        source_key: key_policy(&options.source_kms_key.clone().filter(|_| any(Need::reads_objects)), false),
        dest_key: key_policy(&options.dest_kms_key, writes),
    })
}

/// Returns what the table needs.
fn of_dest(dest: &Place<'_>, options: &PolicyOptions) -> Vec<Json> {
    let needs = &options.needs;
    let any = |is: fn(Need) -> bool| needs.iter().any(|need| is(*need));
    let mut statements = reading("Dest", dest);
    let written: Vec<String> = match () {
        () if any(Need::writes_table) => vec![dest.objects("")],
        () if any(Need::writes_own) => vec![dest.objects(OWN_FOLDER)],
        () => Vec::new(),
    };
    if !written.is_empty() {
        let mut actions = vec!["s3:PutObject"];
        actions.extend(options.acl.then_some("s3:PutObjectAcl"));
        actions.extend(options.tagging.then_some("s3:PutObjectTagging"));
        if any(Need::writes_table) || needs.contains(&Need::Doctor) {
            actions.extend(["s3:DeleteObject", "s3:AbortMultipartUpload"]);
        }
        statements.push(statement("DestWrite", &actions, &written));
    }
    if needs.contains(&Need::Doctor) {
        let actions = ["s3:GetLifecycleConfiguration", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration"];
        statements.push(statement("DestSettings", &actions, std::slice::from_ref(&dest.bucket)));
    }
    statements
}

/// Returns what reading below a place needs.
fn reading(name: &str, place: &Place<'_>) -> Vec<Json> {
    let mut list = statement(&format!("{name}List"), &["s3:ListBucket"], std::slice::from_ref(&place.bucket));
    let prefixes = place.prefixes();
    if !prefixes.is_empty() {
        // Without "if it exists" S3 would say of an object that is not there that it is denied: a GET has no prefix.
        list["Condition"] = json!({"StringLikeIfExists": {"s3:prefix": prefixes}});
    }
    vec![list, statement(&format!("{name}Read"), &["s3:GetObject"], &[place.objects("")])]
}

fn of_key(writes: bool) -> Vec<&'static str> {
    let mut actions = vec!["kms:Decrypt"];
    if writes {
        actions.push("kms:GenerateDataKey");
    }
    actions
}

fn statement(name: &str, actions: &[&str], resources: &[String]) -> Json {
    json!({"Sid": name, "Effect": "Allow", "Action": one_or_all(actions), "Resource": one_or_all(resources)})
}

/// Returns a list, or what it has if that is one thing.
fn one_or_all<T: Serialize>(all: &[T]) -> Json {
    match all {
        [one] => json!(one),
        all => json!(all),
    }
}

fn policy(statements: Vec<Json>) -> Json {
    json!({"Version": "2012-10-17", "Statement": statements})
}

impl Policies {
    /// Returns the policies as resources of Terraform.
    pub fn terraform(&self) -> String {
        let mut text =
            String::from("variable \"flowparquet_role\" { type = string } # name of the role that runs it\n");
        for (name, is_used) in [
            ("source_bucket", self.source_bucket.is_some()),
            ("dest_bucket", self.dest_bucket.is_some()),
            ("source_kms_key", self.source_key.is_some()),
            ("dest_kms_key", self.dest_key.is_some()),
        ] {
            if is_used {
                text.push_str(&format!("variable \"{name}\" {{ type = string }}\n"));
            }
        }
        text.push('\n');
        let mut add = |remark: &str, kind: &str, name: &str, more: &str, policy: &Json| {
            // What Terraform would fill in.
            let body =
                serde_json::to_string_pretty(policy).unwrap_or_default().replace("${", "$${").replace("%{", "%%{");
            text.push_str(&format!("# {remark}\nresource \"{kind}\" \"{name}\" {{\n{more}  policy = <<-POLICY\n"));
            body.lines().for_each(|line| text.push_str(&format!("    {line}\n")));
            text.push_str("  POLICY\n}\n\n");
        };
        let of_role = "  name = \"flowparquet\"\n  role = var.flowparquet_role\n";
        add("For whoever runs flowparquet.", "aws_iam_role_policy", "flowparquet", of_role, &self.identity);
        for (side, bucket) in [("source", &self.source_bucket), ("dest", &self.dest_bucket)] {
            if let Some(bucket) = bucket {
                add(
                    &format!(
                        "In the account of {}'s bucket, if that is another one; add these statements to the policy that is there.",
                        side.to_ascii_uppercase()
                    ),
                    "aws_s3_bucket_policy",
                    &format!("flowparquet_{side}"),
                    &format!("  bucket = var.{side}_bucket\n"),
                    bucket,
                );
            }
        }
        for (name, key) in [("source", &self.source_key), ("dest", &self.dest_key)] {
            if let Some(key) = key {
                add(
                    "Add these statements to the policy of the key that is there: it must go on naming its administrators.",
                    "aws_kms_key_policy",
                    &format!("flowparquet_{name}"),
                    &format!("  key_id = var.{name}_kms_key\n"),
                    key,
                );
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(place: &str) -> Location {
        Location::parse(place).unwrap()
    }

    #[test]
    fn reading_commands_write_nothing() {
        for (need, writes) in [
            (Need::Convert, true),
            (Need::Compact, true),
            (Need::Verify, true),
            (Need::Ddl, false),
            (Need::Status, false),
            (Need::Query, false),
        ] {
            let options = PolicyOptions { needs: [need].into(), ..PolicyOptions::default() };
            let made = policies(Some(&at("s3://logs/AWSLogs")), &at("s3://table/flow"), &options).unwrap();
            let text = made.identity.to_string();
            assert_eq!(text.contains("s3:PutObject"), writes, "{need:?}: {text}");
            let reads = !matches!(need, Need::Compact | Need::Status);
            assert_eq!(text.contains("arn:aws:s3:::logs/AWSLogs/*"), reads, "{need:?}");
            assert!(text.contains(r#""s3:prefix":["flow","flow/*"]"#), "{text}");
        }
        let status = PolicyOptions {
            needs: [Need::Status].into(),
            source_kms_key: Some("arn:aws:kms:x:123456789012:key/k".to_owned()),
            ..PolicyOptions::default()
        };
        let made = policies(Some(&at("s3://logs")), &at("s3://table"), &status).unwrap().identity.to_string();
        assert!(!made.contains("arn:aws:s3:::logs/*") && !made.contains("SourceKey"), "{made}");
        let made = policies(Some(&at("s3://logs")), &at("s3://table"), &status).unwrap();
        assert!(made.source_key.is_none() && !made.source_bucket.unwrap().to_string().contains("GetObject"));
        for (principal, key, partition) in [
            ("*", "arn:aws:kms:x:123456789012:key/k", "aws"),
            ("me", "arn:aws:kms:x:123456789012:key/k", "aws"),
            ("arn:aws:iam::123456789012:role/${x}", "arn:aws:kms:x:123456789012:key/k", "aws"),
            ("arn:aws:iam::123456789012:role/r", "alias/k", "aws"),
            ("arn:aws:iam::123456789012:role/r", "arn:aws:kms:x:123456789012:key/k", "aws-evil\""),
        ] {
            let bad = PolicyOptions {
                principal: Some(principal.to_owned()),
                dest_kms_key: Some(key.to_owned()),
                partition: partition.to_owned(),
                ..PolicyOptions::default()
            };
            assert!(policies(None, &at("s3://table"), &bad).is_err(), "{principal} {key} {partition}");
        }
        for bad in [
            "s3://logs--use1-az4--x-s3",
            "s3://my-ap-abc-s3alias/x",
            "s3://arn:aws:s3::123456789012:accesspoint/m.mrap",
        ] {
            assert!(policies(None, &at(bad), &status).is_err(), "{bad}");
        }
        assert!(policies(None, &at("s3://table/flow*"), &status).is_err());
        let verify = PolicyOptions { needs: [Need::Verify].into(), ..PolicyOptions::default() };
        let made = policies(None, &at("s3://table"), &verify).unwrap().identity.to_string();
        assert!(made.contains("arn:aws:s3:::table/_flowparquet/*") && !made.contains("s3:DeleteObject"), "{made}");
        assert!(!made.contains("Condition"), "a whole bucket has no prefix: {made}");
        assert!(policies(Some(&at("/tmp/x")), &at("/tmp/y"), &PolicyOptions::default()).is_err());
    }

    #[test]
    fn keys_other_accounts_and_partitions() {
        let options = PolicyOptions {
            source_kms_key: Some("arn:aws-cn:kms:cn-north-1:123456789012:key/s".to_owned()),
            dest_kms_key: Some("arn:aws-cn:kms:cn-north-1:123456789012:key/d".to_owned()),
            principal: Some("arn:aws-cn:iam::123456789012:role/etl".to_owned()),
            partition: "aws-cn".to_owned(),
            ..PolicyOptions::default()
        };
        let made = policies(Some(&at("s3://logs")), &at("s3://table/flow"), &options).unwrap();
        let text = serde_json::to_string(&made).unwrap();
        assert!(!text.contains("arn:aws:"), "{text}");
        assert_eq!(
            made.source_bucket.unwrap()["Statement"][0]["Principal"]["AWS"],
            "arn:aws-cn:iam::123456789012:role/etl"
        );
        let dest_bucket = made.dest_bucket.unwrap().to_string();
        assert!(dest_bucket.contains("s3:PutObject") && dest_bucket.contains("role/etl"), "{dest_bucket}");
        assert_eq!(made.source_key.unwrap()["Statement"][0]["Action"], "kms:Decrypt");
        assert_eq!(made.dest_key.unwrap()["Statement"][0]["Action"], json!(["kms:Decrypt", "kms:GenerateDataKey"]));
        let written = PolicyOptions { acl: true, tagging: true, ..PolicyOptions::default() };
        let made = policies(None, &at("s3://table"), &written).unwrap().identity.to_string();
        assert!(made.contains("s3:PutObjectAcl") && made.contains("s3:PutObjectTagging"), "{made}");
        let point = "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/ap/AWSLogs";
        let made = policies(Some(&at(point)), &at("s3://table"), &PolicyOptions::default()).unwrap();
        assert!(made.source_bucket.is_none() && made.terraform().contains("variable \"dest_bucket\""));
        let made = made.identity.to_string();
        assert!(made.contains("arn:aws:s3:eu-west-1:123456789012:accesspoint/ap/object/AWSLogs/*"), "{made}");
    }
}
