//! Which constructs a policy has of `hmac`.

use portcullis::ir::hir;

use super::Found;

impl Found {
    pub(super) fn token(&mut self, token: &hir::Token) {
        for from in &token.from {
            self.add(match from {
                hir::CredentialSource::Bearer | hir::CredentialSource::Basic => "token bearer",
                hir::CredentialSource::Header(_) => "token header",
                hir::CredentialSource::Query(_) => "token query",
                hir::CredentialSource::Cookie(_) => "token cookie",
            });
        }
        self.add_if(token.expires.is_some(), "token expires");
        self.add_if(token.forward, "token forward");
        self.add_if(token.captures.iter().any(|capture| capture.ty == hir::Ty::Int), "token int");
        token.exprs().for_each(|expr| self.expr(expr));
    }

    pub(super) fn hmac(&mut self, hmac: &hir::Hmac) {
        for from in &hmac.from {
            self.add(match from {
                hir::CredentialSource::Header(_) | hir::CredentialSource::Bearer | hir::CredentialSource::Basic => "hmac header",
                hir::CredentialSource::Query(_) => "hmac query",
                hir::CredentialSource::Cookie(_) => "hmac cookie",
            });
        }
        self.add_if(hmac.aws.is_some(), "hmac aws_sigv4");
        self.add_if(hmac.http.is_some(), "hmac http_signature");
        self.add(match hmac.codes.encoding {
            hir::Encoding::Hex => "hmac hex",
            hir::Encoding::LowerHex => "hmac lower-case hex",
            hir::Encoding::Base64 => "hmac base64",
            hir::Encoding::Base64Url => "hmac base64url",
        });
        self.add(match hmac.algorithm {
            hir::Algorithm::Sha256 => "hmac sha256",
            hir::Algorithm::Sha512 => "hmac sha512",
            hir::Algorithm::Sha1 => "hmac sha1",
        });
        self.add_if(hmac.codes.separator.is_some(), "hmac several codes");
        self.add(if hmac.reads_body { "hmac of the body" } else { "hmac of the headers" });
        self.add_if(hmac.timestamp.is_some(), "hmac timestamp");
        self.add_if(hmac.secrets.len() > 1, "hmac rotation");
        self.add_if(hmac.encoded_secrets, "hmac encoded secrets");
        self.add_if(hmac.forward, "hmac forward");
        hmac.exprs().for_each(|expr| self.expr(expr));
        if let Some(dedupe) = &hmac.dedupe {
            self.add(if dedupe.nonce.is_some() { "hmac dedupe" } else { "hmac dedupe of codes" });
        }
    }
}
