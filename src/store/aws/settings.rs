//! What a side of a run is set to: options go before variables, variables before the profile, as in the AWS CLI.
//!
//! In: [`StoreOptions`], the environment, `~/.aws/config` and `~/.aws/credentials`, read by AWS's own parser. Out: [`Settings`]; whose
//! credentials are taken, [`super::chain`] decides.

use std::fmt;
use std::path::PathBuf;

use aws_config::profile::ProfileSet;
use aws_runtime::env_config::EnvConfigValue;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::super::StoreOptions;
use super::address::{Style, Wish};
use crate::error::{Error, Result, causes, masked_urls};

/// The profile that is taken when nobody names one.
pub const DEFAULT_PROFILE: &str = "default";

/// What one side of a run is set to.
#[derive(Clone)]
pub struct Settings {
    /// The profile that somebody named.
    pub profile: Option<String>,
    /// Whether an option named it, so that it goes before keys in the environment.
    pub by_option: bool,
    /// The Region, if anybody says one.
    pub region: Option<String>,
    /// The endpoint, if it is not AWS's usual one.
    pub endpoint: Option<String>,
    /// How the bucket is named.
    pub style: Style,
    /// Whether AWS's FIPS endpoints are used.
    pub fips: bool,
    /// Whether AWS's endpoints with IPv6 are used.
    pub dual_stack: bool,
    /// A file of certificates that are trusted besides the system's.
    pub ca_bundle: Option<PathBuf>,
    /// How often a request is sent at most.
    pub max_attempts: Option<u32>,
    /// A role that is assumed with what the chain gives, and the id that it may want.
    pub role: Option<(String, Option<String>)>,
    pub(super) sections: ProfileSet,
    pub(super) files: EnvConfigFiles,
}

impl fmt::Debug for Settings {
    /// Shows nothing of the files: keys stand in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("profile", &self.profile).field("region", &self.region).finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads variables and files.
    ///
    /// # Errors
    /// A usage error if a file cannot be read as what it is, a named profile is in none, or a number is none.
    pub async fn load(options: &StoreOptions) -> Result<Self> {
        // AWS_DEFAULT_PROFILE is an older name of the AWS CLI's.
        let named = variable("AWS_PROFILE").map(|name| (name, "AWS_PROFILE"));
        let named = named.or_else(|| variable("AWS_DEFAULT_PROFILE").map(|name| (name, "AWS_DEFAULT_PROFILE")));
        let profile = options.profile.clone().or_else(|| named.clone().map(|(name, _)| name));
        let files = EnvConfigFiles::default();
        let name = profile.clone().unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
        let sections = aws_config::profile::load(&Fs::real(), &Env::real(), &files, Some(name.clone().into())).await;
        let sections = sections.map_err(|e| {
            Error::usage("the files of AWS profiles cannot be read")
                .because(causes(&e))
                .help(format!("correct {}", places()))
        })?;
        // Else the instance's role would be taken, as if nobody had named any.
        if profile.is_some() && sections.get_profile(&name).is_none() && !options.anonymous {
            let by = named.map(|(_, variable)| variable).filter(|_| options.profile.is_none());
            return Err(no_profile(&name, by, sections.profiles()));
        }
        let get = |env: &'static str, key: &str| {
            variable(env).or_else(|| sections.get(key).map(str::to_owned).filter(|value| !value.is_empty()))
        };
        let is_on = |env, key| get(env, key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let endpoint = match is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
            true => None,
            false => endpoint_of("S3", &sections),
        };
        let style = match () {
            () if options.virtual_hosted => Style::Virtual,
            () => style(sections.get("s3").and_then(|lines| nested(lines, "addressing_style")))?,
        };
        Ok(Self {
            region: options
                .s3_region
                .clone()
                .or_else(|| variable("AWS_REGION"))
                .or_else(|| get("AWS_DEFAULT_REGION", "region")),
            endpoint: options.endpoint_url.clone().or(endpoint),
            style,
            fips: options.use_fips_endpoint || is_on("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            dual_stack: options.use_dualstack_endpoint || is_on("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
            ca_bundle: options.ca_bundle.clone().or_else(|| get("AWS_CA_BUNDLE", "ca_bundle").map(PathBuf::from)),
            max_attempts: get("AWS_MAX_ATTEMPTS", "max_attempts")
                .and_then(|text| text.parse().ok())
                .filter(|most| *most > 0),
            role: options.role.clone().map(|role| (role, options.external_id.clone())),
            by_option: options.profile.is_some(),
            profile,
            sections,
            files,
        })
    }

