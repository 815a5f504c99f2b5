//! What a person is told when a store refuses or fails: S3's own words, whether another run would fare better, and what to do.
//!
//! In: an error of object_store's, with the answer in its text, and what was tried. Out: an [`Error`]. What an object alone is
//! refused for stands in [`super::refusal`].
//! The codes: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.

use std::error::Error as StdError;

use super::aws::chain::{NoCredentials, is_code};
use super::aws::settings::places;
use super::aws::sign::{element, unescaped};
use super::disk::LinkInTheWay;
use super::http::SENT_ELSEWHERE;
use super::pages::{NOTHING, REPEATS, TOO_LONG, TOO_MANY, TWICE};
use super::refusal;
use crate::error::{Error, causes, masked};
use crate::options::{
    ACL, ANONYMOUS, CA_BUNDLE, ENDPOINT_URL, MAX_OBJECTS, PROFILE, REQUEST_PAYER, S3_REGION, SSE_KMS_KEY_ID,
};

/// Most characters that are shown of an answer that has not the form of S3's.
const MOST_OF_A_BODY: usize = 500;

/// What is said when it is safe to run again.
const AGAIN: &str = "nothing is half visible; it is safe to run again";

/// Returns what a person is told of a request that failed: `what` was tried (`cannot list`), of `place`, in `bucket`.
pub(super) fn failed(what: &str, place: String, bucket: Option<&str>, error: object_store::Error) -> Error {
    let text = causes(&error);
    if let Some(link) = within::<LinkInTheWay>(&error) {
        return Error::usage(format!("{what}: {link}, and nothing is changed behind a link"))
            .at(place)
            .help("put a folder in its place, or name the place that it leads to as DEST");
    }
    if let Some(why) = within::<NoCredentials>(&error) {
        return no_credentials(what, why).at(place);
    }
    if text.contains(SENT_ELSEWHERE) {
        return Error::usage(format!("{what}: {SENT_ELSEWHERE}"))
            .at(place)
            .because(error)
            .help(format!("requests carry credentials and are not sent there: check {ENDPOINT_URL} and {S3_REGION}"));
    }
    if let Some(wrong) = [REPEATS, TOO_MANY, NOTHING, TOO_LONG, TWICE].into_iter().find(|wrong| text.contains(wrong)) {
        return too_much(what, &place, wrong, error);
    }
    let answer = Answer::of(&text);
    let Some(status) = answer.status else { return unanswered(what, &error).at(place) };
    let meaning = meaning(&answer, &error, what, bucket.unwrap_or_default());
    // An answer without a code, as to every HEAD, is known by its status.
    let code = answer.code.map_or_else(|| status.to_string(), str::to_owned);
    let said = format!("{what}: {} ({code})", meaning.problem);
    let failed = match meaning.outlook {
        Outlook::Usage => Error::usage(said),
        Outlook::Refused => Error::refused(said),
        Outlook::Passing => Error::stopped(said),
    };
    let failed = failed.at(place).help(meaning.help);
    match answer.words() {
        Some(words) => failed.because(words),
        None => failed,
    }
}

/// Returns the error of a listing that has no end, or too late a one.
pub(super) fn too_much(
    what: &str,
    place: &str,
    wrong: &str,
    cause: impl Into<Box<dyn StdError + Send + Sync>>,
) -> Error {
    let error = match wrong {
        TOO_MANY => Error::usage(format!("{what}: there are more objects than a listing may have"))
            .help(format!("name a place further down or fewer days, or raise {MAX_OBJECTS}")),
        _ => Error::usage(format!("{what}: {wrong}"))
            .help("the server, or something before it, answers wrongly: nothing is half visible, ask who runs it"),
    };
    error.at(place).because(cause)
}

/// Returns an error of a kind that stands within another one.
fn within<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |error| StdError::source(*error)).find_map(|error| error.downcast_ref::<E>())
}

