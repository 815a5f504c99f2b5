//! Whose credentials a side takes: the order in which providers are asked, and what is said if none has any.
//!
//! In: [`Settings`]. Out: credentials of AWS's own providers (`aws-config`), and the name of the one that gave them. The SDK's own
//! chain is not taken: in it keys of the environment go before a profile that an option names, a profile that is not there leads
//! on to the role of the instance, and nobody learns who answered.
//! The order: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use object_store::aws::AwsCredential;

use super::partition::FIRST_REGION;
use super::sdk_http::Http;
use super::settings::{DEFAULT_PROFILE, Endpoints, Settings, variable};
use crate::error::{causes, hold_secret};

/// How long STS or SSO may take for an answer, and for all tries: the SDK has no bound of its own.
const ATTEMPT: Duration = Duration::from_secs(15);
const OPERATION: Duration = Duration::from_secs(45);

/// How long STS may take to say whose credentials are.
const SOON: Duration = Duration::from_secs(5);

/// How often an instance's metadata are asked: where nobody is, each try takes a second.
const METADATA_ATTEMPTS: u32 = 2;

/// What sessions of assumed roles are called, unless a profile says it: CloudTrail shows it.
const SESSION: &str = "flowparquet";

/// Why there are no credentials.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{why}")]
pub struct NoCredentials {
    /// In words.
    why: String,
    /// Who was asked, and what each said; empty if one of them failed.
    pub asked: Vec<String>,
    /// Whether another run may fare better: nobody answered in time.
    pub passing: bool,
}

impl NoCredentials {
    /// Returns the error of whatever else went wrong.
    pub fn because(why: impl Into<String>, passing: bool) -> Self {
        Self { why: why.into(), asked: Vec::new(), passing }
    }
}

/// The providers of a side.
#[derive(Debug)]
pub struct Chain {
    sources: SharedCredentialsProvider,
    named: Arc<Sources>,
    role: Option<String>,
}

/// Providers in the order in which they are asked: whoever is not set up leads on to the next, whoever fails ends the search.
#[derive(Debug)]
struct Sources {
    all: Vec<Source>,
    answered: Mutex<&'static str>,
}

#[derive(Debug)]
struct Source {
    name: &'static str,
    provider: SharedCredentialsProvider,
    /// What is said if it is not set up.
    absent: String,
    /// What is said if it is set up in part: then nobody else is asked.
    broken: Option<String>,
}

impl Chain {
    /// Makes the chain; asks nobody yet.
    ///
    /// # Errors
    /// When a profile has a number that is none.
    pub async fn new(settings: &Settings, http: &Http) -> Result<Self, NoCredentials> {
        let config = provider_config(settings, http);
        if let Some(why) = settings.unusable_service() {
            return Err(NoCredentials::because(why, false));
        }
        let mut all = Vec::new();
        let mut add = |name, absent: String, broken, provider| all.push(Source { name, provider, absent, broken });
        let without = |set: &str, missing: &str| {
            let is_half = variable(set).is_some() && variable(missing).is_none();
            is_half.then(|| format!("{set} is set, and {missing} is not"))
        };
        let name = settings.profile.as_deref().unwrap_or(DEFAULT_PROFILE);
        let get = |key: &str| settings.sections.get(key).filter(|value| !value.is_empty());
        // The SDK passes over it, and STS would only say that the role is denied.
        if let Some(wants) = wants_mfa(name, settings) {
            let why = format!("profile: {wants} wants an MFA code (mfa_serial), and nobody can type one here");
            return Err(NoCredentials::because(why, false));
        }
        // What answers may say again what it was given.
        let file =
            variable("AWS_WEB_IDENTITY_TOKEN_FILE").or_else(|| get("web_identity_token_file").map(str::to_owned));
        let identity = file.and_then(|file| std::fs::read_to_string(file).ok());
        identity.iter().for_each(|token| hold_secret(token.trim()));
        variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").iter().for_each(|token| hold_secret(token));
        let profile = match with_duration(settings, http, &config).await? {
            Some(role) => role,
            None => SharedCredentialsProvider::new(profile_provider(name, settings, &config)),
        };
        let no_profile = format!("no credentials in the profile {name}");
        if settings.by_option {
            add("profile", no_profile, broken_profile(name, settings), profile);
        } else {
            let environment = EnvironmentVariableCredentialsProvider::new();
            let absent = "AWS_ACCESS_KEY_ID is not set".to_owned();
            let broken = without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
            let broken = broken.or_else(|| without("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"));
            let broken = broken.or_else(|| without("AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"));
            add("environment", absent, broken, SharedCredentialsProvider::new(environment));
            add("profile", no_profile, broken_profile(name, settings), profile);
            let identity = WebIdentityTokenCredentialsProvider::builder().configure(&config).build();
            let absent = "AWS_WEB_IDENTITY_TOKEN_FILE is not set".to_owned();
            let broken = without("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN");
            add("web identity", absent, broken, SharedCredentialsProvider::new(identity));
            let container = EcsCredentialsProvider::builder().configure(&config).build();
            let absent = "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set".to_owned();
            add("container", absent, None, SharedCredentialsProvider::new(container));
            let absent = match variable("AWS_EC2_METADATA_DISABLED").is_some_and(|set| set.eq_ignore_ascii_case("true"))
            {
                true => "AWS_EC2_METADATA_DISABLED is set",
                false => "no instance metadata",
            };
            add("instance", absent.to_owned(), None, SharedCredentialsProvider::new(instance(&config)));
        }
        let named = Arc::new(Sources { all, answered: Mutex::new("") });
        let sources = SharedCredentialsProvider::new(Shared(Arc::clone(&named)));
        let (sources, role) = match &settings.role {
            None => (sources, None),
            Some((role, external_id)) => {
                let builder =
                    AssumeRoleProvider::builder(role).session_name(SESSION).configure(&sdk_config(settings, http));
                let builder = match external_id {
                    Some(id) => builder.external_id(id),
                    None => builder,
                };
                (SharedCredentialsProvider::new(builder.build_from_provider(sources).await), Some(role.clone()))
            }
        };
        Ok(Self { sources, named, role })
    }

