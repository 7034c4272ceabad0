//! Real names with vowels, tones and signs above and below their letters: each layout takes them all,
//! however far their ink reaches.

use testamur::press::Press;
use testamur::site::Request;
use testamur::{Date, Tag};

use super::in_parallel;
use super::shelf::site;

/// A language of the page, and a name in that language or another one.
const NAMES: [(&str, &str); 42] = [
    ("ar", "مُحَمَّد بْنُ عَبْدِ اللّٰه"),
    ("en", "أُمُّ كُلْثُوم"),
    ("ar", "النُّعْمان بن المُنْذِر"),
    ("en", "نُّعِم سَمضآن"),
    ("fr", "عَبْدُ المُطَّلِبِ الصُّغَيِّر"),
    ("ar", "عَلِيٌّ رَضِيٌّ"),
    ("en", "ضُحّى ثُّريّا"),
    ("ja", "سُعُودُ بْنُ عَبْدِ العَزِيز"),
    ("fa", "سیّده پگاه گُل‌محمّدی"),
    ("en", "مُعَظَّمه کُردستانی"),
    ("fa", "آرَش مُژگان"),
    ("ur", "سیّدہ نُزہت النّساء"),
    ("en", "مُحمّد ضِیاءُ الحق"),
    ("ur", "عَبدُ السَّلام چودھری"),
    ("he", "רַחֵל בְּרָכָה צְבִי־הִירְשׁ"),
    ("en", "שִׁמְעוֹן בֶּן־יִצְחָק"),
    ("he", "מֹשֶׁה וְאַהֲרֹן הַלֵּוִי"),
    ("ar", "חַוָּה לֵאָה"),
    ("vi", "Nguyễn Thị Ngọc Ẩn"),
    ("en", "Đặng Hữu Ưỡng Ẵm"),
    ("ar", "Nguyễn Ễnh Ậu."),
    ("ja", "Phạm Ỗi Ẫn"),
    ("en", "Ọ̀ṣúnṣọlá Adébáyọ̀"),
    ("en", "Ẹ̀bùn Ọlọ́runtóbi"),
    ("ar", "Ọ̀rúnmìlà Ẹ̀ṣọ́ Jr."),
    ("en", "Ɔ̌ Ǫ́ M̧ajeļ"),
    ("el", "Ὦρος Ἇιδης Ϊωάννου"),
    ("uk", "Ґалаґан Їжаке́вич"),
    ("hi", "डॉ॰ ज्ञानेश्वरी त्र्यम्बक"),
    ("ar", "श्रीमाँ ह्रौं कृष्णमूर्ति"),
    ("en", "द्व्यर्थी स्त्रीं"),
    ("en", "ಶ್ರೀಕೃಷ್ಣ ಲಕ್ಷ್ಮೀ"),
    ("ar", "ಕಲ್ಮಂಜ. ಶೌಶೌಜೋಲ್ದಿ"),
    ("ar", "ವಿಶ್ವೇಶ್ವರಯ್ಯ ಸ್ತ್ರೀ"),
    ("en", "శ్రీనివాస స్త్రీ కృష్ణ"),
    ("ta", "ஸ்ரீநிவாஸன் க்ஷேத்ரஜ்ஞ"),
    ("bn", "ঋত্বিকা ক্ষেত্ৰপাল"),
    ("th", "ปิ่นปินัทธ์ ญี่ปุ่น"),
    ("ar", "ฐิติ์ ปั้นญี่"),
    ("en", "ស្រីស្ត្រី ក្រុង"),
    ("ar", "Kaori «パゞさッ子ヴァッか子» Q."),
    ("ar", "Wü-Dåç «ለሩ ከላንገሩ» É."),
];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn names_with_marks_pass_on_every_layout() {
    let today = Date::parse("2026-05-14").unwrap();
    let mut refused = Vec::new();
    let demo = Press::new(testamur::site::Site::demo()).unwrap();
    for layout in demo.site().layouts() {
        let press = Press::new(site(layout, &[], 0)).unwrap();
        refused.extend(in_parallel(&NAMES, |(tag, name)| {
            let drafted = Request::new("c", name).and_then(|request| {
                press.draft(&request.with_language(Tag::parse(tag)?), today)
            });
            Some(format!("{layout} {tag} {name}: {}", drafted.err()?))
        }));
    }
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
}
