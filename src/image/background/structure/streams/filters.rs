//! The filters of a stream (ISO 32000-1, 7.4): decoded, or only counted.

use std::io::{ErrorKind, Read};

use flate2::read::{DeflateDecoder, ZlibDecoder};

/// The most pixels of a picture.
const MAX_PIXELS: u64 = 100_000_000;

/// Applies one filter. Returns the length of the result, and if `keeps` is set the result. No more
/// than a little over `max` bytes are decompressed.
pub(super) fn apply(
    filter: &[u8],
    data: &[u8],
    max: u64,
    keeps: bool,
    is_last: bool,
) -> Result<(u64, Vec<u8>), String> {
    let mut output = Sink { bytes: Vec::new(), length: 0, keeps, max };
    match filter {
        b"FlateDecode" | b"Fl" => {
            if !output.read(ZlibDecoder::new(data)) && output.length == 0 {
                output.read(DeflateDecoder::new(data));
            }
        }
        b"LZWDecode" | b"LZW" => lzw(data, &mut output),
        b"RunLengthDecode" | b"RL" => run_length(data, &mut output),
        b"ASCIIHexDecode" | b"AHx" => ascii_hex(data, &mut output),
        b"ASCII85Decode" | b"A85" => ascii_85(data, &mut output),
        // The picture's own header may state another size than its dictionary.
        b"DCTDecode" | b"DCT" if is_last => check_jpeg(data)?,
        b"JPXDecode" if is_last => check_jpeg2000(data)?,
        b"CCITTFaxDecode" | b"CCF" if is_last => {}
        other => {
            let name = String::from_utf8_lossy(other);
            let name = name.escape_debug();
            return Err(format!("one of its streams has the filter `{name}`"));
        }
    }
    Ok((output.length, output.bytes))
}

/// Where decoded bytes go.
struct Sink {
    bytes: Vec<u8>,
    length: u64,
    keeps: bool,
    max: u64,
}

impl Sink {
    fn is_full(&self) -> bool {
        self.length > self.max
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.keeps {
            self.bytes.extend(bytes);
        }
    }

    /// Reads to the end, to the first fault, or until it is full. Returns whether there was no
    /// fault.
    fn read(&mut self, mut decoder: impl Read) -> bool {
        let mut piece = [0; 1 << 15];
        loop {
            match decoder.read(&mut piece) {
                Ok(0) => return true,
                Ok(length) => self.extend(&piece[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
            if self.is_full() {
                return true;
            }
        }
    }
}

fn run_length(data: &[u8], output: &mut Sink) {
    let mut rest = data;
    while let [length, after @ ..] = rest {
        let length = usize::from(*length);
        match length {
            0..=127 => {
                let (run, others) = after.split_at((length + 1).min(after.len()));
                output.extend(run);
                rest = others;
            }
            128 => return,
            _ => {
                let [byte, others @ ..] = after else { return };
                output.extend(&vec![*byte; 257 - length]);
                rest = others;
            }
        }
        if output.is_full() {
            return;
        }
    }
}

/// Codes of 9 to 12 bits, whose table begins anew with each code 256.
fn lzw(data: &[u8], output: &mut Sink) {
    const CLEAR: usize = 256;
    const END: usize = 257;
    let mut table: Vec<Vec<u8>> = Vec::new();
    let mut last: Option<Vec<u8>> = None;
    let (mut bits, mut held) = (0_u32, 0_usize);
    let mut bytes = data.iter();
    loop {
        let next = table.len() + 258;
        // `/EarlyChange` is taken for 1, its default: the difference of one code does not matter
        // for a limit.
        let width = match next + 1 {
            0..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        while bits < width {
            let Some(byte) = bytes.next() else { return };
            held = (held << 8 | usize::from(*byte)) & 0xff_ffff;
            bits += 8;
        }
        bits -= width;
        let code = held >> bits & ((1 << width) - 1);
        let entry = match (code, &last) {
            (CLEAR, _) => {
                table.clear();
                last = None;
                continue;
            }
            (END, _) => return,
            (0..CLEAR, _) => vec![code as u8],
            (_, Some(last)) if code == next => [&last[..], &last[..1]].concat(),
            _ => match table.get(code - 258) {
                Some(entry) => entry.clone(),
                None => return,
            },
        };
        output.extend(&entry);
        if output.is_full() {
            return;
        }
        if let Some(last) = last.filter(|_| next < 4096) {
            table.push([&last[..], &entry[..1]].concat());
        }
        last = Some(entry);
    }
}

fn ascii_hex(data: &[u8], output: &mut Sink) {
    let digits = data.iter().take_while(|byte| **byte != b'>');
    let digits: Vec<u8> = digits
        .filter_map(|byte| char::from(*byte).to_digit(16))
        .map(|it| it as u8)
        .collect();
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect();
    output.extend(&bytes);
}

fn ascii_85(data: &[u8], output: &mut Sink) {
    let mut group = Vec::with_capacity(5);
    let mut finish = |group: &mut Vec<u8>| {
        let length = group.len();
        if length > 1 {
            group.resize(5, 84);
            let value =
                group.iter().fold(0_u64, |all, digit| all * 85 + u64::from(*digit));
            output.extend(&(value as u32).to_be_bytes()[..length - 1]);
        }
        group.clear();
    };
    for byte in data {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => {
                group.resize(5, 0);
                finish(&mut group);
            }
            b'!'..=b'u' => {
                group.push(byte - b'!');
                if group.len() == 5 {
                    finish(&mut group);
                }
            }
            _ => {}
        }
    }
    finish(&mut group);
}

/// Checks the size in the frame header (ITU-T T.81, B.2.2).
fn check_jpeg(data: &[u8]) -> Result<(), String> {
    let mut rest = data.get(2..).unwrap_or_default();
    while let [0xff, marker, after @ ..] = rest {
        match (marker, after) {
            (0xff, _) => rest = &rest[1..],
            (
                0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf,
                [_, _, _, h, hh, w, ww, ..],
            ) => {
                let side = |high, low| u64::from(u16::from_be_bytes([high, low]));
                return check_pixels(side(*w, *ww), side(*h, *hh));
            }
            (_, [high, low, ..]) => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                rest = after.get(length..).unwrap_or_default();
            }
            _ => break,
        }
    }
    Err("it has a JPEG without a frame".to_owned())
}

/// Checks the size in the code stream (ITU-T T.800, A.5.1).
fn check_jpeg2000(data: &[u8]) -> Result<(), String> {
    let start = data.windows(4).position(|four| four == [0xff, 0x4f, 0xff, 0x51]);
    let size = start.and_then(|start| data.get(start + 8..start + 16));
    let size = size.ok_or("it has a JPEG 2000 without a size")?;
    let side = |at: usize| {
        let bytes = [size[at], size[at + 1], size[at + 2], size[at + 3]];
        u64::from(u32::from_be_bytes(bytes))
    };
    check_pixels(side(0), side(4))
}

/// Refuses a picture of more pixels than are read.
pub(super) fn check_pixels(width: u64, height: u64) -> Result<(), String> {
    if width.saturating_mul(height) > MAX_PIXELS {
        return Err(format!("it has a picture of {width} × {height} pixels"));
    }
    Ok(())
}
