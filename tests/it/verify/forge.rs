//! Changes to sealed PDFs by someone who knows this code, but has no key.

use std::ops::Range;

/// The order of the group of P-256 (SEC 2, 2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
    0xfc, 0x63, 0x25, 0x51,
];

/// The offset of the first occurrence of some bytes.
pub(crate) fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let found = bytes[from..].windows(what.len()).position(|window| window == what);
    found.map(|at| from + at)
}

/// The offset of the last occurrence of some bytes.
pub(crate) fn find_last(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

/// The first occurrence of some bytes replaced.
pub(crate) fn replaced(bytes: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    let at = find(bytes, from.as_bytes(), 0)?;
    Some([&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat())
}

/// The offset at which the document ends, and the seal's revision begins.
pub(crate) fn document_end(pdf: &[u8]) -> usize {
    find(pdf, b"%%EOF", 0).unwrap() + 5
}

/// The offsets of the hexadecimal digits of the seal.
pub(crate) fn digits(pdf: &[u8]) -> Range<usize> {
    let open = find(pdf, b"/Contents<", document_end(pdf)).unwrap() + 10;
    open..find(pdf, b">", open).unwrap()
}

/// A revision as our own writer appends one, with these objects.
pub(crate) fn with_revision(pdf: &[u8], objects: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut out = pdf.to_vec();
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    let mut offsets: Vec<(u32, usize)> = Vec::new();
    for (number, body) in objects {
        offsets.push((*number, out.len()));
        out.extend(format!("{number} 0 obj\n").bytes());
        out.extend(body);
        out.extend(b"\nendobj\n");
    }
    offsets.sort_unstable();
    let table = out.len();
    out.extend(b"xref\n");
    let mut at = 0;
    while at < offsets.len() {
        let first = offsets[at].0;
        let run = (at..offsets.len())
            .take_while(|i| offsets[*i].0 == first + (*i - at) as u32)
            .count();
        out.extend(format!("{first} {run}\n").bytes());
        for (_, offset) in &offsets[at..at + run] {
            out.extend(format!("{offset:010} 00000 n\r\n").bytes());
        }
        at += run;
    }
    let last = offsets.last().map_or(0, |(number, _)| *number);
    let size = size(pdf).max(last + 1);
    let trailer = trailer(pdf);
    let id = &trailer[trailer.find("/ID[").unwrap()..];
    let id = &id[..=id.find(']').unwrap()];
    out.extend(
        format!(
            "trailer\n<</Size {size}/Root {} 0 R/Info {} 0 R{id}/Prev {}>>\n\
             startxref\n{table}\n%%EOF\n",
            number_after(&trailer, "/Root "),
            number_after(&trailer, "/Info "),
            last_table(pdf),
        )
        .bytes(),
    );
    out
}

/// A revision that adds validation data, as our own writer does it.
pub(crate) fn with_dss(
    pdf: &[u8],
    certificates: &[Vec<u8>],
    crls: &[Vec<u8>],
) -> Vec<u8> {
    let store = size(pdf);
    let mut next = store;
    let mut streams: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut references = |parts: &[Vec<u8>]| {
        let mut all = Vec::new();
        for part in parts {
            next += 1;
            all.push(format!("{next} 0 R"));
            let head = format!("<</Length {}>>\nstream\n", part.len());
            streams.push((next, [head.as_bytes(), part, b"\nendstream"].concat()));
        }
        format!("[{}]", all.join(" "))
    };
    let (mut certs, mut crls) = (references(certificates), references(crls));
    let root = number_after(&trailer(pdf), "/Root ");
    let catalog = String::from_utf8_lossy(&object(pdf, root)).into_owned();
    let catalog = match catalog.find("/DSS ") {
        // What the seal brings stays, before what is added.
        Some(at) => {
            let before = number_after(&catalog, "/DSS ");
            let dss = String::from_utf8_lossy(&object(pdf, before)).into_owned();
            for (key, list) in [("/Certs[", &mut certs), ("/CRLs[", &mut crls)] {
                let earlier = &dss[dss.find(key).unwrap() + key.len()..];
                let earlier = &earlier[..earlier.find(']').unwrap()];
                let gap = if list.len() > 2 { " " } else { "" };
                *list = format!("[{earlier}{gap}{}", &list[1..]);
            }
            catalog[..at].to_owned()
                + &catalog[at..].replacen(
                    &format!("{before} 0 R"),
                    &format!("{store} 0 R"),
                    1,
                )
        }
        None => {
            let added = format!(
                "/DSS {store} 0 R/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>>>"
            );
            catalog.strip_suffix(">>").unwrap().to_owned() + &added
        }
    };
    let dss = format!("<</Type/DSS/Certs{certs}/CRLs{crls}>>").into_bytes();
    let mut objects = vec![(store, dss)];
    objects.extend(streams);
    objects.push((root, catalog.into_bytes()));
    with_revision(pdf, &objects)
}

/// The newest form of an object.
pub(crate) fn object(pdf: &[u8], number: u32) -> Vec<u8> {
    let head = format!("\n{number} 0 obj\n");
    let start = find_last(pdf, head.as_bytes()).unwrap() + head.len();
    pdf[start..find(pdf, b"\nendobj", start).unwrap()].to_vec()
}

fn trailer(pdf: &[u8]) -> String {
    let start = find_last(pdf, b"trailer\n").unwrap();
    String::from_utf8_lossy(&pdf[start..]).into_owned()
}

fn size(pdf: &[u8]) -> u32 {
    number_after(&trailer(pdf), "/Size ")
}

fn last_table(pdf: &[u8]) -> u32 {
    number_after(&trailer(pdf), "startxref\n")
}

fn number_after(text: &str, what: &str) -> u32 {
    let rest = &text[text.find(what).unwrap() + what.len()..];
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap()].parse().unwrap()
}

/// The seal as DER.
pub(crate) fn seal(pdf: &[u8]) -> Vec<u8> {
    let text = str::from_utf8(&pdf[digits(pdf)]).unwrap();
    let bytes: Vec<u8> = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let length = header(&bytes).0 + header(&bytes).1;
    bytes[..length].to_vec()
}

/// The PDF with another seal in the place of its own.
pub(crate) fn with_seal(pdf: &[u8], der: &[u8]) -> Vec<u8> {
    let digits = digits(pdf);
    let mut out = pdf.to_vec();
    out[digits.clone()].fill(b'0');
    let text: String = der.iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(text.len() <= digits.len());
    out[digits.start..digits.start + text.len()].copy_from_slice(text.as_bytes());
    out
}

/// The length of the header of a DER value, and that of its content.
fn header(der: &[u8]) -> (usize, usize) {
    match der[1] {
        short if short < 0x80 => (2, usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            let length = der[2..2 + count]
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (2 + count, length)
        }
    }
}

/// A DER value.
pub(crate) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short if short < 0x80 => out.push(short as u8),
        long if long < 0x100 => out.extend([0x81, long as u8]),
        long => out.extend([0x82, (long >> 8) as u8, long as u8]),
    }
    out.extend(content);
    out
}