    /// Returns the credentials, and who gave them.
    ///
    /// # Errors
    /// When nobody has any, or whoever should have fails.
    pub async fn provide(&self) -> Result<(Credentials, String), NoCredentials> {
        match self.sources.provide_credentials().await {
            Ok(credentials) => {
                let by = *self.named.answered.lock().unwrap_or_else(PoisonError::into_inner);
                let by = self.role.as_ref().map_or_else(|| by.to_owned(), |role| format!("{role} by {by}"));
                Ok((credentials, by))
            }
            Err(e) => Err(explained(&e)),
        }
    }
}

/// Lets the sources stand behind a role that is assumed with them.
#[derive(Debug)]
struct Shared(Arc<Sources>);

impl ProvideCredentials for Shared {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.0.provide())
    }
}

impl Sources {
    async fn provide(&self) -> Result<Credentials, CredentialsError> {
        let mut asked = Vec::new();
        for Source { name, provider, absent, broken } in &self.all {
            match provider.provide_credentials().await {
                Ok(credentials) => {
                    *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = name;
                    return Ok(credentials);
                }
                Err(CredentialsError::CredentialsNotLoaded(_)) if broken.is_none() => asked.push(absent.clone()),
                Err(CredentialsError::CredentialsNotLoaded(e)) => {
                    let why = broken.clone().unwrap_or_else(|| format!("{e:?}"));
                    return Err(CredentialsError::provider_error(NoCredentials::because(
                        format!("{name}: {why}"),
                        false,
                    )));
                }
                Err(e) => {
                    let why = format!("{name}: {}", plain(&causes(&e)));
                    return Err(CredentialsError::provider_error(NoCredentials::because(why, is_passing(&e))));
                }
            }
        }
        let why = "there are no credentials".to_owned();
        Err(CredentialsError::provider_error(NoCredentials { why, asked, passing: false }))
    }
}