/// Returns the error of a side that has no credentials, or whose provider fails.
pub(super) fn no_credentials(what: &str, why: &NoCredentials) -> Error {
    if why.passing {
        return Error::stopped(format!("{what}: nobody gives credentials"))
            .because(masked(&why.to_string()).into_owned())
            .help("whoever gives them does not answer: check the network, then run again; nothing is half visible");
    }
    if why.asked.is_empty() {
        return Error::refused(format!("{what}: no credentials are given"))
            .because(masked(&why.to_string()).into_owned())
            .help(help_with_credentials(&why.to_string()));
    }
    Error::refused(format!("{what}: there are no credentials")).because(why.asked.join("; ")).help(format!(
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile of {} with {PROFILE}, give the machine a role, or use \
         {ANONYMOUS} for a public bucket",
        places()
    ))
}

/// Returns what to do about a provider that gives no credentials.
fn help_with_credentials(why: &str) -> String {
    // What a service says of a user may have any word in it: its code goes before.
    let code = why.split(": ").find(|part| is_code(part)).unwrap_or_default();
    if ["AccessDenied", "AccessDeniedException"].contains(&code) && !why.contains("sso:") {
        return "let whoever is named there assume the role (sts:AssumeRole), and have the role's trust policy name them; an \
                external id must be the one of that policy"
            .to_owned();
    }
    if ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"].contains(&code) {
        return "the keys that are to assume the role are not accepted: renew them, then run again".to_owned();
    }
    let lower = why.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["wants an mfa code"]) {
        return "put its credentials into the environment, as `aws configure export-credentials` prints them"
            .to_owned();
    }
    if says(&["sso session", "sso token", "session token not found", "sso", "unauthorizedexception"]) {
        return "log in again: `aws sso login`, with the same profile".to_owned();
    }
    if let Some(asked) = ["instance", "container", "web identity"].into_iter().find(|asked| why.starts_with(asked)) {
        return format!("ask whoever runs this machine why the {asked} gives none, or name a profile with {PROFILE}");
    }
    format!("check the profile in {}, and what it names", places())
}

/// Returns the error of a request that nobody answered, with what is at the bottom of it.
fn unanswered(what: &str, error: &object_store::Error) -> Error {
    let bottom = bottom(error);
    let lower = bottom.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match error {
        object_store::Error::NotFound { .. } => {
            return Error::stopped(format!("{what}: it is not there"))
                .help("it may have been deleted meanwhile; run again");
        }
        object_store::Error::InvalidPath { .. } => {
            return Error::stopped(format!("{what}: a key there cannot be used"))
                .because(bottom)
                .help("a folder in it is empty (`//`), `.` or `..`: point SOURCE past it, or rename the object");
        }
        _ => {}
    }
    if says(&[
        "certificate",
        "unknownissuer",
        "tls handshake",
        "alert received",
        "corrupt message",
        "invalidcontenttype",
    ]) {
        return Error::refused(format!("{what}: there is no TLS connection")).because(bottom).help(format!(
            "the certificate must be signed by an authority that this system knows: name a file of further ones with {CA_BUNDLE} \
             (AWS_CA_BUNDLE); a server that speaks no TLS is asked by http://"
        ));
    }
    if says(&["dns", "lookup", "name or service not known", "resolve"]) {
        return Error::stopped(format!("{what}: the name of the server leads nowhere"))
            .because(bottom)
            .help(format!("check {ENDPOINT_URL}, {S3_REGION} and the network; {AGAIN}"));
    }
    if says(&["connection refused"]) {
        return Error::stopped(format!("{what}: the server takes no connection"))
            .because(bottom)
            .help(format!("check {ENDPOINT_URL}, its port, and the proxy if one is set; {AGAIN}"));
    }
    Error::stopped(format!("{what}: the store failed")).because(bottom).help(AGAIN)
}

/// Returns what the innermost cause of an error says; what stands around it tells where the request went.
fn bottom(error: &object_store::Error) -> String {
    let first: &(dyn StdError + 'static) = error;
    let last = std::iter::successors(Some(first), |error| StdError::source(*error)).last();
    // An error of TLS stands in one of the operating system's, which says it in its own words.
    masked(&last.map_or_else(String::new, ToString::to_string)).into_owned()
}

/// An answer that refuses a request.
struct Answer<'a> {
    status: Option<u16>,
    code: Option<&'a str>,
    message: Option<&'a str>,
    body: &'a str,
}

