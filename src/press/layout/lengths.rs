//! Lengths that depend on the page: `lengths` of a `layout.yaml`, and the widths of its roles.
//!
//! Takes expressions, gives millimetres for a [`PageFacts`]. The decision made here: an
//! expression is written in the language of sentences ([`minijinja`]) and knows the
//! paper, the number of signatories, and the QR code; it is computed for every paper when
//! the layout is read.

use std::sync::LazyLock;

use indexmap::IndexMap;
use minijinja::{Environment, Expression, UndefinedBehavior, Value};

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml::{Faults, Fields, Node};

/// The values on which lengths may depend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageFacts {
    /// The width of the paper, in millimetres.
    pub(crate) width: f64,
    /// The height of the paper, in millimetres.
    pub(crate) height: f64,
    /// How many signatories there are.
    pub(crate) signatories: usize,
    /// The QR code; both values are 0 without one.
    pub(crate) code: CodeFacts,
    /// The width of the first badge, in units of its height; 0 without one.
    pub(crate) badge: f64,
    /// How many of the layout's photos the request gives.
    pub(crate) photos: usize,
    /// Whether there is a second language.
    pub(crate) bilingual: bool,
    /// Whether the page bears the mark of a specimen.
    pub(crate) specimen: bool,
}

/// The size of the QR code in millimetres.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct CodeFacts {
    /// The side of the square of its modules, without the quiet zone.
    pub(crate) side: f64,
    /// The same with the quiet zone on one side.
    pub(crate) reach: f64,
}

impl CodeFacts {
    /// The size of a code with `modules` modules on each side. A module of half a
    /// millimetre can be scanned from a wall; the quiet zone is four modules wide.
    pub(crate) fn of(modules: usize) -> Self {
        let modules = modules as f64;
        let size = f64::max(22.0, (modules + 8.0) * 0.5);
        let quiet = size * 4.0 / (modules + 8.0);
        Self { side: size - 2.0 * quiet, reach: size - quiet }
    }
}

/// An expression for a length in millimetres.
#[derive(Debug)]
pub(crate) struct Length {
    expression: Expression<'static, 'static>,
    text: String,
    place: Place,
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(MAX_FUEL));
    env.add_filter("min", minijinja::filters::min);
    env.add_filter("max", minijinja::filters::max);
    env
});

/// The most steps that the evaluation of one expression may take.
const MAX_FUEL: u64 = 2_000;

impl Length {
    /// Reads an expression.
    pub(super) fn read(node: Node<'_>, faults: &mut Faults) -> Option<Self> {
        let text = faults.keep(node.text())?;
        let expression = ENVIRONMENT.compile_expression_owned(text.to_owned());
        let expression = faults.keep(expression.map_err(|error| {
            let message = format!("`{text}` is no length ({})", reason(&error));
            node.fault(ErrorKind::InvalidValue, message).with_help(HELP)
        }))?;
        let place = node.span().place().clone();
        Some(Self { expression, text: text.to_owned(), place })
    }

    /// A constant length.
    pub(super) fn constant(millimetres: f64) -> Option<Self> {
        Self::own(format!("{millimetres:.4}"))
    }

    /// A length that depends on the number of signatories; the first is that for none.
    pub(super) fn by_signatories(lengths: &[f64]) -> Option<Self> {
        let lengths = lengths.iter().map(|length| format!("{length:.4}"));
        Self::own(format!("[{}][signatories]", lengths.collect::<Vec<_>>().join(", ")))
    }

    fn own(text: String) -> Option<Self> {
        let expression = ENVIRONMENT.compile_expression_owned(text.clone()).ok()?;
        Some(Self { expression, text, place: Place::file("layout.yaml") })
    }

    /// Its value in millimetres.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] for an unknown name, and for a value that is not a
    /// number up to 2000 mm.
    fn evaluate(&self, values: &Value) -> Result<f64> {
        let fault = |why: String| {
            let message = format!("`{}` is no length ({why})", self.text);
            Error::new(ErrorKind::InvalidValue, message)
                .at(self.place.clone())
                .with_help(HELP)
        };
        let value =
            self.expression.eval(values).map_err(|error| fault(reason(&error)))?;
        let number =
            f64::try_from(value.clone()).map_err(|_| fault(format!("{value}")))?;
        if (-MAX..=MAX).contains(&number) {
            Ok(number)
        } else {
            Err(fault(format!("{number} mm")))
        }
    }
}

