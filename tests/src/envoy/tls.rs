//! Certificates of tests: one authority a process, a certificate for Envoy, one for each client that has one. In: what a
//! certificate should say. Out: PEM for Envoy, TLS connections of clients.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};

use portcullis::tools::engine::EngineError;
use portcullis::tools::message::{Certificate, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::fault;

/// The name that Envoy's certificate bears.
const SERVER: &str = "portcullis.test";

/// Who signs.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// One that nobody trusts yet.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str) -> Result<Self, EngineError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key()?).map_err(fault("making an authority"))?;
        Ok(Self { issuer })
    }

    /// The authority that Envoy trusts, the same in all of this process.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn trusted() -> Result<&'static Self, EngineError> {
        static TRUSTED: OnceLock<Result<Authority, String>> = OnceLock::new();
        let made = TRUSTED.get_or_init(|| Authority::new("Portcullis tests").map_err(|EngineError(why)| why));
        made.as_ref().map_err(|why| EngineError(why.clone()))
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Certificate and key of a server, as PEM.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn server(&self) -> Result<(String, String), EngineError> {
        let params = CertificateParams::new(vec![SERVER.to_owned()]).map_err(fault("making a certificate"))?;
        let key = key()?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(fault("making a certificate"))?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// Certificate and key of a client.
    fn client(&self, says: &Certificate) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), EngineError> {
        let doing = "making a client's certificate";
        let mut params = CertificateParams::default();
        params.distinguished_name = name(&says.subject)?;
        for uri in &says.uris {
            params.subject_alt_names.push(SanType::URI(uri.as_str().try_into().map_err(fault(doing))?));
        }
        for dns in &says.dns {
            params.subject_alt_names.push(SanType::DnsName(dns.as_str().try_into().map_err(fault(doing))?));
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = key()?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(fault(doing))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((certificate.der().clone(), key))
    }
}

fn key() -> Result<KeyPair, EngineError> {
    KeyPair::generate().map_err(fault("making a key"))
}

/// A subject as Envoy writes it: the last part first.
fn name(subject: &str) -> Result<DistinguishedName, EngineError> {
    let mut name = DistinguishedName::new();
    for part in subject.split(',').rev().filter(|part| !part.is_empty()) {
        let (kind, value) = part.split_once('=').ok_or_else(|| EngineError(format!("`{part}` is no part of a subject")))?;
        let kind = match kind {
            "CN" => DnType::CommonName,
            "O" => DnType::OrganizationName,
            "OU" => DnType::OrganizationalUnitName,
            "C" => DnType::CountryName,
            "L" => DnType::LocalityName,
            "ST" => DnType::StateOrProvinceName,
            other => return Err(EngineError(format!("tests make no subjects with `{other}`"))),
        };
        name.push(kind, value);
    }
    Ok(name)
}

/// Begins TLS on a connection, with the certificate that `tls` names, signed by `authority`.
///
/// # Errors
/// When there is no such certificate. What the server refuses shows when the connection is used.
pub fn connect(stream: TcpStream, tls: &Tls, authority: &Authority) -> Result<StreamOwned<ClientConnection, TcpStream>, EngineError> {
    let doing = "setting up the client's TLS";
    let mut roots = RootCertStore::empty();
    roots.add(Authority::trusted()?.issuer.der().clone()).map_err(fault(doing))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(fault(doing))?;
    let config = config.with_root_certificates(roots);
    let config = match &tls.certificate {
        Some(says) => {
            let (certificate, key) = authority.client(says)?;
            config.with_client_auth_cert(vec![certificate], key).map_err(fault(doing))?
        }
        None => config.with_no_client_auth(),
    };
    let server = ServerName::try_from(SERVER).map_err(fault(doing))?;
    let connection = ClientConnection::new(Arc::new(config), server).map_err(fault(doing))?;
    Ok(StreamOwned::new(connection, stream))
}

/// Writes everything.
///
/// # Errors
/// When the connection fails.
pub fn write(stream: &mut impl Write, bytes: &[u8]) -> Result<(), EngineError> {
    stream.write_all(bytes).and_then(|()| stream.flush()).map_err(fault("writing by TLS"))
}
