//! A thousand names in all scripts, which the proof accepts.
//!
//! A deterministic generator makes the names from each script's syllables, marks and clusters. They
//! are longer and stranger than real names, but each can be written in its script.

mod shelf;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use testamur::press::Press;
use testamur::site::{Request, Site};
use testamur::{Date, Tag};

/// The parts of a script's syllables. In `nuclei`, `{}` is the place of the onset, as vowels may
/// stand before it.
struct Alphabet {
    script: &'static str,
    onsets: &'static [&'static str],
    nuclei: &'static [&'static str],
    codas: &'static [&'static str],
    /// What stands between words: some scripts have no spaces in names.
    spaces: &'static [&'static str],
    honorifics: &'static [&'static str],
    /// The number of letters that fit on two lines at the smallest size.
    most: usize,
}

/// Each script of `fonts/fonts.yaml`, some of them twice for languages with further letters.
#[rustfmt::skip] // A line for each part reads better than a column of syllables.
const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        script: "Latn",
        onsets: &[
            "", "b", "d", "fl", "g", "j", "k", "ll", "m", "ñ", "ph", "qu", "r", "st",
            "š", "th", "w", "ž",
        ],
        nuclei: &["{}a", "{}é", "{}i", "{}o", "{}ü", "{}ea", "{}å", "{}ø", "{}ï", "{}ou"],
        codas: &["", "", "n", "r", "ß", "ck", "ł", "tz", "ff", "ç", "ffi"],
        spaces: &[
            " ",
            " ",
            "-",
            " de ",
            " van der ",
            "’",
            " O'",
            "\u{2010}",
            " J. R. ",
            ", ",
        ],
        honorifics: &["Dr. ", "Prof. Dr.-Ing. ", "Sir ", "Dña. "],
        most: 90,
    },
    Alphabet {
        script: "Latn (Viet Nam, West Africa)",
        onsets: &[
            "Đ", "b", "ch", "đ", "gi", "kh", "ng", "nh", "ph", "tr", "ɓ", "ŋ", "ṣ", "gb",
        ],
        nuclei: &[
            "{}ạ",
            "{}ế",
            "{}ữ",
            "{}ộ",
            "{}ằ",
            "{}ỹ",
            "{}ẹ\u{301}",
            "{}ọ\u{300}",
            "{}ɔ\u{301}",
            "{}ɛ\u{303}",
        ],
        codas: &["", "n", "ng", "nh", "m", "t"],
        spaces: &[" ", " ", "-"],
        honorifics: &["ThS. ", "Olóyè "],
        most: 80,
    },
    Alphabet {
        script: "Grek",
        onsets: &[
            "", "β", "γκ", "δ", "θ", "κ", "λ", "μπ", "ν", "ξ", "π", "ρ", "σ", "τ", "φ",
            "χ", "ψ",
        ],
        nuclei: &[
            "{}α", "{}έ", "{}η", "{}ί", "{}ό", "{}ύ", "{}ώ", "{}ου", "{}ϊ", "{}ΐ", "{}ᾳ",
        ],
        codas: &["", "", "ς", "ν", "λ"],
        spaces: &[" ", "-", " Κ. "],
        honorifics: &["Δρ. ", "Καθ. "],
        most: 80,
    },
    Alphabet {
        script: "Cyrl",
        onsets: &[
            "", "Б", "в", "ґ", "ђ", "ж", "қ", "љ", "м", "ң", "п", "р", "ст", "ћ", "ў",
            "х", "щ", "џ",
        ],
        nuclei: &[
            "{}а", "{}е", "{}ё", "{}и", "{}й", "{}о", "{}ү", "{}ы", "{}ә", "{}ю", "{}я",
            "{}є", "{}ї",
        ],
        codas: &["", "", "в", "н", "ль", "ц", "ъ"],
        spaces: &[" ", "-", " оглы ", "’"],
        honorifics: &["Д-р ", "Проф. "],
        most: 75,
    },
    Alphabet {
        script: "Arab",
        onsets: &[
            "ا", "ب", "ت", "ج", "ح", "خ", "د", "ر", "س", "ش", "ص", "ض", "ط", "ع", "غ",
            "ف", "ق", "ك", "لا", "م", "ن", "ه", "و", "ي", "ء", "ئ",
        ],
        nuclei: &["{}", "{}ا", "{}و", "{}ي", "{}َ", "{}ِ", "{}ّ", "{}ُّ", "{}ى", "{}آ", "{}إ"],
        codas: &["", "", "ل", "ن", "د", "م", "ة"],
        spaces: &[" ", " ", " بن ", " عبد ال", "-", "، "],
        honorifics: &["د. ", "أ.د. ", "السيدة "],
        most: 85,
    },
    Alphabet {
        script: "Arab (Persian, Urdu, Uyghur, Sindhi)",
        onsets: &[
            "پ", "چ", "ژ", "گ", "ک", "ی", "ٹ", "ڈ", "ڑ", "ں", "ھ", "ہ", "ڭ", "ڤ", "ې",
            "ۇ", "ٻ", "ڄ", "ڳ",
        ],
        nuclei: &["{}", "{}ا", "{}و", "{}ی", "{}ے", "{}ې", "{}ۆ", "{}ە", "{}ۀ"],
        codas: &["", "ن", "ر", "م", "ت", "\u{200c}پ"],
        spaces: &[" ", " ", "\u{200c}", "‌ی "],
        honorifics: &["دکتر ", "جناب "],
        most: 85,
    },
    Alphabet {
        script: "Hebr",
        onsets: &[
            "א", "ב", "ג", "ד", "ה", "ו", "ז", "ח", "ט", "כ", "ל", "מ", "נ", "ס", "ע",
            "פ", "צ", "ק", "ר", "שׁ", "שׂ", "ת",
        ],
        nuclei: &["{}", "{}", "{}י", "{}ו", "{}ָ", "{}ִ", "{}ּ", "{}ְ", "{}ֵי"],
        codas: &["", "ל", "ן", "ם", "ה"],
        spaces: &[" ", " בן־", "־", " בת ", "-", "׳ "],
        honorifics: &["ד״ר ", "פרופ׳ "],
        most: 85,
    },
    Alphabet {
        script: "Deva",
        onsets: &[
            "अ",
            "क",
            "ख",
            "ग",
            "घ",
            "च",
            "ज",
            "ट",
            "ड",
            "त",
            "द",
            "ध",
            "न",
            "प",
            "भ",
            "म",
            "य",
            "र",
            "व",
            "श",
            "स",
            "ह",
            "क्ष",
            "ज्ञ",
            "त्र",
            "श्री",
            "द्ध",
            "स्त्र",
            "र्म",
            "ङ्क",
        ],
        nuclei: &[
            "{}", "{}ा", "{}ि", "{}ी", "{}ु", "{}ू", "{}े", "{}ै", "{}ो", "{}ौ", "{}ृ", "{}ं",
            "{}ः", "{}ाँ",
        ],
        codas: &["", "", "न", "र", "ल"],
        spaces: &[" ", "-", " "],
        honorifics: &["डॉ. ", "श्रीमती "],
        most: 60,
    },
    Alphabet {
        script: "Beng",
        onsets: &[
            "অ",
            "ক",
            "খ",
            "গ",
            "চ",
            "জ",
            "ট",
            "ড",
            "ত",
            "দ",
            "ন",
            "প",
            "ব",
            "ভ",
            "ম",
            "য",
            "র",
            "ল",
            "শ",
            "স",
            "হ",
            "ক্ষ",
            "জ্ঞ",
            "ত্র",
            "ন্দ্র",
            "ড়",
            "য়",
            "র্য",
            "ঙ্গ",
        ],
        nuclei: &[
            "{}", "{}া", "{}ি", "{}ী", "{}ু", "{}ূ", "{}ে", "{}ৈ", "{}ো", "{}ৌ", "{}ৃ",
            "{}ং", "{}ঁ",
        ],
        codas: &["", "ন", "র", "ৎ"],
        spaces: &[" ", "-"],
        honorifics: &["ড. ", "শ্রীমতী "],
        most: 60,
    },
    Alphabet {
        script: "Guru",
        onsets: &[
            "ਅ",
            "ਸ",
            "ਹ",
            "ਕ",
            "ਖ",
            "ਗ",
            "ਚ",
            "ਜ",
            "ਟ",
            "ਡ",
            "ਤ",
            "ਦ",
            "ਨ",
            "ਪ",
            "ਬ",
            "ਮ",
            "ਰ",
            "ਲ",
            "ਵ",
            "ਸ਼",
            "ਪ੍ਰ",
            "ਸ੍ਵ",
            "ਨ੍ਹ",
        ],
        nuclei: &[
            "{}", "{}ਾ", "{}ਿ", "{}ੀ", "{}ੁ", "{}ੂ", "{}ੇ", "{}ੈ", "{}ੋ", "{}ੌ", "{}ੰ", "{}ਾਂ",
            "{}ੱ",
        ],
        codas: &["", "ਨ", "ਰ", "ਲ"],
        spaces: &[" ", " ਸਿੰਘ ", " ਕੌਰ "],
        honorifics: &["ਡਾ. ", "ਸ. "],
        most: 60,
    },
    Alphabet {
        script: "Gujr",
        onsets: &[
            "અ",
            "ક",
            "ખ",
            "ગ",
            "ચ",
            "જ",
            "ટ",
            "ડ",
            "ત",
            "દ",
            "ન",
            "પ",
            "બ",
            "મ",
            "ર",
            "લ",
            "વ",
            "શ",
            "સ",
            "હ",
            "ક્ષ",
            "જ્ઞ",
            "ત્ર",
            "શ્ર",
            "ર્મ",
        ],
        nuclei: &[
            "{}", "{}ા", "{}િ", "{}ી", "{}ુ", "{}ૂ", "{}ે", "{}ૈ", "{}ો", "{}ૌ", "{}ૃ", "{}ં",
        ],
        codas: &["", "ન", "ર", "લ"],
        spaces: &[" ", "-"],
        honorifics: &["ડૉ. ", "શ્રી "],
        most: 60,
    },
    Alphabet {
        script: "Taml",
        onsets: &[
            "அ",
            "க",
            "ச",
            "ட",
            "த",
            "ந",
            "ன",
            "ப",
            "ம",
            "ய",
            "ர",
            "ல",
            "வ",
            "ழ",
            "ள",
            "ற",
            "ஜ",
            "ஸ",
            "ஹ",
            "க்ஷ",
            "ஸ்ரீ",
        ],
        nuclei: &[
            "{}", "{}ா", "{}ி", "{}ீ", "{}ு", "{}ூ", "{}ெ", "{}ே", "{}ை", "{}ொ", "{}ோ",
            "{}ௌ",
        ],
        codas: &["", "ன்", "ம்", "ர்", "ல்"],
        spaces: &[" ", ". "],
        honorifics: &["திரு. ", "முனைவர் "],
        most: 45,
    },
    Alphabet {
        script: "Telu",
        onsets: &[
            "అ",
            "క",
            "గ",
            "చ",
            "జ",
            "ట",
            "డ",
            "త",
            "ద",
            "న",
            "ప",
            "బ",
            "మ",
            "య",
            "ర",
            "ల",
            "వ",
            "శ",
            "స",
            "హ",
            "క్ష",
            "జ్ఞ",
            "శ్రీ",
            "స్త్ర",
            "ర్మ",
        ],
        nuclei: &[
            "{}", "{}ా", "{}ి", "{}ీ", "{}ు", "{}ూ", "{}ె", "{}ే", "{}ై", "{}ొ", "{}ో", "{}ౌ",
            "{}ృ", "{}ం",
        ],
        codas: &["", "న్", "లు"],
        spaces: &[" ", ". "],
        honorifics: &["డా. ", "శ్రీమతి "],
        most: 45,
    },
    Alphabet {
        script: "Knda",
        onsets: &[
            "ಅ",
            "ಕ",
            "ಗ",
            "ಚ",
            "ಜ",
            "ಟ",
            "ಡ",
            "ತ",
            "ದ",
            "ನ",
            "ಪ",
            "ಬ",
            "ಮ",
            "ಯ",
            "ರ",
            "ಲ",
            "ವ",
            "ಶ",
            "ಸ",
            "ಹ",
            "ಕ್ಷ",
            "ಜ್ಞ",
            "ಶ್ರೀ",
            "ಸ್ತ್ರ",
            "ರ್ಮ",
        ],
        nuclei: &[
            "{}", "{}ಾ", "{}ಿ", "{}ೀ", "{}ು", "{}ೂ", "{}ೆ", "{}ೇ", "{}ೈ", "{}ೊ", "{}ೋ", "{}ೌ",
            "{}ೃ", "{}ಂ",
        ],
        codas: &["", "ನ್", "ಲ್"],
        spaces: &[" ", ". "],
        honorifics: &["ಡಾ. ", "ಶ್ರೀಮತಿ "],
        most: 45,
    },
    Alphabet {
        script: "Mlym",
        onsets: &[
            "അ",
            "ക",
            "ഗ",
            "ച",
            "ജ",
            "ഞ",
            "ട",
            "ഡ",
            "ത",
            "ദ",
            "ന",
            "പ",
            "ബ",
            "മ",
            "യ",
            "ര",
            "റ",
            "ല",
            "വ",
            "ഴ",
            "ള",
            "ശ",
            "സ",
            "ഹ",
            "ക്ഷ",
            "ങ്ക",
            "ഞ്ച",
            "സ്ത്ര",
            "ന്റ",
            "ശ്രീ",
        ],
        nuclei: &[
            "{}", "{}ാ", "{}ി", "{}ീ", "{}ു", "{}ൂ", "{}െ", "{}േ", "{}ൈ", "{}ൊ", "{}ോ",
            "{}ൗ", "{}ൃ", "{}ം",
        ],
        codas: &["", "ൻ", "ൽ", "ർ", "ൾ"],
        spaces: &[" ", ". "],
        honorifics: &["ഡോ. ", "ശ്രീമതി "],
        most: 40,
    },
    Alphabet {
        script: "Orya",
        onsets: &["ଅ", "କ", "ଖ", "ଗ", "ଘ", "ଚ", "ଛ", "ଜ", "ଟ", "ଡ", "ତ", "ଥ", "ଦ", "ଧ", "ନ", "ପ", "ଫ", "ବ", "ଭ", "ମ", "ଯ", "ୟ", "ର", "ଲ", "ଳ", "ଶ", "ଷ", "ସ", "ହ", "କ୍ଷ", "ତ୍ର", "ଜ୍ଞ", "ନ୍ତ", "ସ୍ତ୍ର", "ଶ୍ରୀ"],
        nuclei: &["{}", "{}ା", "{}ି", "{}ୀ", "{}ୁ", "{}ୂ", "{}େ", "{}ୈ", "{}ୋ", "{}ୌ", "{}ୃ", "{}ଂ"],
        codas: &["", "ଂ", "ନ୍", "ର୍"],
        spaces: &[" "],
        honorifics: &["ଡଃ ", "ଶ୍ରୀମତୀ "],
        most: 40,
    },
    Alphabet {
        script: "Sinh",
        onsets: &[
            "අ",
            "ක",
            "ග",
            "ච",
            "ජ",
            "ඤ",
            "ට",
            "ඩ",
            "ත",
            "ද",
            "න",
            "ප",
            "බ",
            "ම",
            "ය",
            "ර",
            "ල",
            "ව",
            "ශ",
            "ස",
            "හ",
            "ක්\u{200d}ර",
            "ප්\u{200d}ය",
            "ශ්\u{200d}රී",
            "ඳ",
            "ඟ",
        ],
        nuclei: &[
            "{}", "{}ා", "{}ැ", "{}ෑ", "{}ි", "{}ී", "{}ු", "{}ූ", "{}ෙ", "{}ේ", "{}ො", "{}ෝ",
            "{}ෞ", "{}ං",
        ],
        codas: &["", "න්", "ල්"],
        spaces: &[" ", ". "],
        honorifics: &["ආචාර්ය ", "මහාචාර්ය "],
        most: 45,
    },
    Alphabet {
        script: "Thai",
        onsets: &[
            "ก", "ข", "ค", "ง", "จ", "ช", "ญ", "ฐ", "ณ", "ด", "ต", "ท", "ธ", "น", "บ",
            "ป", "พ", "ฟ", "ม", "ย", "ร", "ล", "ว", "ศ", "ส", "ห", "อ", "กร", "พร", "ศร",
        ],
        nuclei: &[
            "{}า",
            "{}ิ์",
            "{}ี้",
            "{}ึ่",
            "{}ื่อ",
            "{}ุ",
            "{}ู่",
            "เ{}",
            "เ{}ี่ย",
            "แ{}",
            "โ{}",
            "ใ{}",
            "ไ{}่",
            "{}ะ",
            "{}ัน",
            "{}ำ",
            "{}้ำ",
            "{}ป็",
        ],
        codas: &["", "น", "ง", "ม", "ร์", "ย์"],
        spaces: &[" ", " ณ ", ""],
        honorifics: &["ดร. ", "ผศ.", "นางสาว"],
        most: 85,
    },
    Alphabet {
        script: "Laoo",
        onsets: &[
            "ກ", "ຂ", "ຄ", "ງ", "ຈ", "ສ", "ຊ", "ຍ", "ດ", "ຕ", "ທ", "ນ", "ບ", "ປ", "ຜ",
            "ພ", "ມ", "ຢ", "ລ", "ວ", "ຫ", "ອ", "ຫຼ", "ໝ", "ໜ",
        ],
        nuclei: &[
            "{}າ", "{}ິ", "{}ີ້", "{}ຶ່", "{}ື", "{}ຸ", "{}ູ່", "ເ{}", "ແ{}", "ໂ{}", "ໃ{}", "ໄ{}",
            "{}ັນ", "{}ຳ", "{}ົງ",
        ],
        codas: &["", "ນ", "ງ", "ມ"],
        spaces: &[" ", ""],
        honorifics: &["ທ່ານ ", "ດຣ. "],
        most: 80,
    },
    Alphabet {
        script: "Khmr",
        onsets: &[
            "ក",
            "ខ",
            "គ",
            "ង",
            "ច",
            "ជ",
            "ញ",
            "ដ",
            "ណ",
            "ត",
            "ថ",
            "ទ",
            "ធ",
            "ន",
            "ប",
            "ផ",
            "ព",
            "ភ",
            "ម",
            "យ",
            "រ",
            "ល",
            "វ",
            "ស",
            "ហ",
            "អ",
            "ស្រ",
            "ក្រ",
            "ព្រ",
            "ច័ន្ទ",
            "ស្ត្រ",
            "ញ្ញ",
            "ម្ភ",
        ],
        nuclei: &[
            "{}", "{}ា", "{}ិ", "{}ី", "{}ឹ", "{}ឺ", "{}ុ", "{}ូ", "{}ួ", "{}ើ", "{}ឿ", "{}េ",
            "{}ែ", "{}ៃ", "{}ោ", "{}ៅ", "{}ុំ", "{}ាំ", "{}ះ",
        ],
        codas: &["", "ន", "ម", "រ", "ស់", "ណ៍"],
        spaces: &[" ", ""],
        honorifics: &["លោក ", "បណ្ឌិត "],
        most: 50,
    },
    Alphabet {
        script: "Mymr",
        onsets: &[
            "က",
            "ခ",
            "ဂ",
            "င",
            "စ",
            "ဇ",
            "ည",
            "တ",
            "ထ",
            "ဒ",
            "န",
            "ပ",
            "ဖ",
            "ဗ",
            "မ",
            "ယ",
            "ရ",
            "လ",
            "ဝ",
            "သ",
            "ဟ",
            "အ",
            "ကျ",
            "ကြ",
            "မြ",
            "လှ",
            "ရွှ",
            "န္ဒ",
            "မ္မ",
        ],
        nuclei: &[
            "{}",
            "{}ာ",
            "{}ိ",
            "{}ီး",
            "{}ု",
            "{}ူ",
            "{}ေ",
            "{}ဲ",
            "{}ော်",
            "{}ို",
            "{}ံ့",
            "{}ောင်",
            "{}ိုင်း",
        ],
        codas: &["", "န်", "င်", "မ်း", "်"],
        spaces: &[" ", ""],
        honorifics: &["ဒေါ် ", "ဦး ", "ဒေါက်တာ "],
        most: 45,
    },
    Alphabet {
        script: "Ethi",
        onsets: &[
            "ሀ", "ለ", "መ", "ሠ", "ረ", "ሰ", "ሸ", "ቀ", "በ", "ተ", "ቸ", "ነ", "ኘ", "አ", "ከ",
            "ወ", "ዘ", "የ", "ደ", "ገ", "ጠ", "ጸ", "ፈ",
        ],
        nuclei: &["{}", "{}ሩ", "{}ሚ", "{}ላ", "{}ቤ", "{}ድ", "{}ቶ", "{}ሏ"],
        codas: &["", "ን", "ል"],
        spaces: &[" ", " ", "፡"],
        honorifics: &["ዶ/ር ", "ወ/ሮ "],
        most: 60,
    },
    Alphabet {
        script: "Geor",
        onsets: &[
            "", "ბ", "გ", "დ", "ვ", "ზ", "თ", "კ", "ლ", "მ", "ნ", "პ", "ჟ", "რ", "ს",
            "ტ", "ფ", "ქ", "ღ", "ყ", "შ", "ჩ", "ც", "ძ", "წ", "ჭ", "ხ", "ჯ", "ჰ",
        ],
        nuclei: &["{}ა", "{}ე", "{}ი", "{}ო", "{}უ"],
        codas: &["", "ძე", "შვილი", "ან"],
        spaces: &[" ", "-"],
        honorifics: &["დ-რი ", "ბ-ნი "],
        most: 70,
    },
    Alphabet {
        script: "Armn",
        onsets: &[
            "", "Բ", "գ", "դ", "զ", "թ", "ժ", "լ", "խ", "կ", "հ", "ձ", "ղ", "ճ", "մ",
            "ն", "շ", "պ", "ջ", "ռ", "ս", "վ", "տ", "ր", "ց", "փ", "ք", "ֆ",
        ],
        nuclei: &["{}ա", "{}ե", "{}է", "{}ը", "{}ի", "{}ո", "{}ու", "{}օ", "{}և"],
        codas: &["", "ն", "յան", "ր"],
        spaces: &[" ", "-"],
        honorifics: &["Դ-ր ", "Պրն. "],
        most: 70,
    },
    Alphabet {
        script: "Hani",
        onsets: &[
            "王", "李", "張", "刘", "陈", "楊", "黄", "趙", "吴", "周", "歐陽", "司馬",
            "明", "華", "国", "龍", "麗", "靜", "秀", "芳", "文", "建", "𠮷", "髙", "﨑",
            "邊", "骨", "直", "逸",
        ],
        nuclei: &["{}"],
        codas: &["", "雅", "偉", "德"],
        spaces: &["", "", " ", "·", "\u{3000}"],
        honorifics: &["", "博士 "],
        most: 40,
    },
    Alphabet {
        script: "Hira, Kana",
        onsets: &[
            "さ", "か", "た", "な", "ハ", "マ", "ヤ", "ラ", "ワ", "ガ", "ザ", "ダ", "バ",
            "パ", "キャ", "シュ", "ちょ", "ヴァ", "田", "渡邉", "﨑",
        ],
        nuclei: &["{}", "{}", "{}ー", "{}ッ", "{}ん", "{}々"],
        codas: &["", "ン", "子", "ゞ"],
        spaces: &["", " ", "・", "\u{3000}", "＝"],
        honorifics: &["", "博士　"],
        most: 40,
    },
    Alphabet {
        script: "Hang",
        onsets: &[
            "김",
            "이",
            "박",
            "최",
            "정",
            "강",
            "조",
            "윤",
            "장",
            "임",
            "헌",
            "영",
            "서",
            "뷁",
            "쩐",
            "남궁",
            "선우",
            "\u{1112}\u{1161}\u{11ab}",
        ],
        nuclei: &["{}"],
        codas: &["", "민", "수"],
        spaces: &["", "", " "],
        honorifics: &["", "박사 "],
        most: 40,
    },
    Alphabet {
        script: "Bopo",
        onsets: &[
            "ㄅ", "ㄆ", "ㄇ", "ㄈ", "ㄉ", "ㄊ", "ㄋ", "ㄌ", "ㄍ", "ㄎ", "ㄏ", "ㄐ", "ㄑ",
            "ㄒ",
        ],
        nuclei: &["{}ㄚ", "{}ㄛ", "{}ㄜˋ", "{}ㄢˊ", "{}ㄤ", "{}ㄨㄥˇ"],
        codas: &[""],
        spaces: &["", " "],
        honorifics: &[""],
        most: 40,
    },
];