const HELP: &str = "write millimetres, such as `170` or `width - 60`, with the names of \
                    `lengths` and `width`, `height`, `signatories`, `code.side`, `code.reach`, \
                    `badge`, `photos`, `bilingual`, `specimen`";

/// The largest length, in millimetres.
const MAX: f64 = 2000.0;

/// Why an expression fails, without the place that minijinja adds.
fn reason(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    }
}

/// The named lengths of a layout, in their order, each of which may use those before it.
#[derive(Debug, Default)]
pub(crate) struct Lengths(IndexMap<String, Length>);

/// The values that expressions can use on one page.
#[derive(Debug)]
pub(crate) struct PageLengths {
    /// The named lengths, in millimetres.
    pub(crate) named: IndexMap<String, f64>,
    values: Value,
    paper: f64,
}

impl Lengths {
    /// Reads `lengths` of a `layout.yaml`.
    pub(super) fn read(fields: Fields<'_>, faults: &mut Faults) -> Self {
        let mut lengths = IndexMap::new();
        let Some(node) = fields.get("lengths") else { return Self(lengths) };
        for (key, node) in faults.keep(node.entries()).into_iter().flatten() {
            let name = key.text();
            let is_word = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if name.is_empty() || !is_word || NAMES.contains(&name) {
                let message = format!("`{name}` cannot name a length");
                let fault = key.fault(ErrorKind::InvalidValue, message);
                faults.push(fault.with_help(
                    "write small letters and `_`, and none of the names that are given",
                ));
                continue;
            }
            if let Some(length) = Length::read(node, faults) {
                lengths.insert(name.to_owned(), length);
            }
        }
        Self(lengths)
    }

    /// Computes the named lengths for a page.
    ///
    /// # Errors
    /// As [`PageLengths::of`].
    pub(crate) fn on(&self, facts: &PageFacts) -> Result<PageLengths> {
        let mut named = IndexMap::new();
        let mut values = merged(facts, &named);
        for (name, length) in &self.0 {
            named.insert(name.clone(), length.evaluate(&values)?);
            values = merged(facts, &named);
        }
        Ok(PageLengths { named, values, paper: facts.width })
    }
}

/// The names of the values of [`PageFacts`].
const NAMES: [&str; 8] = [
    "width",
    "height",
    "signatories",
    "code",
    "badge",
    "photos",
    "bilingual",
    "specimen",
];

fn merged(facts: &PageFacts, named: &IndexMap<String, f64>) -> Value {
    let code = [("side", facts.code.side), ("reach", facts.code.reach)];
    let given = [
        ("width", Value::from(facts.width)),
        ("height", Value::from(facts.height)),
        ("signatories", Value::from(facts.signatories)),
        ("code", Value::from_pairs(code)),
        ("badge", Value::from(facts.badge)),
        ("photos", Value::from(facts.photos)),
        ("bilingual", Value::from(facts.bilingual)),
        ("specimen", Value::from(facts.specimen)),
    ];
    let named = named.iter().map(|(name, length)| (name.as_str(), Value::from(*length)));
    Value::from_pairs(given.into_iter().chain(named))
}

impl PageLengths {
    /// The value of an expression on this page, in points.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] for an unknown name, and for a value that is not a
    /// number up to 2000 mm.
    pub(crate) fn of(&self, length: &Length) -> Result<f64> {
        Ok(points(length.evaluate(&self.values)?))
    }

    /// The width of a slot that declares none, in points: the length named `text`, else the paper's.
    pub(crate) fn text_width(&self) -> f64 {
        points(*self.named.get("text").unwrap_or(&self.paper))
    }
}

/// A width in points, at least that of a millimetre. It is rounded, so that Typst is given the very
/// width that was measured.
fn points(millimetres: f64) -> f64 {
    (millimetres.max(1.0) * 72.0 / 25.4 * 1e4).round() / 1e4
}
