//! Files that are made to take long or much memory.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use testamur::seal::{Identity, PrivateKey, Sealer, X509};

use super::corpus::judge;
use crate::seal::site::{now, openssl, output_text, program};
use crate::workdir::Workdir;

/// A document as our writer makes them, with a stream of that many bytes.
fn document(stream: usize) -> Vec<u8> {
    let objects: [&[u8]; 6] = [
        b"<</Type/Catalog/Pages 2 0 R/StructTreeRoot 4 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>",
        b"<</Type/StructTreeRoot/K[5 0 R]/ParentTree<</Nums[]>>/ParentTreeNextKey 0>>",
        b"<</Type/StructElem/S/Document/P 4 0 R/K[]>>",
        &[
            format!("<</Length {stream}>>\nstream\n").as_bytes(),
            &vec![b'/'; stream],
            b"\nendstream",
        ]
        .concat(),
    ];
    let mut file = b"%PDF-1.7\n%\x80\x80\x80\x80\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1);
    for (object, number) in objects.iter().zip(1..) {
        table.push_str(&format!("{:010} 00000 n\r\n", file.len()));
        file.extend(format!("{number} 0 obj\n").bytes());
        file.extend(*object);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    file.extend(table.bytes());
    let trailer = format!(
        "trailer\n<</Size {}/Root 1 0 R/ID[<00><00>]>>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    );
    file.extend(trailer.bytes());
    file
}

/// A file of that size which repeats some bytes, as a PDF that says it is ours.
fn repeated(part: &[u8], size: usize) -> Vec<u8> {
    let head = b"%PDF-1.7\n/Creator(testamur)/ByteRange\n";
    let mut file = head.to_vec();
    while file.len() + part.len() + 40 < size {
        file.extend(part);
    }
    file.extend(b"\nstartxref\n9\n%%EOF\n");
    file
}

fn worst_files(workdir: &Workdir, size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let here = workdir.path(".");
    openssl(&here, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k.pem");
    let line = "req -x509 -new -key k.pem -subj /O=A/CN=A -days 30 -out k.crt -addext keyUsage=critical,digitalSignature";
    openssl(&here, line);
    let key = PrivateKey::from_pem(&workdir.read("k.pem")).unwrap();
    let chain = X509::from_pem(&workdir.read("k.crt")).unwrap();
    let sealer = Sealer::new(Identity::new(Arc::new(key), chain, now()).unwrap());
    let sealed = sealer.seal(&document(size - (64 << 10)), now()).unwrap().bytes;
    let id = "0f3c5a91b27d4e680f3c5a91b27d4e68";
    let mut foreign = repeated(b"/Contents<308203ff3082030030820300", size);
    foreign.drain(9..27);
    let objects = "1 0 obj\n<<>>\nendobj\n";
    vec![
        ("sealed", sealed.clone()),
        ("sealed and a line more", [&sealed[..], b"\n"].concat()),
        ("links", repeated(b"/S/URI/URI(", size)),
        ("names", repeated(format!("/cert/{id}/").as_bytes(), size)),
        ("signatures", foreign),
        ("brackets", repeated(b"[", size)),
        ("dictionaries", repeated(b"<</A", size)),
        ("digits", repeated(b"0", size)),
        ("ends", repeated(b"\nstartxref\n9\n%%EOF\n", size)),
        ("objects", repeated(objects.as_bytes(), size)),
        ("zeros", repeated(b"\0", size)),
    ]
}

#[test]
fn worst_files_are_answered() {
    let workdir = Workdir::new();
    for (name, file) in worst_files(&workdir, 1 << 20) {
        workdir.write("c.pdf", file);
        let run = workdir.run(["verify", "c.pdf"]);
        assert!([1, 3].contains(&run.code), "{name}: {run:?}");
    }
}

/// The largest files that are read take no more than twice their size in memory.
#[test]
#[ignore = "takes a minute"]
fn largest_files_take_twice_their_size() {
    let workdir = Workdir::new();
    let size = 64 << 20;
    for (name, file) in worst_files(&workdir, size) {
        assert!(file.len() <= size, "{name}: {}", file.len());
        workdir.write("c.pdf", file);
        let output = Command::new(program("python"))
            .arg(judge("measure.py"))
            .args([env!("CARGO_BIN_EXE_testamur"), "verify", "c.pdf"])
            .current_dir(workdir.path("."))
            .output()
            .unwrap();
        let text = output_text(&output);
        let mut words = text.split_whitespace();
        let memory: usize = words.next().unwrap().parse().unwrap();
        let code: i32 = words.next().unwrap().parse().unwrap();
        assert!([1, 3].contains(&code), "{name}: {text}");
        assert!(memory <= 2 * size, "{name}: {memory} bytes");
    }
    fs::remove_file(workdir.path("c.pdf")).unwrap();
}
