//! TLS by rustls, with the certificates of the system or an authority of one's own.
//!
//! The provider is named here, `ring`: one for the whole process is the application's to choose, and there may be
//! none or two. Certificates are read once, when a store connects.

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use sancho_core::ErrorKind;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto};

use super::dial::Socket;
use super::meaning::Failure;
use crate::address::{Host, TlsFiles};

/// How TLS is spoken.
#[derive(Debug)]
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// # Errors
    /// `Invalid`, naming the file: it cannot be read, or is not what it should be.
    pub(super) fn read(files: &TlsFiles) -> Result<Self, Failure> {
        let roots = match &files.authority {
            Some(path) => authority(path)?,
            None => system()?,
        };
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(invalid)?
            .with_root_certificates(roots);
        let config = match &files.own {
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_slice(&contents(key)?).map_err(|error| unfit(key, error))?;
                config.with_client_auth_cert(certificates(certificate)?, key).map_err(invalid)?
            }
            None => config.with_no_client_auth(),
        };
        Ok(Tls(Arc::new(config)))
    }

    /// Speaks TLS on a connected socket, with a server that must prove that it is `host`.
    ///
    /// # Errors
    /// `Invalid` when it does not prove it: a person has to look at the certificates.
    pub(super) async fn wrap(&self, plain: TcpStream, host: &Host) -> Result<Socket, Failure> {
        let name = ServerName::try_from(host.name.clone()).map_err(invalid)?;
        match TlsConnector::from(Arc::clone(&self.0)).connect(name, plain).await {
            Ok(stream) => Ok(Box::pin(stream)),
            Err(error) if is_distrust(&error) => Err(Failure::new(
                ErrorKind::Invalid,
                format!("{host} is not trusted: {error}; name the authority of its certificate by ?ca=FILE"),
            )),
            Err(error) => Err(Failure::of_socket(&error, format_args!("{host} (by TLS)"))),
        }
    }
}

fn is_distrust(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

/// Whether the server said that it will not have us: TLS 1.3 says so after the handshake, to the first that is read.
pub(super) fn is_refusal(error: &redis::RedisError) -> bool {
    // The library shares what it passes on.
    let shared = error.source().and_then(|source| source.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let io = shared.and_then(|shared| shared.downcast_ref::<io::Error>());
    let inner = io.and_then(|io| io.get_ref()).and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::AlertReceived(_)))
}

/// The authorities that the system trusts.
fn system() -> Result<RootCertStore, Failure> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(Failure::new(
            ErrorKind::Invalid,
            format!(
                "the system trusts no authority{why}; install its certificates (on Debian, ca-certificates), or \
                     name one by ?ca=FILE"
            ),
        ));
    }
    Ok(roots)
}

fn authority(path: &Path) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| unfit(path, error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let contents = contents(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents).collect();
    let certificates = certificates.map_err(|error| unfit(path, error))?;
    if certificates.is_empty() { Err(unfit(path, "it has no certificate")) } else { Ok(certificates) }
}

fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| unfit(path, error))
}

fn unfit(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorKind::Invalid, format!("the PEM file {} cannot be used: {error}", path.display()))
}

fn invalid(error: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorKind::Invalid, format!("TLS cannot be spoken: {error}"))
}
