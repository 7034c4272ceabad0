//! Checks the structure of a PDF before a reader follows it.
//!
//! The reader of PDFs, which Typst uses too, follows references and nesting to any depth and
//! decompresses whole streams: a file of a few kilobytes can exhaust the stack or the memory, which
//! ends the process. The decision: every object that a reader could find is checked, wherever it
//! lies. Objects are found by `1 0 obj`, streams are decompressed in pieces, and references are
//! followed with a list in place of the stack.

mod graph;
mod objects;
mod streams;
mod strings;

use self::graph::Graph;
use self::objects::{ObjectText, Scanner};
use self::streams::{StreamBudget, StreamKind};

/// The most bytes of object streams, which are kept while their objects are looked at.
const MAX_OBJECT_STREAMS: usize = 64 << 20;

/// Refuses a PDF that is not safe to read, and says why.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let mut scanner = Scanner::new(bytes);
    scanner.check_dictionaries()?;
    let mut graph = Graph::default();
    let mut budget = StreamBudget::default();
    let mut containers = Vec::new();
    let mut kept = 0;
    while let Some(object) = scanner.next_object()? {
        graph.add(&object);
        objects::check_layers(object.text)?;
        if object.stream.is_none() {
            continue;
        }
        let kind = StreamKind::of(&object)?;
        let decoded = budget.decode(&object, &kind)?;
        match kind {
            StreamKind::Objects { first } => {
                kept += decoded.len();
                if kept > MAX_OBJECT_STREAMS {
                    return Err(
                        "it decompresses to more than 64 MB of objects".to_owned()
                    );
                }
                containers.push((object.number, decoded, first));
            }
            StreamKind::References { widths, index } => {
                graph.add_references(&decoded, widths, &index);
            }
            StreamKind::Picture => {}
            StreamKind::Other => objects::check_content(&decoded)?,
        }
    }
    for (container, decoded, first) in &containers {
        graph.add_container(*container);
        let mut left = decoded.len().saturating_mul(objects::MAX_PASSES);
        for (number, at) in objects::stream_entries(decoded, *first)? {
            let object = ObjectText::read(number, decoded, at)?;
            left = left.checked_sub(object.text.len()).ok_or(objects::OVERLAP)?;
            objects::check_layers(object.text)?;
            graph.add(&object);
        }
    }
    graph.check()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
    const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
    const PAGE: &str = "<</Type/Page/Parent 2 0 R/Resources 5 0 R/Contents 4 0 R>>";

    /// A file of these objects, counted from 1.
    fn file(objects: &[&[u8]]) -> Vec<u8> {
        let mut file = b"%PDF-1.7\n".to_vec();
        for (index, object) in objects.iter().enumerate() {
            file.extend(format!("{} 0 obj ", index + 1).bytes());
            file.extend(*object);
            file.extend(b" endobj\n");
        }
        file
    }

    fn stream(dict: &str, data: &[u8]) -> Vec<u8> {
        let head = format!("<<{dict}/Length {}>>stream\n", data.len());
        [head.as_bytes(), data, b"\nendstream"].concat()
    }

    fn flate(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn fault(objects: &[&[u8]]) -> String {
        check(&file(objects)).expect_err("not safe to read")
    }

    fn with_content(content: &[u8]) -> Vec<u8> {
        let (catalog, pages, page) =
            (CATALOG.as_bytes(), PAGES.as_bytes(), PAGE.as_bytes());
        file(&[catalog, pages, page, content, b"<<>>"])
    }

    #[test]
    fn page_of_an_ordinary_file_is_safe_to_read() {
        let content =
            stream("/Filter/FlateDecode", &flate(b"[(]]])] TJ << /A [1] >> BDC"));
        check(&with_content(&content)).unwrap();
        let content = stream(
            "/Filter[/A85 /LZWDecode]",
            b"J..)6T`?p&<!J9%_[umg\"B7/Z7KNXbN'S+,*Q/&\"OLT'F~>",
        );
        check(&with_content(&content)).unwrap();
        // A form that is among its own resources, and a page that its annotation refers to.
        let page =
            "<</Type/Page/Parent 2 0 R/Resources 5 0 R/Annots[6 0 R]/Contents 4 0 R>>";
        let objects: [&[u8]; 6] = [
            CATALOG.as_bytes(),
            PAGES.as_bytes(),
            page.as_bytes(),
            &stream("/Type/XObject/Subtype/Form/Resources 5 0 R", b"q Q"),
            b"<</XObject<</F 4 0 R>>>>",
            b"<</Type/Annot/P 3 0 R/Dest[3 0 R/Fit]/Parent 6 0 R>>",
        ];
        check(&file(&objects)).unwrap();
    }

    #[test]
    fn stream_of_a_font_is_no_reason_to_refuse() {
        // As in the `loca` and `hmtx` of TrueType fonts.
        let font = [b"true\0\x0d".as_slice(), &b"<\x03".repeat(6000)].concat();
        check(&with_content(&stream("/Filter/FlateDecode", &flate(&font)))).unwrap();
        // As in the `glyf` of Arial Unicode: many strings begin, and few end.
        let glyphs = b"\0\x28\x01\x28\x17)\\\x28 \x28\x01[\x28\x02\x28".repeat(6000);
        check(&with_content(&stream("/Filter/FlateDecode", &flate(&glyphs)))).unwrap();
        let font = [&font[..], b"> (a) [1] ", &b"<\x01".repeat(6000)].concat();
        check(&with_content(&stream("/Filter/FlateDecode", &flate(&font)))).unwrap();
    }

    #[test]
    fn deep_nesting_behind_a_string_without_an_end_is_refused() {
        for begin in ["(a", "<a", "[(a", "<</A(a"] {
            let content = format!("{begin} {} ]", "[".repeat(101));
            let told = check(&with_content(&stream("", content.as_bytes())));
            assert!(told.is_err_and(|why| why.contains("deep")), "{begin}");
        }
    }

    #[test]
    fn layer_that_is_switched_off_is_refused() {
        for (layers, off) in [
            ("/OCGs[5 0 R]/D<</OFF[5 0 R]/ON[]>>", true),
            ("/OCGs [ 5 0 R ] /D << /ON [ ] /OFF [ 5 0 R ] >>", true),
            ("/OCGs[5 0 R]/D<</BaseState/OFF/ON[]>>", true),
            ("/OCGs[5 0 R]/D<</BaseState /OFF>>", true),
            ("/OCGs[5 0 R]/D<</OFF 9 0 R>>", true),
            ("/OCGs[5 0 R]/D<</ON[]/O#46F[5 0 R]>>", true),
            ("/OCGs[5 0 R]/D<</BaseState/#4fFF>>", true),
            ("/OCGs[5 0 R]/D<</BaseState 9 0 R>>", true),
            (
                "/OCGs[5 0 R]/D<</Name(/OFF)/Creator</OFF>/OFF % none\n[ % none\n]>>",
                false,
            ),
            ("/OCGs[5 0 R]/X<</S/SetOCGState/State[/OFF 5 0 R]>>", false),
            ("/OCGs[5 0 R]/D<</OFF[]/ON[5 0 R]/BaseState/ON>>", false),
            ("/OCGs[5 0 R]/D<</OFF [ ]/Order[5 0 R]>>", false),
        ] {
            let catalog =
                format!("<</Type/Catalog/Pages 2 0 R/OCProperties<<{layers}>>>>");
            let objects: [&[u8]; 5] = [
                catalog.as_bytes(),
                PAGES.as_bytes(),
                PAGE.as_bytes(),
                &stream("", b"q Q"),
                b"<</Type/OCG/Name(Draft)>>",
            ];
            let told = check(&file(&objects));
            assert_eq!(told.is_err(), off, "{layers}: {told:?}");
        }
    }

    #[test]
    fn circle_of_references_is_refused() {
        for pages in [
            "<</Type/Pages/Kids[2 0 R]/Count 1>>",
            "<</Type/Pages/#4bids [ 3 0 R ]/Count 1>>",
            "<</Type/Pages/Kids 3 0 R/Count 1>>",
            "<</Type/Pages/Kids[<</Type/Pages/Kids[2 0 R]>>]>>",
        ] {
            for kid in ["<</Type/Pages/Kids[2 0 R]>>", "[2 0 R]"] {
                let why = fault(&[CATALOG.as_bytes(), pages.as_bytes(), kid.as_bytes()]);
                assert!(why.contains("contains itself"), "{pages}: {why}");
            }
        }
        for circle in [
            "<</ColorSpace<</Cs 3 0 R>>>>",
            "[/Indexed 3 0 R 1 <00>]",
            "<</FunctionType 3/Functions[3 0 R]>>",
        ] {
            let why = fault(&[CATALOG.as_bytes(), b"<<>>", circle.as_bytes()]);
            assert!(why.contains("contains itself"), "{circle}: {why}");
        }
        let inside = b"5 0 <</Type/Pages/Kids[5 0 R]>>";
        let hidden =
            stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", &flate(inside));
        assert!(fault(&[b"<</Pages 5 0 R>>", &hidden]).contains("contains itself"));
        let rows = [[2, 0, 2, 0], [2, 0, 1, 0]].concat();
        let table = stream("/Type/XRef/W[1 2 1]/Index[1 2]/Size 3", &rows);
        assert!(fault(&[&table]).contains("lies in an object stream"));
    }

    /// A signature names the catalog that it seals, and who adds a revision may give the number of an
    /// old cross-reference stream to a field.
    #[test]
    fn references_of_signatures_and_of_revisions_are_no_circle() {
        let catalog = b"<</Type/Catalog/Pages 2 0 R/Perms<</DocMDP 5 0 R>>\
                        /AcroForm<</Fields[6 0 R]>>>>";
        let signature = b"<</Type/Sig/Reference[<</Type/SigRef/TransformMethod/DocMDP\
                          /Data 1 0 R>>]>>";
        let table = stream("/Type/XRef/W[1 2 1]/Index[0 1]/Size 7/Root 1 0 R", &[0; 4]);
        let objects: [&[u8]; 6] = [
            catalog,
            PAGES.as_bytes(),
            PAGE.as_bytes(),
            &stream("", b"q Q"),
            signature,
            &table,
        ];
        let mut bytes = file(&objects);
        assert_eq!(check(&bytes), Ok(()));
        bytes.extend(b"6 0 obj <</Type/Annot/FT/Sig/V 5 0 R/P 3 0 R>> endobj\n");
        assert_eq!(check(&bytes), Ok(()));
    }

    #[test]
    fn tree_that_grows_and_nesting_that_deepens_are_refused() {
        let levels: Vec<String> =
            (2..40).map(|at| format!("<</Kids[{at} 0 R {at} 0 R]>>")).collect();
        let levels: Vec<&[u8]> = levels.iter().map(String::as_bytes).collect();
        assert!(fault(&levels).contains("pages"));
        let chain: Vec<String> =
            (2..900).map(|at| format!("<</Kids[{at} 0 R]>>")).collect();
        let chain: Vec<&[u8]> = chain.iter().map(String::as_bytes).collect();
        assert!(fault(&chain).contains("over 200 steps"));
        let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
        for object in [
            deep.clone().into_bytes(),
            "<</A".repeat(100_000).into_bytes(),
            stream("", deep.as_bytes()),
            stream("/Filter/FlateDecode", &flate(deep.as_bytes())),
            stream(
                "/Filter/FlateDecode",
                &flate(format!("({deep}) Tj {deep} TJ").as_bytes()),
            ),
        ] {
            assert!(fault(&[&object]).contains("nested"));
        }
        // Brackets inside a string do not nest.
        check(&with_content(&stream("", format!("({deep}) Tj").as_bytes()))).unwrap();
    }

    #[test]
    fn stream_that_decompresses_to_too_much_is_refused() {
        let zeros = vec![0; 80 << 20];
        let bomb = flate(&zeros);
        assert!(bomb.len() < 100_000);
        for dict in
            ["/Filter/FlateDecode", "/#46ilter [ /Fl ]", "/Type/XRef/W[1 1 1]/Filter/Fl"]
        {
            assert!(fault(&[&stream(dict, &bomb)]).contains("64 MB"), "{dict}");
        }
        let twice = flate(&flate(&vec![0; 400 << 20]));
        let dict = "/Filter[/FlateDecode/FlateDecode]";
        assert!(fault(&[&stream(dict, &twice)]).contains("64 MB"));
        let lists = flate(&[b"1 0 ", &zeros[..40 << 20]].concat());
        let lists = stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", &lists);
        assert!(fault(&[&lists, &lists]).contains("MB of objects"));
        for (dict, data, words) in [
            ("/Filter[/Fl/Fl/Fl]", &b""[..], "3 filters"),
            ("/Filter/JBIG2Decode", b"", "`JBIG2Decode`"),
            ("/Filter 9 0 R", b"", "another object"),
            ("/Subtype/Image/Width 60000/Height 60000", b"", "60000 × 60000"),
            (
                "/Subtype/Image/Width 9/Height 9/Filter/DCTDecode",
                b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01",
                "65535 × 65535",
            ),
        ] {
            let why = fault(&[&stream(dict, data)]);
            assert!(why.contains(words), "{dict}: {why}");
        }
    }

    #[test]
    fn file_that_ends_anywhere_is_judged() {
        let whole = file(&[
            CATALOG.as_bytes(),
            &stream("/Filter[/FlateDecode]/DecodeParms[<<>>]", b"x"),
            &stream("/Filter[]/Type/XRef/W[1 2 1]/Index[0 3]", b"x"),
        ]);
        let cut = b"%PDF-1.4\nxref\n1 0 obj <</Filter[stream\nstartxref\n9\n%%EOF";
        let _ = check(cut);
        for end in 0..whole.len() {
            for rest in ["", "stream\n", ">>stream\n", "\nstartxref\n9\n%%EOF"] {
                let _ = check(&[&whole[..end], rest.as_bytes()].concat());
            }
        }
    }
}
