//! Certificates of servers, checked as the system checks them.
//!
//! In: certificates that are trusted besides the system's. Out: a [`Trust`], from which HTTP clients get their TLS. The system's
//! certificates are some hundred files: they are read once for all clients, and not before a server shows one of its own. Each client
//! of reqwest's would read them for itself, a dozen times in a run of two buckets.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// Protocols that a server may choose from, the best first.
const PROTOCOLS: [&str; 2] = ["h2", "http/1.1"];

/// Which servers are trusted.
#[derive(Debug, Clone)]
pub struct Trust(Arc<WhenAsked>);

impl Trust {
    /// Trusts what the system trusts, and these certificates.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn with(certificates: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        static OF_THE_SYSTEM: OnceLock<Trust> = OnceLock::new();
        let new =
            |certificates| Self(Arc::new(WhenAsked { provider: provider(), certificates, verifier: OnceLock::new() }));
        if certificates.is_empty() {
            return Ok(OF_THE_SYSTEM.get_or_init(|| new(Vec::new())).clone());
        }
        let trust = new(certificates);
        trust.check().map(|()| trust)
    }

    /// Reads the certificates, if nobody did.
    ///
    /// # Errors
    /// When the system has none.
    pub fn check(&self) -> Result<(), Error> {
        self.0.verifier().map(drop)
    }

    /// Returns the settings of a client's TLS.
    ///
    /// # Errors
    /// When the provider of cryptography knows no version of TLS.
    pub fn config(&self, http1_only: bool) -> Result<ClientConfig, Error> {
        let builder =
            ClientConfig::builder_with_provider(Arc::clone(&self.0.provider)).with_safe_default_protocol_versions()?;
        let verifier = Arc::clone(&self.0);
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        let protocols = PROTOCOLS.iter().skip(usize::from(http1_only));
        config.alpn_protocols = protocols.map(|name| name.as_bytes().to_vec()).collect();
        Ok(config)
    }
}

/// Returns what does the cryptography: ring, where a program that uses this library has not chosen another one.
fn provider() -> Arc<CryptoProvider> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()))
}

/// The system's own check, made when it is asked for the first time.
#[derive(Debug)]
struct WhenAsked {
    provider: Arc<CryptoProvider>,
    certificates: Vec<CertificateDer<'static>>,
    verifier: OnceLock<Result<Verifier, Error>>,
}

impl WhenAsked {
    fn verifier(&self) -> Result<&Verifier, Error> {
        let made = self.verifier.get_or_init(|| {
            Verifier::new_with_extra_roots(self.certificates.iter().cloned(), Arc::clone(&self.provider))
        });
        made.as_ref().map_err(Clone::clone)
    }
}

// All is the system's; only the schemes must be known before, for the first words of a client.
impl ServerCertVerifier for WhenAsked {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verifier()?.verify_server_cert(server, between, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