/// Returns what an error of the SDK's is: our own one within it, or a role that is not given.
fn explained(error: &CredentialsError) -> NoCredentials {
    let first: &(dyn StdError + 'static) = error;
    let mut all = std::iter::successors(Some(first), |error| StdError::source(*error));
    all.find_map(|error| error.downcast_ref::<NoCredentials>().cloned())
        .unwrap_or_else(|| NoCredentials::because(plain(&causes(error)), is_passing(error)))
}

/// Returns the profile, this one or one behind it, whose role is given to whoever types a code.
fn wants_mfa<'a>(name: &'a str, settings: &'a Settings) -> Option<&'a str> {
    let mut seen = Vec::new();
    let mut name = name;
    while !seen.contains(&name) {
        let profile = settings.sections.get_profile(name)?;
        let is_set = |key| profile.get(key).is_some_and(|value| !value.is_empty());
        if is_set("role_arn") && is_set("mfa_serial") {
            return Some(name);
        }
        seen.push(name);
        name = profile.get("source_profile").filter(|_| is_set("role_arn"))?;
    }
    None
}

/// Returns what is wrong with a profile that says where credentials come from, should it give none; `None` if it does not say it.
fn broken_profile(name: &str, settings: &Settings) -> Option<String> {
    const SAYS: [&str; 12] = [
        "role_arn",
        "source_profile",
        "credential_source",
        "credential_process",
        "web_identity_token_file",
        "sso_session",
        "sso_start_url",
        "sso_account_id",
        "sso_role_name",
        "sso_region",
        "login_session",
        "aws_access_key_id",
    ];
    let said = SAYS.into_iter().find(|key| settings.sections.get(key).is_some())?;
    let source = settings.sections.get("source_profile");
    Some(match source.filter(|source| settings.sections.get_profile(source).is_none()) {
        Some(source) => format!("source_profile of the profile {name} is {source}, and there is none of that name"),
        None => format!("the profile {name} has {said}, and something else that belongs to it is missing"),
    })
}

/// Most characters that are shown of what a provider says.
const MOST_SHOWN: usize = 500;

/// Returns what a service of AWS's said, without what the SDK puts around it.
fn plain(causes: &str) -> String {
    // Behind it stands the whole answer, with the secrets in it.
    let causes = causes.split(" Response {").next().unwrap_or_default();
    let causes = causes.split(" to request `Request {").next().unwrap_or_default();
    let causes: String = causes.chars().take(MOST_SHOWN).collect();
    let said = |name: &str| {
        let (_, rest) = causes.split_once(&format!("{name}: \""))?;
        rest.split_once('"').map(|(text, _)| text.to_owned())
    };
    match said("Error { code").zip(said("message")) {
        Some((code, message)) => format!("{code}: {message}"),
        None => causes,
    }
}

/// Returns whether nobody answered in time, so that a later run may fare better.
fn is_passing(error: &CredentialsError) -> bool {
    if matches!(error, CredentialsError::ProviderTimedOut(_)) {
        return true;
    }
    let text = plain(&causes(error));
    // What a service says may have any word in it: its code decides.
    if let Some((code, _)) = text.split_once(": ").filter(|(code, _)| is_code(code)) {
        return [
            "Throttling",
            "TooManyRequests",
            "Unavailable",
            "Internal",
            "RequestLimit",
            "IDPCommunication",
            "SlowDown",
        ]
        .iter()
        .any(|passing| code.contains(passing));
    }
    let text = text.to_ascii_lowercase();
    let by_status = ["code: 5", "code: 429", "status: 5", "status: 429", "statuscode(5", "statuscode(429"];
    let by_way =
        ["timed out", "timeout", "dispatch failure: io", "connection reset", "connection closed", "connection refused"];
    by_status.iter().chain(&by_way).any(|word| text.contains(word))
}

/// Returns whether a text is a code as services of AWS have them.
pub fn is_code(text: &str) -> bool {
    text.len() > 4
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Returns the ARN of whoever has these credentials.
///
/// # Errors
/// When STS does not say.
pub async fn caller(settings: &Settings, http: &Http, held: &AwsCredential) -> Result<String, NoCredentials> {
    if let Some(why) = settings.unusable_endpoint() {
        return Err(NoCredentials::because(why, false));
    }
    let given = Credentials::new(&held.key_id, &held.secret_key, held.token.clone(), None, "held");
    // Only a person wants to know it, and waits: where STS cannot be reached, S3 may be all the same.
    let soon = TimeoutConfig::builder().operation_attempt_timeout(SOON).operation_timeout(SOON).build();
    let sdk = sdk_config(settings, http).into_builder().timeout_config(soon);
    let sdk = sdk.retry_config(RetryConfig::standard().with_max_attempts(1));
    let sdk = sdk.credentials_provider(SharedCredentialsProvider::new(given)).build();
    match aws_sdk_sts::Client::new(&sdk).get_caller_identity().send().await {
        Ok(answer) => Ok(answer.arn().unwrap_or("somebody without an ARN").to_owned()),
        Err(e) => Err(NoCredentials::because(plain(&causes(&e)), true)),
    }
}

fn profile_provider(name: &str, settings: &Settings, config: &ProviderConfig) -> ProfileFileCredentialsProvider {
    // Its own name for this type is not public yet.
    #[allow(deprecated)]
    ProfileFileCredentialsProvider::builder()
        .configure(config)
        .profile_name(name)
        .profile_files(settings.files.clone())
        .build()
}

fn instance(config: &ProviderConfig) -> ImdsCredentialsProvider {
    let client = imds::Client::builder().configure(config).max_attempts(METADATA_ATTEMPTS).build();
    ImdsCredentialsProvider::builder().configure(config).imds_client(client).build()
}

fn provider_config(settings: &Settings, http: &Http) -> ProviderConfig {
    ProviderConfig::without_region()
        .with_http_client(http.clone())
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_region(Some(region(settings)))
        .with_retry_config(retry(settings))
        .with_timeout_config(timeouts())
        .with_use_fips(Some(settings.fips))
        .with_use_dual_stack(Some(settings.dual_stack))
}

fn sdk_config(settings: &Settings, http: &Http) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(SharedHttpClient::new(http.clone()))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::default())
        .region(region(settings))
        .retry_config(retry(settings))
        .timeout_config(timeouts())
        .use_fips(settings.fips)
        .use_dual_stack(settings.dual_stack)
        .service_config(Endpoints(settings.sections.clone()))
        .build()
}

