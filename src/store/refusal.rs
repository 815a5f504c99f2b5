//! What a store refuses: one object alone, or all that it has.
//!
//! In: an error of object_store's, with the answer in its text. Out: S3's own code, and what it means for a person. An object that
//! is archived, denied, or encrypted by a key that is gone costs itself; a bucket, credentials or a network that fail cost the run.
//! The codes: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.

use std::error::Error as StdError;
use std::io;

use super::aws::sign::{element, unescaped};
use crate::error::{causes, masked};

/// Why an object that was listed cannot be read as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is no longer there.
    #[error("{GONE}")]
    Gone,
    /// It is another one now: size or ETag differ from the listing's.
    #[error("{CHANGED}")]
    Changed,
    /// The store has it and does not give it: its code, and what to do.
    #[error("{0}")]
    Refused(String),
}

impl Unread {
    /// Returns the store's own code, as far as it is one of those that are met.
    pub fn code(&self) -> &'static str {
        const MET: [&str; 8] = [
            "InvalidObjectState",
            "AccessDenied",
            "KMS.DisabledException",
            "KMS.NotFoundException",
            "KMS.KMSInvalidStateException",
            "InvalidRequest",
            "InternalError",
            "SlowDown",
        ];
        match self {
            Self::Gone => "NoSuchKey",
            Self::Changed => "it changed meanwhile",
            Self::Refused(why) => {
                MET.into_iter().find(|code| why.starts_with(code)).unwrap_or("the store does not give it")
            }
        }
    }

    /// Returns what broke off an object that is read piece by piece, if it was the object alone.
    pub fn of(e: &io::Error) -> Option<Self> {
        e.get_ref()?.downcast_ref::<Self>().cloned()
    }
}

/// Most characters that are shown of S3's own words.
const MOST_OF_A_MESSAGE: usize = 400;

const GONE: &str = "NoSuchKey: it is listed, and not there when it is read";
const CHANGED: &str = "it is listed with another size or ETag than it is read with";

/// Codes that say nothing of an object: the bucket, the account, the credentials or the clock are meant.
const OF_ALL: [&str; 22] = [
    "AccountProblem",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "IllegalLocationConstraintException",
    "InvalidAccessKeyId",
    "InvalidBucketName",
    "InvalidPayer",
    "InvalidSecurity",
    "InvalidToken",
    "MissingSecurityHeader",
    "NoSuchBucket",
    "NotSignedUp",
    "PermanentRedirect",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "SignatureDoesNotMatch",
    "SlowDown",
    "TemporaryRedirect",
    "TokenRefreshRequired",
    "UnauthorizedAccess",
];

/// Returns the code in an answer of S3's, if it has one.
pub(super) fn code(text: &str) -> Option<&str> {
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    (!code.is_empty() && code.len() < 100).then_some(code.trim())
}

/// Returns the HTTP status that an error tells. Of listings object_store makes errors of one kind, whatever was answered.
pub(super) fn status(text: &str) -> Option<u16> {
    text.split_once("status code: ")?.1.get(..3)?.parse().ok()
}

/// Returns whether a store refuses all that is asked of it: another run would not get any further.
pub(super) fn is_of_all(text: &str) -> bool {
    code(text).is_some_and(|code| OF_ALL.contains(&code) && !matches!(code, "RequestTimeout" | "SlowDown"))
}

/// Returns whether the server failed or refused, whatever was asked: its answer has another code than those of [`of_object`].
pub(super) fn is_of_server(error: &object_store::Error) -> bool {
    let text = causes(error);
    is_of_all(&text) || status(&text).is_some_and(|status| status >= 500)
}

/// Returns why this object alone is not given, if that is what an error says of the attempt to read one.
pub(super) fn of_object(error: &object_store::Error) -> Option<Unread> {
    let text = causes(error);
    if matches!(error, object_store::Error::NotFound { .. }) {
        return (!text.contains("NoSuchBucket")).then_some(Unread::Gone);
    }
    if let Some(why) = by_disk(error) {
        return Some(Unread::Refused(why));
    }
    let status = status(&text)?;
    let is_about_it = (400..500).contains(&status) && !matches!(status, 401 | 408 | 409 | 412 | 429);
    let code = code(&text).map(str::to_owned).or_else(|| (status == 403).then(|| "403 Forbidden".to_owned()))?;
    (is_about_it && !OF_ALL.contains(&code.as_str())).then(|| {
        // Who is denied what, and by which key, only S3's own words tell.
        let said = element(&text, "Message").map(unescaped).filter(|said| said.contains("arn:"));
        let said: String = said.unwrap_or_default().chars().take(MOST_OF_A_MESSAGE).collect();
        let said = if said.is_empty() { said } else { format!("; S3 says: {}", masked(&said)) };
        Unread::Refused(format!("{code}: {}{said}", meaning(&code)))
    })
}

