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