/// Returns where STS is asked: it wants a Region.
fn region(settings: &Settings) -> Region {
    Region::new(settings.region.clone().unwrap_or_else(|| FIRST_REGION.to_owned()))
}

fn retry(settings: &Settings) -> RetryConfig {
    let standard = RetryConfig::standard();
    settings.max_attempts.map_or(standard.clone(), |most| standard.with_max_attempts(most))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(OPERATION).build()
}

/// Returns a provider of a profile with `duration_seconds`, of which `aws-config` reads nothing: its last role is assumed here, and
/// whatever leads to it by the SDK. `None` if there is no such line.
async fn with_duration(
    settings: &Settings,
    http: &Http,
    config: &ProviderConfig,
) -> Result<Option<SharedCredentialsProvider>, NoCredentials> {
    let get = |key| settings.sections.get(key);
    let (Some(role), Some(seconds)) = (get("role_arn"), get("duration_seconds")) else { return Ok(None) };
    if get("web_identity_token_file").is_some() {
        return Ok(None);
    }
    let seconds = seconds.parse().map_err(|_| {
        NoCredentials::because(
            format!("duration_seconds of the profile is {seconds:?}, and no number of seconds"),
            false,
        )
    })?;
    let name = settings.profile.as_deref().unwrap_or(DEFAULT_PROFILE);
    let source = match (get("source_profile"), get("credential_source").map(str::to_ascii_lowercase).as_deref()) {
        // The keys of the profile itself.
        (Some(source), None) if source == name => {
            let (Some(key), Some(secret)) = (get("aws_access_key_id"), get("aws_secret_access_key")) else {
                return Ok(None);
            };
            let token = get("aws_session_token").map(str::to_owned);
            SharedCredentialsProvider::new(Credentials::new(key, secret, token, None, "profile"))
        }
        (Some(source), None) if settings.sections.get_profile(source).is_some() => {
            SharedCredentialsProvider::new(profile_provider(source, settings, config))
        }
        (None, Some("environment")) => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        (None, Some("ecscontainer")) => {
            SharedCredentialsProvider::new(EcsCredentialsProvider::builder().configure(config).build())
        }
        (None, Some("ec2instancemetadata")) => SharedCredentialsProvider::new(instance(config)),
        // The SDK says what is wrong with it.
        _ => return Ok(None),
    };
    let builder = AssumeRoleProvider::builder(role)
        .session_length(Duration::from_secs(seconds))
        .session_name(get("role_session_name").unwrap_or(SESSION))
        .configure(&sdk_config(settings, http));
    let builder = match get("external_id") {
        Some(id) => builder.external_id(id),
        None => builder,
    };
    Ok(Some(SharedCredentialsProvider::new(builder.build_from_provider(source).await)))
}