impl<'a> Answer<'a> {
    fn of(text: &'a str) -> Self {
        let body = text
            .rsplit_once("status code: ")
            .map_or("", |(_, rest)| rest.split_once(": ").map_or("", |(_, body)| body));
        let message = element(body, "Message");
        Self { status: refusal::status(text), code: refusal::code(text), message, body }
    }

    /// Returns what the store said: S3's message, or the beginning of what is none of S3's answers.
    fn words(&self) -> Option<String> {
        if let Some(message) = self.message {
            return Some(format!("S3 says: {}", unescaped(message)));
        }
        let body = self.body.trim();
        // The request stands in what some servers answer: only the beginning of it is shown, and no secret.
        let shown: String =
            masked(body).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_OF_A_BODY).collect();
        (self.code.is_none() && !shown.is_empty()).then(|| format!("the server says: {shown}"))
    }

    fn element(&self, name: &str) -> Option<String> {
        element(self.body, name).map(unescaped)
    }
}

/// Whether another run would fare better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outlook {
    /// Not before a person has changed what was asked for.
    Usage,
    /// Not before a person has changed something at the store.
    Refused,
    /// It may.
    Passing,
}

/// What an answer means for a person.
struct Meaning {
    outlook: Outlook,
    problem: &'static str,
    help: String,
}