const COUNT: usize = 1000;
const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn thousand_names_in_all_scripts_pass_the_proof() {
    let press = Press::new(Site::demo()).unwrap();
    let today = Date::parse("2026-05-14").unwrap();
    let jobs: Vec<(String, &str)> = (0..COUNT)
        .flat_map(|number| {
            let tags: &[&str] =
                if number % 10 == 7 { &["en", "ar", "ja"] } else { &["en"] };
            tags.iter().map(move |tag| (generated_name(number), *tag))
        })
        .collect();
    let refused = in_parallel(&jobs, |(name, tag)| {
        let drafted = Request::new(COURSE, name).and_then(|request| {
            press.draft(&request.with_language(Tag::parse(tag)?), today)
        });
        Some(format!("{tag} {name:?}: {}", drafted.err()?))
    });
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
}

/// What `check` finds of each job, on all threads of the machine.
fn in_parallel<T: Sync>(
    jobs: &[T],
    check: impl Fn(&T) -> Option<String> + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(fault) = check(job) {
                        found.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// The name of that number: always the same, in each script by turns.
fn generated_name(number: usize) -> String {
    let mut rng = Rng(number as u64);
    let alphabet = &ALPHABETS[number % ALPHABETS.len()];
    let latin = &ALPHABETS[0];
    match rng.below(12) {
        // A single letter or syllable is a valid name.
        0 => {
            let name = rng.syllable(alphabet);
            if name.is_empty() { rng.syllable(latin) + "a" } else { name }
        }
        1 | 2 => {
            let length = rng.between(4, 18);
            let own = rng.words(alphabet, length.min(alphabet.most / 3));
            let roman = rng.words(latin, length);
            match rng.below(3) {
                0 => format!("{roman} ({own})"),
                1 => format!("{own} ({roman})"),
                _ => format!("{roman} «{own}» {}.", rng.pick(&["B", "Q", "É"])),
            }
        }
        3 => {
            let own = rng.words(alphabet, 12);
            format!("{}{own}", rng.pick(alphabet.honorifics))
        }
        // As long as two lines can hold.
        4 => rng.words(alphabet, alphabet.most),
        _ => {
            let length = rng.between(3, 30);
            rng.words(alphabet, length.min(alphabet.most))
        }
    }
}

/// A random number generator with a given seed (SplitMix64).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn syllable(&mut self, alphabet: &Alphabet) -> String {
        let onset = self.pick(alphabet.onsets);
        let nucleus = self.pick(alphabet.nuclei).replace("{}", onset);
        nucleus + self.pick(alphabet.codas)
    }

    /// Words of a few syllables, with at most `most` characters.
    fn words(&mut self, alphabet: &Alphabet, most: usize) -> String {
        let mut name = String::new();
        let mut length = 0;
        let mut in_word = 0;
        let mut word = self.between(1, 4);
        loop {
            let mut part = String::new();
            if in_word == word {
                part.push_str(self.pick(alphabet.spaces));
                (in_word, word) = (0, self.between(1, 4));
            }
            part.push_str(&capital(&self.syllable(alphabet), in_word == 0));
            in_word += 1;
            length += part.chars().count();
            if length > most && !name.is_empty() {
                return name;
            }
            name.push_str(&part);
        }
    }
}

