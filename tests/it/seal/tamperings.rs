//! Changes to a sealed certificate and its detached signature, each of which verification detects.

use std::sync::LazyLock;

use testamur::seal::{SignatureReport, Verdict, Verification, verify};

use super::site::{Site, draft, now};

/// One sealed certificate for all tests, and another of the same site.
struct Case {
    site: Site,
    pdf: Vec<u8>,
    signature: String,
    other: Vec<u8>,
    other_signature: String,
}

static CASE: LazyLock<Case> = LazyLock::new(|| {
    let site = Site::new("Example University");
    let (sealed, other) = (site.seal(&draft("en.pdf")), site.seal(&draft("es.pdf")));
    Case {
        pdf: sealed.bytes,
        signature: sealed.signature.unwrap(),
        other: other.bytes,
        other_signature: other.signature.unwrap(),
        site,
    }
});

fn verify_pdf(pdf: &[u8]) -> Verification {
    verify(pdf, None, CASE.site.keys.trust(), now())
}

fn verify_both(pdf: &[u8], signature: &str) -> Verification {
    verify(pdf, Some(signature.as_bytes()), CASE.site.keys.trust(), now())
}

/// Asserts that verification fails, and does not give «intact, signer unknown» either.
fn assert_detected(pdf: &[u8], how: &str) {
    let report = verify_pdf(pdf);
    assert!(
        matches!(report.verdict, Verdict::Bad | Verdict::NotSealed),
        "{how}: {report:#?}"
    );
    assert!(!report.seal.is_some_and(|seal| seal.intact || seal.trusted), "{how}");
    assert_eq!(verify_both(pdf, &CASE.signature).verdict, Verdict::Bad, "{how}");
}

