//! What of `jwt` a policy has.

use portcullis::ir::hir;

use super::Found;

impl Found {
    pub(super) fn jwt(&mut self, jwt: &hir::Jwt) {
        self.add("jwt");
        self.add_if(matches!(jwt.keys, hir::JwtKeys::Fetched(_)), "jwt fetched");
        self.add_if(jwt.issuer.is_some(), "jwt issuer");
        self.add_if(!jwt.audiences.is_empty(), "jwt audiences");
        self.add_if(!jwt.require_expiration, "jwt without expiration");
        self.add_if(jwt.max_lifetime.is_some(), "jwt max_lifetime");
        self.add_if(jwt.forward, "jwt forward");
        self.add_if(jwt.crypto == hir::JwtCrypto::Host, "jwt by the host alone");
        for claim in &jwt.claims {
            self.add(match claim.kind {
                hir::ClaimKind::Bool => "claim bool",
                hir::ClaimKind::Int => "claim int",
                hir::ClaimKind::Float => "claim float",
                hir::ClaimKind::Json => "claim json",
                hir::ClaimKind::String => "claim string",
                hir::ClaimKind::Enum(_) => "claim enum",
                hir::ClaimKind::Words => "claim words",
                hir::ClaimKind::List => "claim list",
            });
            self.add_if(claim.optional, "claim optional");
            self.add_if(claim.default.is_some(), "claim default");
        }
    }
}