/// With a capital at the beginning of a word, if the script has capitals.
fn capital(text: &str, begins: bool) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if begins && !('ა'..='ჿ').contains(&first) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn letter_repeated_across_a_line_break_passes() {
    let press = Press::new(Site::demo()).unwrap();
    for (tag, letter, count) in [("ja", "田", 40), ("en", "김", 40), ("en", "ក", 60)]
    {
        let request = Request::new(COURSE, &letter.repeat(count)).unwrap();
        let request = request.with_language(Tag::parse(tag).unwrap());
        press.draft(&request, Date::parse("2026-05-14").unwrap()).unwrap();
    }
}

/// In Nastaliq each letter has another height, and the dots of a word's last letter come first in
/// the page's order.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn nastaliq_words_are_proofread_in_order() {
    let press = Press::new(Site::demo()).unwrap();
    for name in [
        "رئيسة التعليم عن بعد",
        "رئیسہ تبسّم",
        "لکھنؤ کے مؤثر ہے",
        "شعبۂ کیمسٹری کے سربراہ",
        "گرہیں یے سمجھیے بھیجیے",
        "مدیر آموزش از راه دور",
        "سیدہ کیمیا فاطمہ بیگم بنت ڈاکٹر محمد مصطفیٰ کمال صدیقی رئیسۂ شعبۂ تعلیم و تحقیق جامعہ لکھنؤ",
    ] {
        let request = Request::new(COURSE, name).unwrap();
        let request = request.with_language(Tag::parse("ur").unwrap());
        let drafted = press.draft(&request, Date::parse("2026-05-14").unwrap());
        assert!(drafted.is_ok(), "{name}: {:?}", drafted.err());
    }
}

#[test]
fn generated_names_cover_every_script() {
    let declared =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fonts/fonts.yaml"));
    let declared = declared.unwrap();
    let missing: Vec<&str> = declared
        .split("scripts: [")
        .skip(1)
        .filter_map(|rest| rest.split(']').next())
        .flat_map(|list| list.split(", "))
        .filter(|script| {
            !ALPHABETS.iter().any(|alphabet| alphabet.script.contains(script))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let lengths: Vec<usize> =
        (0..COUNT).map(|number| generated_name(number).chars().count()).collect();
    assert!(lengths.contains(&1));
    assert!(lengths.iter().any(|length| (85..=100).contains(length)));
}