/// A DER value, with the part of it in that range replaced, and the lengths around it corrected.
pub(crate) fn spliced(der: &[u8], range: Range<usize>, new: &[u8]) -> Vec<u8> {
    let (head, length) = header(der);
    if range == (0..head + length) {
        return new.to_vec();
    }
    let mut content = Vec::new();
    let mut at = head;
    while at < head + length {
        let (inner_head, inner_length) = header(&der[at..]);
        let end = at + inner_head + inner_length;
        if at <= range.start && range.end <= end {
            let range = range.start - at..range.end - at;
            content.extend(spliced(&der[at..end], range, new));
        } else {
            content.extend(&der[at..end]);
        }
        at = end;
    }
    value(der[0], &content)
}

/// Where the signature value stands in a seal without a timestamp: at its end.
fn signature_range(der: &[u8]) -> Range<usize> {
    (60..80)
        .map(|length| der.len() - length..der.len())
        .find(|range| {
            let value = &der[range.clone()];
            let fits = usize::from(value[1]) == value.len() - 2;
            fits && value[0] == 0x04 && value[2] == 0x30 && value[4] == 0x02
        })
        .unwrap()
}

/// The two numbers of an ECDSA signature of P-256, without leading zeros.
fn numbers(signature: &[u8]) -> [Vec<u8>; 2] {
    let r_length = usize::from(signature[3]);
    let r = signature[4..4 + r_length].to_vec();
    let s = signature[6 + r_length..].to_vec();
    [r, s].map(|number| number.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn integer(number: &[u8]) -> Vec<u8> {
    let sign = if number[0] >= 0x80 { &[0][..] } else { &[] };
    value(0x02, &[sign, number].concat())
}

fn ecdsa(r: &[u8], s: &[u8]) -> Vec<u8> {
    value(0x30, &[integer(r), integer(s)].concat())
}

/// The other valid signature of a pair: (r, n − s).
pub(crate) fn twin(signature: &[u8]) -> Vec<u8> {
    let [r, s] = numbers(signature);
    let mut result = ORDER;
    let mut borrow = 0;
    for index in 0..32 {
        let at = 31 - index;
        let less = s.len().checked_sub(index + 1).map_or(0, |at| i16::from(s[at]));
        let digit = i16::from(result[at]) - less - borrow;
        borrow = i16::from(digit < 0);
        result[at] = digit.rem_euclid(256) as u8;
    }
    let s: Vec<u8> = result.into_iter().skip_while(|byte| *byte == 0).collect();
    ecdsa(&r, &s)
}

/// The PDF with its seal's signature value changed.
pub(crate) fn with_signature(pdf: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let der = seal(pdf);
    let range = signature_range(&der);
    let changed = value(0x04, &change(&der[range.start + 2..]));
    with_seal(pdf, &spliced(&der, range, &changed))
}

/// The PDF with the twin of an issuer's signature in one of its certificates.
pub(crate) fn with_certificate_twin(pdf: &[u8], certificate: &[u8]) -> Vec<u8> {
    let der = seal(pdf);
    let at = find(&der, certificate, 0).unwrap();
    // The signature is the last part: a BIT STRING without unused bits.
    let range = (66..78)
        .map(|length| certificate.len() - length..certificate.len())
        .find(|range| {
            let value = &certificate[range.clone()];
            value[0] == 0x03
                && usize::from(value[1]) == value.len() - 2
                && value[3] == 0x30
        })
        .unwrap();
    let signature = &certificate[range.start + 3..];
    let changed = value(0x03, &[&[0], &twin(signature)[..]].concat());
    let certificate = spliced(certificate, range, &changed);
    let old = at..at + (seal_certificate_len(&der[at..]));
    with_seal(pdf, &spliced(&der, old, &certificate))
}

fn seal_certificate_len(der: &[u8]) -> usize {
    let (head, length) = header(der);
    head + length
}