/// Returns what is said of an object that the server fails to give whenever it is asked, if that is what an error says: whether others are
/// given has to be seen.
pub(super) fn failure(error: &object_store::Error) -> Option<Unread> {
    let text = causes(error);
    let status = status(&text).filter(|status| *status >= 500 && !is_of_all(&text))?;
    let code = code(&text).map_or_else(|| status.to_string(), str::to_owned);
    Some(Unread::Refused(format!("{code}: the store fails to give it each time it is asked, and gives others")))
}

/// Returns what the disk says of a file that cannot be read, when others can.
fn by_disk(error: &object_store::Error) -> Option<String> {
    /// A sector that cannot be read.
    const EIO: i32 = 5;
    let first: &dyn StdError = error;
    let mut causes = std::iter::successors(Some(first), |error| StdError::source(*error));
    let e = causes.find_map(|cause| cause.downcast_ref::<io::Error>())?;
    let told = e.kind() == io::ErrorKind::PermissionDenied || e.raw_os_error() == Some(EIO);
    told.then(|| format!("{e}: check the file's permissions and the disk"))
}

/// Returns what a code means for whoever wants the object.
fn meaning(code: &str) -> &'static str {
    match code {
        "InvalidObjectState" => "it is archived, and nobody can read it until it is restored",
        "AccessDenied" | "403 Forbidden" => {
            "it is denied: check the policies of bucket, object and KMS key, and who owns the object"
        }
        _ if code.starts_with("KMS") => "its KMS key cannot be used: enable it, or allow kms:Decrypt",
        "InvalidRequest" => "it is not given in this way: it may be encrypted with a key of its own (SSE-C)",
        _ => "the store does not give it",
    }
}

/// Returns what is said of an object whose content breaks off whenever it is read.
pub(super) fn broken(error: &(dyn StdError + 'static)) -> Unread {
    let text = causes(error);
    let said = text.lines().next().unwrap_or_default().chars().take(300).collect::<String>();
    Unread::Refused(format!("its content breaks off each time it is read: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: &str, body: &str) -> Option<Unread> {
        let source = format!("Error performing GET x - Server returned non-2xx status code: {status}: {body}").into();
        of_object(&object_store::Error::Generic { store: "S3", source })
    }

    #[test]
    fn an_object_is_told_from_its_bucket() {
        let xml =
            |code: &str| format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>m</Message></Error>");
        for (status, code) in [
            ("403 Forbidden", "InvalidObjectState"),
            ("403 Forbidden", "AccessDenied"),
            ("400 Bad Request", "KMS.DisabledException"),
            ("400 Bad Request", "KMS.KMSInvalidStateException"),
            ("400 Bad Request", "InvalidRequest"),
            ("405 Method Not Allowed", "MethodNotAllowed"),
        ] {
            let Some(Unread::Refused(why)) = of(status, &xml(code)) else { panic!("{code}") };
            assert!(why.starts_with(&format!("{code}: ")), "{why}");
        }
        assert!(of("403 Forbidden", "").is_some_and(|why| why.to_string().starts_with("403 Forbidden: ")));
        for code in OF_ALL {
            assert_eq!(of("403 Forbidden", &xml(code)), None, "{code}");
        }
        for (status, code) in
            [("503 Slow Down", "SlowDown"), ("500 Internal", "InternalError"), ("401 No", "AccessDenied")]
        {
            assert_eq!(of(status, &xml(code)), None, "{code}");
        }
        assert_eq!(of("400 Bad Request", ""), None);
        assert!(
            is_of_all(&xml("InvalidAccessKeyId")) && !is_of_all(&xml("AccessDenied")) && !is_of_all(&xml("SlowDown"))
        );
    }

    #[test]
    fn a_file_that_may_not_be_read_is_told_from_a_disk_that_fails() {
        let of = |e: io::Error| of_object(&object_store::Error::Generic { store: "disk", source: Box::new(e) });
        assert!(of(io::ErrorKind::PermissionDenied.into()).is_some() && of(io::Error::from_raw_os_error(5)).is_some());
        assert_eq!(of(io::Error::from_raw_os_error(24)), None, "too many open files");
    }
}
