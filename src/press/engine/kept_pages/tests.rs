//! Compares pages with words that were laid out alone with those that Typst lays out
//! whole.

use crate::base::date::Date;
use crate::base::lang::Tag;
use crate::press::draft::Press;
use crate::press::export::Format;
use crate::site::files::Site;
use crate::site::request::Request;

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn page_with_other_words_is_the_one_that_typst_lays_out() {
    let press = Press::new(Site::demo()).expect("the demo site is sound");
    let today = Date::parse("2026-05-14").expect("a date");
    let names = [
        "Ada Lovelace",
        "Zoë O’Brien-ffoulkes",
        "Jürgen Þorgeir Wąsik",
        "Wolfeschlegelsteinhausenbergerdorff von und zu der Hohenlohe-Öhringen",
        "Maria da Conceição Albuquerque de Vasconcelos e Sousa Coutinho Pereira",
        "Li",
        "سيف رمضان",
        "莊雅善 Chuang",
        "ज्ञानेश्वरी",
        "อภิสิทธิ์ วัฒนพงศ์",
        "Grace Hopper",
        "Jean d’Arc",
    ];
    let (mut whole, mut all) = (Vec::new(), 0);
    let layouts = press.site().layouts();
    // The card has no room for the signatories of the demo.
    for layout in layouts.into_iter().filter(|layout| *layout != "card") {
        for language in ["en", "ar", "th", "ja"] {
            for name in names {
                let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", name)
                    .expect("a name")
                    .with_layout(layout)
                    .with_language(Tag::parse(language).expect("a tag"));
                let place = format!("{layout}, {language}, {name}");
                let Ok((pages, is_kept)) = press.both_pages(&request, today) else {
                    continue;
                };
                all += 1;
                whole.extend((!is_kept).then(|| place.clone()));
                let [one, other] = pages.map(|page| {
                    let svg: Vec<_> = page
                        .document
                        .drawn()
                        .pages()
                        .iter()
                        .map(|page| typst_svg::svg(page, &Default::default()))
                        .collect();
                    let pdf = page.proof().and_then(|proof| proof.write(Format::Pdf));
                    (svg, pdf.map_err(|error| error.to_string()))
                });
                assert_eq!(one.0, other.0, "{place}");
                assert!(one.1 == other.1, "{place}");
            }
        }
    }
    assert!(all > 400 && whole.len() * 5 < all, "{} of {all}: {whole:#?}", whole.len());
}

/// A layout whose slots have tabular figures, as `statement-of-results` sets them, without page
/// numbers, which have the name.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn page_with_figures_is_the_one_that_typst_lays_out() {
    let layout = Site::demo();
    let layout = layout.built_in("layouts/statement-of-results/layout.yaml");
    let layout = str::from_utf8(layout.expect("the layout")).expect("UTF-8");
    let one_page: Vec<&str> = layout
        .lines()
        .map(|line| if line.starts_with("pages:") { "pages: 1" } else { line })
        .collect();
    let site = Site::demo()
        .with_file("layouts/statement-of-results/layout.yaml", one_page.join("\n"));
    let press = Press::new(site).expect("the site is sound");
    let today = Date::parse("2026-05-14").expect("a date");
    let modules = serde_json::json!({ "a": { "title": "Knots" } });
    let mut kept = 0;
    for (language, names) in [
        ("fa", ["سارا", "سارا ۱۴۰۲", "سارا ۳۰", "مریم"]),
        ("en", ["Ada Lovelace", "Ada Lovelace 1", "Ada Lovelace 14.1", "Grace Hopper"]),
    ] {
        for name in names {
            let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", name)
                .expect("a name")
                .with_layout("statement-of-results")
                .with_extra("modules", modules.clone())
                .with_language(Tag::parse(language).expect("a tag"));
            let both = press.both_pages(&request, today);
            let (pages, is_kept) = both.expect("the page is laid out");
            let [one, other] = pages.map(|page| {
                let drawn = page.document.drawn();
                let pages = drawn.pages().iter();
                let svg = pages.map(|page| typst_svg::svg(page, &Default::default()));
                svg.collect::<Vec<_>>()
            });
            assert_eq!(one, other, "{language}, {name}");
            kept += usize::from(is_kept);
        }
    }
    assert!(kept >= 4, "{kept}");
}

/// A page with a picture of a million pixels weighs their bytes.
#[test]
fn kept_page_weighs_its_pixels() {
    use typst::foundations::{Bytes, Smart};
    use typst::layout::{Abs, Axes, Frame, FrameItem, Point, Size};
    use typst::syntax::Span;
    use typst::visualize::{ExchangeFormat, Image, ImageKind, RasterFormat, RasterImage};

    let mut png = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbImage::new(1000, 1000);
    pixels.write_to(&mut png, image::ImageFormat::Png).expect("it is written");
    let format = RasterFormat::Exchange(ExchangeFormat::Png);
    let raster = RasterImage::new(Bytes::new(png.into_inner()), format, Smart::Auto);
    let image = Image::new(ImageKind::Raster(raster.expect("a PNG")), None, Smart::Auto);
    let size = Size::new(Abs::pt(10.0), Abs::pt(10.0));
    let mut frame = Frame::hard(size);
    let item = FrameItem::Image(image, Axes::new(size.x, size.y), Span::detached());
    frame.push(Point::zero(), item.clone());
    frame.push(Point::zero(), item);
    let weight = super::weight::of_frame(&frame, &mut Default::default());
    assert!((4_000_000..5_000_000).contains(&weight), "{weight}");
}