    /// Returns what is wrong with the endpoint of a service that credentials are asked of, where one has to be. The SDK panics at
    /// an empty one, and shows the whole request, with its token, where one has no scheme.
    pub fn unusable_service(&self) -> Option<String> {
        let is_set = |key| self.sections.get(key).is_some_and(|value| !value.is_empty());
        let of_profile = ["role_arn", "sso_session", "sso_start_url"].into_iter().any(is_set);
        if !of_profile && self.role.is_none() && variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_none() {
            return None;
        }
        self.unusable_endpoint()
    }

    /// Returns which of these endpoints is no URL.
    pub fn unusable_endpoint(&self) -> Option<String> {
        ["STS", "SSO", "SSO OIDC"].into_iter().find_map(|service| {
            let value = EnvConfigValue::new().env("AWS_ENDPOINT_URL").profile("endpoint_url").service_id(service);
            let env = Env::real();
            let (url, origin) = value.load(&env, Some(&self.sections))?;
            let is_url = reqwest::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            (!is_url).then(|| match url.is_empty() {
                true => format!("the endpoint of {service} is set to nothing ({origin}): unset it"),
                false => {
                    let url = masked_urls(&url);
                    format!("the endpoint of {service} is {url:?} ({origin}): it has to begin with https:// or http://")
                }
            })
        })
    }

    /// Returns what decides the address of a bucket.
    pub fn wish(&self) -> Wish {
        Wish {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            style: self.style,
            fips: self.fips,
            dual_stack: self.dual_stack,
        }
    }
}

/// Returns a variable's value; an empty one is none, as for the AWS CLI.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the files in which profiles stand.
pub fn places() -> String {
    let place = |name, usual: &str| variable(name).unwrap_or_else(|| usual.to_owned());
    let (config, keys) =
        (place("AWS_CONFIG_FILE", "~/.aws/config"), place("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"));
    format!("{config} and {keys}")
}

fn no_profile<'a>(name: &str, by: Option<&str>, there: impl Iterator<Item = &'a str>) -> Error {
    let mut there: Vec<&str> = there.collect();
    there.sort_unstable();
    let help = match there.is_empty() {
        true => "there is no profile in these files: `aws configure` or `aws configure sso` makes one".to_owned(),
        false => format!("there are {}", there.join(", ")),
    };
    let said = match by {
        Some(variable) => format!("{variable} names the profile {name:?}, and there is none of that name"),
        None => format!("there is no profile {name:?}"),
    };
    Error::usage(said).at(places()).help(help)
}

fn style(text: Option<&str>) -> Result<Style> {
    match text {
        None | Some("auto") => Ok(Style::Auto),
        Some("path") => Ok(Style::Path),
        Some("virtual") => Ok(Style::Virtual),
        Some(other) => Err(Error::usage(format!("addressing_style {other:?} is none"))
            .at(places())
            .help("write path, virtual or auto")),
    }
}

/// Returns the endpoint of a service: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the `services` section of the profile, its
/// `endpoint_url` (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
fn endpoint_of(service: &str, sections: &ProfileSet) -> Option<String> {
    let of_service = || {
        let value = EnvConfigValue::new().profile("endpoint_url").service_id(service);
        value.load(&Env::real(), Some(sections)).map(|(url, _)| url.into_owned())
    };
    let of_all = || sections.get("endpoint_url").map(str::to_owned);
    let is_said = |url: &String| !url.trim().is_empty();
    // What is empty says nothing: it must not lead to another store than the one that is named behind it.
    variable(&format!("AWS_ENDPOINT_URL_{service}"))
        .or_else(|| variable("AWS_ENDPOINT_URL"))
        .or_else(|| of_service().filter(is_said))
        .or_else(|| of_all().filter(is_said))
}

/// Returns a value of a nested section, which the parser hands over as lines.
fn nested<'a>(lines: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = lines.lines().filter_map(|line| line.split_once('='));
    pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(key)).map(|(_, value)| value.trim())
}

/// Tells STS its endpoint, where a role is assumed by [`super::chain`] itself.
pub struct Endpoints(pub ProfileSet);

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoints")
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let value = EnvConfigValue::new().env(key.env()).profile(key.profile()).service_id(key.service_id());
        value.load(&Env::real(), Some(&self.0)).map(|(value, _)| value.into_owned())
    }
}
