//! Names of recipients, each of which no other certificate of a run bears.

use crate::cli::args::NameSet;

/// A pattern of a name in each script, and the letters of which its varying word is made.
const SCRIPTS: [(&str, &str); 8] = [
    ("Dimitra Αλεξάνδρου {}", "αβγδεζηθικλμνοπρστυφ"),
    ("Илья Александрович {}", "абвгдежзиклмнопрстуф"),
    ("محمد علي {}", "ابتثجحخدرزسشصضطعفقكل"),
    ("Võ Văn {}", "bcdfghjklmnpqrstvwxz"),
    ("{}花子", "山川田村松井木林森石原野島崎藤橋池清水谷"),
    ("김{}", "가나다라마바사아자차하고노도로모보소오조"),
    ("אדם {}", "אבגדהוזחטיכלמנסעפצקר"),
    ("María-José d’{}n", "bcdfghjklmnpqrstvwxz"),
];
const LATIN: (&str, &str) = ("María-José d’{}n", "bcdfghjklmnpqrstvwxz");

/// The name of a number. 160,000 numbers in a row have different names.
pub(super) fn name(set: NameSet, number: usize) -> String {
    let (pattern, letters) = match set {
        NameSet::Latin => LATIN,
        NameSet::Mixed => SCRIPTS[number % SCRIPTS.len()],
    };
    let letters: Vec<char> = letters.chars().collect();
    let digits = [1, 20, 400, 8_000].map(|place| number / place % 20);
    let is_latin = letters[0].is_ascii();
    let mut word = String::new();
    for (digit, vowel) in digits.into_iter().zip("aeio".chars()) {
        word.push(letters[digit]);
        if is_latin {
            word.push(vowel);
        }
    }
    pattern.replace("{}", &word)
}