/// The start of the appended revision, and the hex digits of the seal's `/Contents`.
fn positions(pdf: &[u8]) -> (usize, std::ops::Range<usize>) {
    let base = draft("en.pdf").len();
    let open = find(pdf, b"/Contents<", base) + 10;
    let close = find(pdf, b">", open);
    (base, open..close)
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> usize {
    from + bytes[from..].windows(what.len()).position(|window| window == what).unwrap()
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = find(bytes, from.as_bytes(), 0);
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn untouched_certificate_verifies() {
    let report = verify_both(&CASE.pdf, &CASE.signature);
    assert!(report.is_genuine(), "{report:#?}");
    let seal = report.seal.unwrap();
    assert_eq!(seal.covered, CASE.pdf.len());
    assert_eq!(seal.signer.unwrap().name, "Example University");
}

#[test]
fn flipped_bit_in_the_sealing_revision_is_detected() {
    let (base, digits) = positions(&CASE.pdf);
    let mut unknown = 0;
    for index in base..CASE.pdf.len() {
        let bit = 1 << (index % 8);
        let mut pdf = CASE.pdf.clone();
        pdf[index] ^= bit;
        let report = verify_pdf(&pdf);
        // A changed issuer name in the root's certificate makes it another root, which is unknown.
        let stranger =
            digits.contains(&index) && report.verdict == Verdict::SignerUnknown;
        unknown += usize::from(stranger);
        assert!(
            stranger || matches!(report.verdict, Verdict::Bad | Verdict::NotSealed),
            "byte {index}, bit {bit}: {report:#?}"
        );
    }
    assert!(unknown < 200, "{unknown}");
}

#[test]
fn flipped_bit_in_the_document_is_detected() {
    let (base, _) = positions(&CASE.pdf);
    for index in (0..base).step_by(97) {
        let mut pdf = CASE.pdf.clone();
        pdf[index] ^= 0x20;
        assert_detected(&pdf, &format!("byte {index}"));
    }
}

#[test]
fn changed_hex_digits_are_detected() {
    let (_, digits) = positions(&CASE.pdf);
    let mut lower = CASE.pdf.clone();
    lower[digits.clone()].make_ascii_lowercase();
    assert_detected(&lower, "lower case");
    let letter = digits.clone().find(|at| CASE.pdf[*at].is_ascii_uppercase()).unwrap();
    let mut one = CASE.pdf.clone();
    one[letter].make_ascii_lowercase();
    assert_detected(&one, "one letter");
    let mut space = CASE.pdf.clone();
    space[digits.end - 1] = b' ';
    assert_detected(&space, "white space between digits");
    let mut padding = CASE.pdf.clone();
    padding[digits.end - 1] = b'1';
    assert_detected(&padding, "padding that is not zero");
}

#[test]
fn truncation_is_detected() {
    let length = CASE.pdf.len();
    let (base, _) = positions(&CASE.pdf);
    let all =
        (0..length).step_by(1999).chain(base - 3..base + 3).chain(length - 40..length);
    for end in all {
        let report = verify_pdf(&CASE.pdf[..end]);
        assert!(
            matches!(report.verdict, Verdict::Bad | Verdict::NotSealed),
            "{end}: {report:#?}"
        );
        assert_eq!(
            verify_both(&CASE.pdf[..end], &CASE.signature).verdict,
            Verdict::Bad,
            "{end}"
        );
    }
}

#[test]
fn appended_and_prepended_bytes_are_detected() {
    for more in
        ["\n", "\0", " ", "%", "x", "%%EOF\n", "\n%%EOF\n", "startxref\n0\n%%EOF\n"]
    {
        assert_detected(
            &[&CASE.pdf[..], more.as_bytes()].concat(),
            &format!("{more:?} after the end"),
        );
        assert_detected(
            &[more.as_bytes(), &CASE.pdf[..]].concat(),
            &format!("{more:?} before the start"),
        );
    }
    assert_detected(&[&CASE.pdf[..], &CASE.pdf].concat(), "twice");
    assert_detected(&[&CASE.pdf[..], &CASE.other].concat(), "another after it");
    assert_detected(&[&CASE.other[..], &CASE.pdf].concat(), "another before it");
}

/// Well-formed incremental updates, as other programs write them.
#[test]
fn further_revisions_are_detected() {
    let table = {
        let at = CASE.pdf.windows(9).rposition(|window| window == b"startxref").unwrap();
        let text = String::from_utf8_lossy(&CASE.pdf[at + 10..]).into_owned();
        text.lines().next().unwrap().to_owned()
    };
    let trailer = |size: u32| {
        format!("<</Size {size}/Root 68 0 R/Info 66 0 R/ID[(a)(b)]/Prev {table}>>")
    };
    let revision = |objects: &[(u32, &str)]| {
        let mut pdf = CASE.pdf.clone();
        let mut entries = String::new();
        for (number, body) in objects {
            entries += &format!("{number} 1\n{:010} 00000 n\r\n", pdf.len());
            pdf.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
        }
        let at = pdf.len();
        pdf.extend(
            format!("xref\n{entries}trailer\n{}\nstartxref\n{at}\n%%EOF\n", trailer(200))
                .bytes(),
        );
        pdf
    };
    let note =
        "<</Type/Annot/Subtype/FreeText/Rect[0 0 99 99]/Contents(Dr.)/DA(/F 9 Tf)>>";
    let page = "<</Type/Page/Parent 1 0 R/MediaBox[0 0 9 9]/Annots[150 0 R]>>";
    for (how, objects) in [
        ("nothing at all", &[][..]),
        ("an annotation", &[(150, note), (50, page)][..]),
        ("another page content", &[(63, "<</Length 0>>\nstream\n\nendstream")]),
        ("another catalog", &[(68, "<</Type/Catalog/Pages 1 0 R>>")]),
        ("other facts", &[(66, "<</Title(Doctor of Medicine)>>")]),
        ("an unused object", &[(150, "<</A 1>>")]),
        ("empty validation data", &[(150, "<</Type/DSS/Certs[]/CRLs[]>>")]),
    ] {
        assert_detected(&revision(objects), how);
    }
}

#[test]
fn shadow_objects_and_changed_entries_are_detected() {
    let base = draft("en.pdf");
    let table = base.windows(5).rposition(|window| window == b"xref\n").unwrap();
    // A second object 50 before the cross-reference table, or a comment between two objects.
    let hidden = b"50 0 obj\n<</Type/Page>>\nendobj\n";
    for what in [&hidden[..], b"% a comment\n", b"\n\n"] {
        let pdf = [&CASE.pdf[..table], what, &CASE.pdf[table..]].concat();
        assert_detected(&pdf, "something hides before the table");
    }
    for (from, to) in [
        ("/Type/Sig/", "/Type/Sig /"),
        ("/P 1/", "/P 2/"),
        ("/P 1/", "/P 3/"),
        ("/SigFlags 3", "/SigFlags 1"),
        ("/SigFlags 3", "/SigFlags 3/NeedAppearances true"),
        ("/Rect[0 0 0 0]", "/Rect[0 0 9 9]"),
        ("/F 132", "/F 134"),
        ("/Perms<<", "/Perms1<<"),
        ("/ETSI.CAdES.detached", "/adbe.pkcs7.detached"),
        ("/Adobe.PPKLite", "/Adobe.PPKMS"),
        ("/Lang(en)/Alt", "/Lang(de)/Alt"),
        ("/Tabs/S", "/Tabs/R"),
        ("/Perms", "/AA<<>>/Perms"),
        ("/Perms", "/OpenAction<</S/JavaScript/JS(1)>>/Perms"),
    ] {
        assert_detected(&replaced(&CASE.pdf, from, to), to);
    }
}

#[test]
fn changed_byte_range_is_detected() {
    let (base, digits) = positions(&CASE.pdf);
    let at = find(&CASE.pdf, b"/ByteRange[", base) + 11;
    let end = digits.end + 1;
    let rest = CASE.pdf.len() - end;
    let open = digits.start - 1;
    for range in [
        format!("0 {open} {end} {}", rest - 1),
        format!("0 {} {end} {rest}", open - 1),
        format!("1 {} {end} {rest}", open - 1),
        format!("0 {open} {} {}", end + 1, rest - 1),
        format!("0 0 0 {}", CASE.pdf.len()),
        format!("0 0 {end} {rest}"),
        format!("0 {open} {end} {rest} 0 0"),
        format!("0 {open} {end} -{rest}"),
        format!("00 {open} {end} {rest}"),
        format!("0 {open} {end}  {rest}"),
        "0 18446744073709551615 1 1".to_owned(),
        String::new(),
    ] {
        let mut pdf = CASE.pdf.clone();
        let slot = format!("{:<41}", format!("{range}]"));
        pdf[at..at + slot.len()].copy_from_slice(slot.as_bytes());
        assert_detected(&pdf, &range);
    }
}

#[test]
fn swapped_contents_are_detected() {
    let (_, digits) = positions(&CASE.pdf);
    let (other_base, from) =
        (draft("es.pdf").len(), find(&CASE.other, b"/Contents<", 0) + 10);
    assert!(from > other_base);
    let mut pdf = CASE.pdf.clone();
    pdf[digits.clone()].copy_from_slice(&CASE.other[from..from + digits.len()]);
    assert_detected(&pdf, "another certificate's signature");

    let again = CASE.site.seal(&draft("en.pdf")).bytes;
    let (_, theirs) = positions(&again);
    if again[..theirs.start] != CASE.pdf[..digits.start] {
        // Sealed in another second, so that the signature is over other attributes.
        let mut pdf = CASE.pdf.clone();
        pdf[digits.clone()].copy_from_slice(&again[theirs]);
        assert_detected(&pdf, "the signature of another sealing");
    }

    let stranger = Site::new("Example University").seal(&draft("en.pdf")).bytes;
    let (_, theirs) = positions(&stranger);
    let mut pdf = CASE.pdf.clone();
    let length = theirs.len().min(digits.len());
    pdf[digits.clone()].fill(b'0');
    pdf[digits.start..digits.start + length]
        .copy_from_slice(&stranger[theirs.start..][..length]);
    assert!(!verify_pdf(&pdf).is_genuine(), "the signature of a stranger");

    for fill in [b'0', b'F', b'3'] {
        let mut pdf = CASE.pdf.clone();
        pdf[digits.clone()].fill(fill);
        assert_detected(&pdf, "no signature at all");
    }
    // The seal of one document on the pages of another.
    let document =
        [&CASE.other[..other_base], &CASE.pdf[draft("en.pdf").len()..]].concat();
    assert_detected(&document, "the seal of another document");
}

#[test]
fn changed_detached_signature_is_detected() {
    let bad = |pdf: &[u8], signature: &str, how: &str| {
        assert_eq!(verify_both(pdf, signature).verdict, Verdict::Bad, "{how}");
    };
    let good = &CASE.signature;
    bad(&CASE.pdf, &CASE.other_signature, "another certificate's");
    bad(&CASE.other, good, "over another file");
    bad(&draft("en.pdf"), good, "over the unsealed draft");
    bad(&CASE.pdf, "", "empty");
    bad(&CASE.pdf, &good.replace('\n', "\r\n"), "other line ends");
    bad(&CASE.pdf, &format!("{good}\n"), "a line more");
    bad(&CASE.pdf, &format!(" {good}"), "a space before");
    bad(&CASE.pdf, &format!("{good}{good}"), "twice");
    bad(&CASE.pdf, good.trim_end(), "without its last line end");
    bad(&CASE.pdf, &good.replacen("\n\n", "\nVersion: x\n\n", 1), "a header");
    bad(&CASE.pdf, &good.replace("SIGNATURE", "MESSAGE"), "another label");
    bad(
        &CASE.pdf,
        &good
            .lines()
            .filter(|line| !line.starts_with('='))
            .collect::<Vec<_>>()
            .join("\n"),
        "no checksum",
    );
    for index in 0..good.len() {
        let mut text = good.clone().into_bytes();
        text[index] = if text[index] == b'A' { b'B' } else { b'A' };
        let report = verify(&CASE.pdf, Some(&text), CASE.site.keys.trust(), now());
        assert_eq!(report.verdict, Verdict::Bad, "character {index}");
    }
    // A key of another owner may have the same user id.
    let stranger = Site::new("Example University");
    let theirs = stranger.seal(&draft("en.pdf"));
    let report = verify_both(&theirs.bytes, &theirs.signature.unwrap());
    assert_eq!(report.verdict, Verdict::SignerUnknown);
}

/// Flips each bit of the packet, and corrects the checksum.
#[test]
fn flipped_bit_in_the_detached_signature_is_detected() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let body: String = CASE
        .signature
        .lines()
        .skip(2)
        .take_while(|line| !line.starts_with('='))
        .collect();
    let packet = STANDARD.decode(body).unwrap();
    for index in 0..packet.len() * 8 {
        let mut packet = packet.clone();
        packet[index / 8] ^= 1 << (index % 8);
        let mut sum = 0x00b7_04ce_u32;
        for byte in &packet {
            sum ^= u32::from(*byte) << 16;
            for _ in 0..8 {
                sum =
                    if sum & 0x80_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x186_4cfb };
                sum &= 0xff_ffff;
            }
        }
        let text = STANDARD.encode(&packet);
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(64)
            .map(|line| str::from_utf8(line).unwrap())
            .collect();
        let text = format!(
            "-----BEGIN PGP SIGNATURE-----\n\n{}\n={}\n-----END PGP SIGNATURE-----\n",
            lines.join("\n"),
            STANDARD.encode(&sum.to_be_bytes()[1..])
        );
        // A changed fingerprint gives an unknown signer, any other change an invalid signature.
        let found = verify_both(&CASE.pdf, &text);
        let counts = |it: &SignatureReport| it.intact && it.trusted;
        assert!(!found.signature.as_ref().is_some_and(counts), "bit {index}");
    }
}
