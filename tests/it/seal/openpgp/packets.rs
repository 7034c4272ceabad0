//! Builds OpenPGP packets, right and wrong ones: keys, signatures, armour (RFC 4880, RFC 9580).

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use ring::signature::{Ed25519KeyPair, KeyPair};

/// Packet types.
pub(super) const SIGNATURE: u8 = 2;
pub(super) const PUBLIC_KEY: u8 = 6;
pub(super) const USER_ID: u8 = 13;
pub(super) const PUBLIC_SUBKEY: u8 = 14;

/// Hash algorithms.
pub(super) const MD5: u8 = 1;
pub(super) const SHA1: u8 = 2;
pub(super) const SHA224: u8 = 11;

/// An Ed25519 key of version 4 (EdDSALegacy).
pub(super) struct Key {
    pair: Ed25519KeyPair,
    pub(super) created: u32,
}

impl Key {
    /// The key of that number, which is the same in each run.
    pub(super) fn new(number: u8, created: u32) -> Self {
        Self {
            pair: Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap(),
            created,
        }
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let curve = [9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1];
        let point = [&[0x40], self.pair.public_key().as_ref()].concat();
        [&[4][..], &self.created.to_be_bytes(), &[22], &curve, &mpi(&point)].concat()
    }

    /// The key as it is signed and as its fingerprint hashes it.
    pub(super) fn signed_form(&self) -> Vec<u8> {
        let body = self.body();
        [&[0x99][..], &(body.len() as u16).to_be_bytes(), &body].concat()
    }

    pub(super) fn fingerprint(&self) -> Vec<u8> {
        hash(SHA1, &self.signed_form())
    }

    pub(super) fn id(&self) -> Vec<u8> {
        self.fingerprint()[12..].to_vec()
    }
}

/// A signature of version 4 that is to be made.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) kind: u8,
    pub(super) hash: u8,
    pub(super) algorithm: u8,
    pub(super) hashed: Vec<Vec<u8>>,
    /// Written before the issuer's key id, if it is not `None`.
    pub(super) unhashed: Option<Vec<Vec<u8>>>,
    pub(super) has_fingerprint: bool,
    /// Xor of the first byte of the hash's prefix.
    pub(super) prefix: u8,
    /// Bytes after the numbers.
    pub(super) trailing: Vec<u8>,
    pub(super) has_long_mpi: bool,
}

impl Draft {
    /// A signature of that type, made at that time.
    pub(super) fn new(kind: u8, created: u32) -> Self {
        Self::timeless(kind).with(2, created.to_be_bytes())
    }

    pub(super) fn timeless(kind: u8) -> Self {
        Self {
            kind,
            hash: 10,
            algorithm: 22,
            hashed: Vec::new(),
            unhashed: Some(Vec::new()),
            has_fingerprint: true,
            prefix: 0,
            trailing: Vec::new(),
            has_long_mpi: false,
        }
    }

    /// Adds a hashed subpacket.
    pub(super) fn with(mut self, kind: u8, body: impl AsRef<[u8]>) -> Self {
        self.hashed.push(subpacket(kind, body.as_ref()));
        self
    }

    /// Adds an unhashed subpacket.
    pub(super) fn with_unhashed(mut self, kind: u8, body: impl AsRef<[u8]>) -> Self {
        self.unhashed.get_or_insert_default().push(subpacket(kind, body.as_ref()));
        self
    }

    pub(super) fn with_hash(mut self, hash: u8) -> Self {
        self.hash = hash;
        self
    }

    /// The body of the packet: the signature of `key` over the parts.
    pub(super) fn sign(&self, key: &Key, parts: &[&[u8]]) -> Vec<u8> {
        let fingerprint = subpacket(33, &[&[4], &key.fingerprint()[..]].concat());
        let hashed = if self.has_fingerprint { fingerprint } else { Vec::new() };
        let hashed = [hashed, self.hashed.concat()].concat();
        let head = [
            &[4, self.kind, self.algorithm, self.hash][..],
            &(hashed.len() as u16).to_be_bytes(),
            &hashed,
        ]
        .concat();
        let trailer =
            [&head[..], &[4, 0xff], &(head.len() as u32).to_be_bytes()].concat();
        let digest = hash(self.hash, &[&parts.concat()[..], &trailer].concat());
        let unhashed = self.unhashed.as_ref().map_or_else(Vec::new, |more| {
            [more.concat(), subpacket(16, &key.id())].concat()
        });
        let signature = key.pair.sign(&digest);
        let (r, s) = signature.as_ref().split_at(32);
        let mut numbers = [mpi(r), mpi(s)].concat();
        if self.has_long_mpi {
            numbers = [&[1, 8, 0][..], r, &mpi(s)].concat();
        }
        [
            &head[..],
            &(unhashed.len() as u16).to_be_bytes(),
            &unhashed,
            &[digest[0] ^ self.prefix, digest[1]],
            &numbers,
            &self.trailing,
        ]
        .concat()
    }
}

/// The body of a signature packet of version 3.
pub(super) fn sign_v3(kind: u8, created: u32, key: &Key, parts: &[&[u8]]) -> Vec<u8> {
    let hashed = [&[kind][..], &created.to_be_bytes()].concat();
    let digest = hash(10, &[&parts.concat()[..], &hashed].concat());
    let signature = key.pair.sign(&digest);
    let (r, s) = signature.as_ref().split_at(32);
    let head = [&[3, 5][..], &hashed, &key.id(), &[22, 10], &digest[..2]].concat();
    [head, mpi(r), mpi(s)].concat()
}

/// A packet, with its length in the shortest form.
pub(super) fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    [vec![0xc0 | kind], length(body.len()), body.to_vec()].concat()
}

fn subpacket(kind: u8, body: &[u8]) -> Vec<u8> {
    [length(body.len() + 1), vec![kind], body.to_vec()].concat()
}

fn length(length: usize) -> Vec<u8> {
    match length {
        0..192 => vec![length as u8],
        _ => vec![((length - 192) >> 8) as u8 + 192, (length - 192) as u8],
    }
}

fn mpi(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let bits = bytes.len() * 8 - bytes[0].leading_zeros() as usize;
    [&(bits as u16).to_be_bytes()[..], bytes].concat()
}

/// Writes armour as GnuPG does, with these lines as headers.
pub(super) fn armor(label: &str, headers: &str, bytes: &[u8]) -> String {
    let mut sum = 0x00b7_04ce_u32;
    for byte in bytes {
        sum ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            sum = if sum & 0x80_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x186_4cfb };
            sum &= 0xff_ffff;
        }
    }
    let text = STANDARD.encode(bytes);
    let lines = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap());
    let body = lines.collect::<Vec<_>>().join("\n");
    let sum = STANDARD.encode(&sum.to_be_bytes()[1..]);
    format!(
        "-----BEGIN PGP {label}-----\n{headers}\n{body}\n={sum}\n-----END PGP {label}-----\n"
    )
}

fn hash(number: u8, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match number {
        SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        8 => &digest::SHA256,
        9 => &digest::SHA384,
        10 => &digest::SHA512,
        MD5 => return openssl_hash("-md5", bytes),
        SHA224 => return openssl_hash("-sha224", bytes),
        other => panic!("hash {other}"),
    };
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

/// The hashes that `ring` has not.
fn openssl_hash(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(["dgst", name, "-binary"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    child.wait_with_output().unwrap().stdout
}