fn meaning(answer: &Answer<'_>, error: &object_store::Error, what: &str, bucket: &str) -> Meaning {
    use Outlook::{Passing, Refused, Usage};
    let of = |outlook, problem, help: &str| Meaning { outlook, problem, help: help.to_owned() };
    let status = answer.status.unwrap_or_default();
    // To a HEAD S3 gives no reason: for 400 there is one only that is met with requests like ours.
    let code = answer.code.unwrap_or(if status == 400 && what == "cannot look at" { "ExpiredToken" } else { "" });
    match code {
        "AllAccessDisabled" | "AccountProblem" | "NotSignedUp" | "NotDeviceOwnerError" => {
            of(Refused, "the account may not", "no policy mends it: ask whoever owns the account, or AWS's support")
        }
        "AccessDenied" | "UnauthorizedAccess" => {
            Meaning { outlook: Refused, problem: "the store denies it", help: denied(answer, what, bucket) }
        }
        "KMS.ThrottlingException" => of(Passing, "KMS is asked too often", AGAIN),
        _ if code.starts_with("KMS.") => of(
            Refused,
            "its KMS key cannot be used",
            "enable the key, or name another one; a key that is to be deleted can be kept until then",
        ),
        "NoSuchBucket" | "NoSuchAccessPoint" | "InvalidBucketName" => Meaning {
            outlook: Refused,
            problem: "there is no such bucket",
            help: format!("check the bucket's name, the Region and {ENDPOINT_URL}"),
        },
        "InvalidObjectState" => of(
            Usage,
            "it is archived",
            "its storage class gives it to nobody until it is restored: restore it, then run again",
        ),
        "ExpiredToken" | "TokenRefreshRequired" | "RequestExpired" => {
            of(Refused, "the credentials have expired", "renew the credentials and run again: nothing is half visible")
        }
        "InvalidAccessKeyId" => of(
            Refused,
            "the credentials are not accepted",
            "no account knows this access key: check whose it is (AWS_ACCESS_KEY_ID or the profile), that it was not deleted, and that \
             temporary ones have their AWS_SESSION_TOKEN",
        ),
        "InvalidToken" | "InvalidSecurity" | "MissingSecurityHeader" => of(
            Refused,
            "the credentials are not accepted",
            "the session token is not of these keys, or of another partition of AWS: set all three variables anew, or log in again",
        ),
        "SignatureDoesNotMatch" => of(
            Refused,
            "the credentials are not accepted",
            "the secret key is not that of the access key: set AWS_SECRET_ACCESS_KEY anew, without blanks; a proxy that changes requests \
             does this too",
        ),
        "RequestTimeTooSkewed" => {
            let times = answer.element("RequestTime").zip(answer.element("ServerTime"));
            let times = times.map(|(here, there)| format!("this machine's clock says {here}, that of S3 {there}: "));
            let help = format!("{}set this machine's clock (NTP, chrony)", times.unwrap_or_default());
            Meaning { outlook: Refused, problem: "the clock is wrong", help }
        }
        "AuthorizationHeaderMalformed"
        | "PermanentRedirect"
        | "TemporaryRedirect"
        | "IllegalLocationConstraintException" => {
            let region =
                answer.element("Region").map(|region| format!("it lies in {region}: give {S3_REGION} {region}"));
            let endpoint = answer.element("Endpoint").map(|endpoint| format!("S3 names the endpoint {endpoint}"));
            let help = region.or(endpoint).unwrap_or_else(|| format!("give the bucket's Region by {S3_REGION}"));
            Meaning { outlook: Refused, problem: "the bucket lies in another Region", help }
        }
        "RequestTimeout"
        | "SlowDown"
        | "ServiceUnavailable"
        | "InternalError"
        | "OperationAborted"
        | "Throttling"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "ThrottlingException" => of(Passing, "the store failed", AGAIN),
        "NotImplemented" => of(
            Refused,
            "the server cannot do this",
            "it speaks less of S3 than is needed: docs/s3.md says what that is",
        ),
        "AccessControlListNotSupported" => Meaning {
            outlook: Usage,
            problem: "the bucket takes no ACLs",
            help: format!("leave {ACL} away: whoever owns the bucket owns its objects"),
        },
        "InvalidPayer" | "RequesterPays" => Meaning {
            outlook: Refused,
            problem: "whoever asks pays",
            help: format!("add {REQUEST_PAYER} requester, and let the identity pay"),
        },
        "InvalidArgument" if what != "cannot list" => Meaning {
            outlook: Refused,
            problem: "the store does not take this",
            help: format!("check what says how objects are written, such as {SSE_KMS_KEY_ID}, {ACL} and tags"),
        },
        _ => match (error, status) {
            (object_store::Error::PermissionDenied { .. }, _) | (_, 403) => {
                Meaning { outlook: Refused, problem: "the store denies it", help: denied(answer, what, bucket) }
            }
            (object_store::Error::Unauthenticated { .. }, _) | (_, 401) => of(
                Refused,
                "the credentials are not accepted",
                "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, the profile or the role",
            ),
            (object_store::Error::NotFound { .. }, _) => {
                of(Passing, "it is not there", "it may have been deleted meanwhile; run again")
            }
            (_, 301 | 307 | 308) => Meaning {
                outlook: Refused,
                problem: "the bucket lies elsewhere",
                help: format!("check {ENDPOINT_URL} and {S3_REGION}"),
            },
            (_, 407) => of(
                Refused,
                "the proxy wants credentials",
                "write them into HTTPS_PROXY: http://user:password@proxy:port",
            ),
            (_, 400..=499) if !matches!(status, 404 | 408 | 409 | 412 | 416 | 425 | 429) => {
                of(Refused, "the store does not take this", "what it says tells why; another run would not fare better")
            }
            (_, 501) => of(
                Refused,
                "the server cannot do this",
                "it speaks less of S3 than is needed: docs/s3.md says what that is",
            ),
            _ => of(Passing, "the store failed", AGAIN),
        },
    }
}

