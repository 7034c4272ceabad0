//! What an issuer allows the certificates below it to be: name and policy constraints (RFC 5280,
//! 4.2.1.10 and 4.2.1.11).
//!
//! The decision made here: a constraint counts whether it is critical or not, and what cannot be
//! evaluated forbids. Of names, distinguished names are evaluated; policies are not.

use std::mem::discriminant;

use const_oid::ObjectIdentifier as Oid;
use const_oid::db::{rfc3280, rfc5912};
use der::Any;
use der::asn1::{Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{NameConstraints, SubjectAltName};
use x509_cert::name::Name;

use super::certificate::X509;

/// A distinguished name for comparison: of each part its attributes, in no order.
type ComparableName = Vec<Vec<(Oid, String)>>;

impl X509 {
    /// Whether its constraints allow the certificates between it and the leaf, and the leaf, which
    /// is the first of them.
    pub(super) fn allows(&self, below: &[&X509]) -> bool {
        let has = |oid| self.extension_value(oid).is_some();
        if has(rfc5912::ID_CE_POLICY_CONSTRAINTS)
            || has(rfc5912::ID_CE_INHIBIT_ANY_POLICY)
        {
            return false;
        }
        if !has(rfc5912::ID_CE_NAME_CONSTRAINTS) {
            return true;
        }
        let Some(constraints) = self.extension::<NameConstraints>() else { return false };
        let permitted = constraints.permitted_subtrees.unwrap_or_default();
        let excluded = constraints.excluded_subtrees.unwrap_or_default();
        let is_whole =
            |subtree: &GeneralSubtree| subtree.minimum == 0 && subtree.maximum.is_none();
        if !permitted.iter().chain(&excluded).all(is_whole) {
            return false;
        }
        below.iter().enumerate().all(|(at, certificate)| {
            // RFC 5280, 6.1.3: a self-issued certificate is exempt, unless it is the leaf.
            (at > 0 && certificate.is_self_issued())
                || certificate.names_within(&permitted, &excluded).unwrap_or(false)
        })
    }

    /// Whether its names are permitted and not excluded; `None` if that cannot be evaluated.
    fn names_within(
        &self,
        permitted: &[GeneralSubtree],
        excluded: &[GeneralSubtree],
    ) -> Option<bool> {
        let mut names = Vec::new();
        if self.extension_value(rfc5912::ID_CE_SUBJECT_ALT_NAME).is_some() {
            names = self.extension::<SubjectAltName>()?.0;
        }
        let subject = &self.parsed().tbs_certificate.subject;
        if !subject.0.is_empty() {
            names.push(GeneralName::DirectoryName(subject.clone()));
        }
        if comparable(subject)?
            .iter()
            .flatten()
            .any(|(oid, _)| *oid == rfc3280::EMAIL_ADDRESS)
        {
            names.push(GeneralName::Rfc822Name(der::asn1::Ia5String::new("").ok()?));
        }
        for name in &names {
            let is_of_kind = |subtree: &&GeneralSubtree| {
                discriminant(&subtree.base) == discriminant(name)
            };
            let mut permitted = permitted.iter().filter(is_of_kind).peekable();
            let mut excluded = excluded.iter().filter(is_of_kind).peekable();
            if permitted.peek().is_none() && excluded.peek().is_none() {
                continue;
            }
            let GeneralName::DirectoryName(name) = name else { return None };
            let name = comparable(name)?;
            let is_constrained = permitted.peek().is_some();
            let mut is_permitted = !is_constrained;
            for subtree in permitted {
                is_permitted |= name.starts_with(&base(subtree)?);
            }
            for subtree in excluded {
                is_permitted &= !name.starts_with(&base(subtree)?);
            }
            if !is_permitted {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// The distinguished name below which names are constrained.
fn base(subtree: &GeneralSubtree) -> Option<ComparableName> {
    match &subtree.base {
        GeneralName::DirectoryName(name) => comparable(name),
        _ => None,
    }
}

/// A name in the form in which names are compared (RFC 5280, 7.1): without regard to case, to white
/// space and to the type of string. `None` if it has a string of another type.
fn comparable(name: &Name) -> Option<ComparableName> {
    let part = |value: &Any| -> Option<String> {
        let text = Utf8StringRef::try_from(value)
            .map(|text| text.as_str().to_owned())
            .or_else(|_| PrintableStringRef::try_from(value).map(|text| text.to_string()))
            .or_else(|_| Ia5StringRef::try_from(value).map(|text| text.to_string()))
            .or_else(|_| TeletexStringRef::try_from(value).map(|text| text.to_string()));
        let words = text.ok()?.to_lowercase();
        Some(words.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let parts = name.0.iter().map(|attributes| {
        let mut attributes: Vec<(Oid, String)> = attributes
            .0
            .iter()
            .map(|attribute| Some((attribute.oid, part(&attribute.value)?)))
            .collect::<Option<_>>()?;
        attributes.sort();
        Some(attributes)
    });
    parts.collect()
}
