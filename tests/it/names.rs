//! A thousand names in all scripts, which the proof accepts.
//!
//! A deterministic generator makes the names from each script's syllables, marks and clusters. They
//! are longer and stranger than real names, but each can be written in its script.

mod alphabets;
mod shelf;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use testamur::press::Press;
use testamur::site::{Request, Site};
use testamur::{Date, Tag};

use self::alphabets::{ALPHABETS, Alphabet};

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