/// Returns which statement is missing in which policy.
fn denied(answer: &Answer<'_>, what: &str, bucket: &str) -> String {
    let message = answer.message.map(unescaped).unwrap_or_default();
    let behind = |word: &str| {
        let (_, rest) = message.split_once(word)?;
        rest.split_whitespace().next().map(|text| text.trim_matches(|c: char| "\"',.".contains(c)).to_owned())
    };
    // That of an access point stands for itself.
    let arn = if bucket.starts_with("arn:") { bucket.to_owned() } else { format!("arn:aws:s3:::{bucket}") };
    let tried = match what {
        "cannot list" => ("s3:ListBucket", arn),
        "cannot delete" => ("s3:DeleteObject", format!("{arn}/…")),
        "cannot take an upload back" => ("s3:AbortMultipartUpload", format!("{arn}/…")),
        "cannot read" | "cannot look at" => ("s3:GetObject", format!("{arn}/…")),
        _ => ("s3:PutObject", format!("{arn}/…")),
    };
    let action = behind("perform: ").unwrap_or_else(|| tried.0.to_owned());
    let resource = behind("on resource: ").unwrap_or(tried.1);
    let who = behind("User: ").unwrap_or_else(|| "the credentials".to_owned());
    if message.contains("explicit deny") {
        return format!(
            "a policy denies {action} on {resource} to {who}: change that statement; what else allows it does not help"
        );
    }
    let more = match action.as_str() {
        action if action.starts_with("kms:") => " in the key's policy and in the identity's",
        _ => " in the identity's policy and, if the bucket is another account's, in the bucket's too",
    };
    let kms = match action.as_str() {
        "s3:GetObject" => "; if objects are encrypted by KMS, kms:Decrypt as well",
        "s3:PutObject" => "; if objects are encrypted by KMS, kms:GenerateDataKey and kms:Decrypt as well",
        _ => "",
    };
    format!(
        "allow {who} {action} on {resource}{more}{kms}; `flowparquet iam-policy SOURCE DEST` prints all that is needed"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn said(what: &str, status: &str, body: &str) -> (ErrorKind, String) {
        let source = format!("Error performing GET x - Server returned non-2xx status code: {status}: {body}").into();
        let error =
            failed(what, "s3://logs/x".to_owned(), Some("logs"), object_store::Error::Generic { store: "S3", source });
        (error.kind(), error.to_string())
    }

    fn xml(code: &str, message: &str, more: &str) -> String {
        format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>")
    }

    #[test]
    fn s3s_own_words_are_shown_and_what_to_do() {
        let user = "User: arn:aws:iam::123456789012:user/etl is not authorized to perform: s3:ListBucket on resource: \
                    &quot;arn:aws:s3:::logs&quot; because no identity-based policy allows the s3:ListBucket action";
        for (what, status, body, kind, texts) in [
            (
                "cannot list",
                "403 Forbidden",
                xml("AccessDenied", user, ""),
                ErrorKind::Refused,
                vec![
                    "cannot list: the store denies it (AccessDenied)",
                    "cause: S3 says: User: arn:aws:iam::123456789012:user/etl is not",
                    "help: allow arn:aws:iam::123456789012:user/etl s3:ListBucket on arn:aws:s3:::logs in the identity's",
                ],
            ),
            (
                "cannot read",
                "403 Forbidden",
                xml("AccessDenied", "Access Denied", ""),
                ErrorKind::Refused,
                vec!["allow the credentials s3:GetObject on arn:aws:s3:::logs/…", "kms:Decrypt"],
            ),
            (
                "cannot write",
                "403 Forbidden",
                xml(
                    "AccessDenied",
                    "User: arn:aws:iam::1:role/r is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:1:key/k with an explicit deny in a resource-based policy",
                    "",
                ),
                ErrorKind::Refused,
                vec!["a policy denies kms:GenerateDataKey on arn:aws:kms:eu-west-1:1:key/k to arn:aws:iam::1:role/r"],
            ),
            (
                "cannot look at",
                "403 Forbidden",
                String::new(),
                ErrorKind::Refused,
                vec!["the store denies it (403)", "s3:GetObject"],
            ),
            (
                "cannot list",
                "403 Forbidden",
                xml(
                    "RequestTimeTooSkewed",
                    "The difference is too large.",
                    "<RequestTime>20260101T000000Z</RequestTime><ServerTime>2026-01-01T01:00:00Z</ServerTime>",
                ),
                ErrorKind::Refused,
                vec![
                    "the clock is wrong (RequestTimeTooSkewed)",
                    "clock says 20260101T000000Z, that of S3 2026-01-01T01:00:00Z",
                ],
            ),
            (
                "cannot list",
                "400 Bad Request",
                xml(
                    "AuthorizationHeaderMalformed",
                    "the region 'a' is wrong; expecting 'b'",
                    "<Region>eu-west-1</Region>",
                ),
                ErrorKind::Refused,
                vec!["another Region", "it lies in eu-west-1"],
            ),
            (
                "cannot list",
                "404 Not Found",
                xml("NoSuchBucket", "The bucket does not exist", ""),
                ErrorKind::Refused,
                vec!["there is no such bucket"],
            ),
            (
                "cannot read",
                "403 Forbidden",
                xml("InvalidObjectState", "m", ""),
                ErrorKind::Usage,
                vec!["it is archived"],
            ),
            ("cannot read", "400 Bad Request", xml("ExpiredToken", "m", ""), ErrorKind::Refused, vec!["have expired"]),
            ("cannot look at", "400 Bad Request", String::new(), ErrorKind::Refused, vec!["have expired (400)"]),
            (
                "cannot read",
                "403 Forbidden",
                xml("InvalidAccessKeyId", "m", ""),
                ErrorKind::Refused,
                vec!["no account knows"],
            ),
            (
                "cannot read",
                "503 Slow Down",
                xml("SlowDown", "Please reduce", ""),
                ErrorKind::Stopped,
                vec!["safe to run again", "S3 says: Please reduce"],
            ),
            (
                "cannot read",
                "500 Oh",
                xml("InternalError", "We", ""),
                ErrorKind::Stopped,
                vec!["the store failed (InternalError)"],
            ),
            (
                "cannot write",
                "400 Bad Request",
                xml("AccessControlListNotSupported", "m", ""),
                ErrorKind::Usage,
                vec!["takes no ACLs"],
            ),
            (
                "cannot list",
                "301 Moved",
                xml("PermanentRedirect", "m", "<Endpoint>s3.eu-west-1.amazonaws.com</Endpoint>"),
                ErrorKind::Refused,
                vec!["names the endpoint s3.eu-west-1"],
            ),
            (
                "cannot list",
                "407 Proxy",
                "no".to_owned(),
                ErrorKind::Refused,
                vec!["the proxy wants", "the server says: no"],
            ),
        ] {
            let (is, text) = said(what, status, &body);
            assert_eq!(is, kind, "{text}");
            for part in texts {
                assert!(text.contains(part), "{part:?} in {text}");
            }
        }
    }

    #[test]
    fn of_other_answers_the_beginning_is_quoted_and_no_secret() {
        let body = format!("<html>\n  x-amz-security-token: TOPSECRET\n {}</html>", "word ".repeat(500));
        let (_, text) = said("cannot list", "502 Bad Gateway", &body);
        assert!(
            text.contains("the server says: <html>") && !text.contains("TOPSECRET") && text.len() < 1_000,
            "{text}"
        );
        // What was to be signed stands in S3's answer, with the token.
        let more = "<CanonicalRequest>GET x-amz-security-token:TOPSECRET</CanonicalRequest>";
        let (_, text) = said("cannot list", "403 Forbidden", &xml("SignatureDoesNotMatch", "The signature", more));
        assert!(text.contains("S3 says: The signature") && !text.contains("TOPSECRET"), "{text}");
    }

    #[test]
    fn who_has_no_credentials_learns_who_was_asked() {
        let of = |why: NoCredentials| {
            let error = object_store::Error::Generic { store: "S3", source: Box::new(why) };
            let error = failed("cannot list", "s3://logs".to_owned(), Some("logs"), error);
            (error.kind(), error.to_string())
        };
        let mut nobody = NoCredentials::because("there are no credentials", false);
        nobody.asked = vec!["AWS_ACCESS_KEY_ID is not set".to_owned(), "no instance metadata".to_owned()];
        let (kind, text) = of(nobody);
        assert!(
            kind == ErrorKind::Refused && text.contains("cause: AWS_ACCESS_KEY_ID is not set; no instance metadata"),
            "{text}"
        );
        let (kind, text) = of(NoCredentials::because("profile: the SSO session has expired", false));
        assert!(kind == ErrorKind::Refused && text.contains("aws sso login"), "{text}");
        let (kind, _) = of(NoCredentials::because("web identity: timed out", true));
        assert_eq!(kind, ErrorKind::Stopped);
    }
}
