//! Slots with places: a layout that consists of its `layout.yaml` alone.
//!
//! Takes `slots`, `without` and the files of a `layout.yaml`; gives [`PlacedSlots`],
//! which the shared module `layouts/shared/slots.typ` draws. The decisions made here: a
//! slot is a box on one paper, given by plain numbers in millimetres from the top left
//! corner, and no two slots overlap; the content of a slot follows from its name; every
//! sentence has a slot, unless `without` says that the page leaves it out, for instance
//! because the background shows its words.
//!
//! # The schema
//!
//! `slots` is a map. Each entry is one slot, a map of scalars (only `text` and `alt` may be maps by
//! language), which an editor can change in place:
//!
//! | key | value | in |
//! |---|---|---|
//! | `x`, `y`, `width`, `height` | millimetres, required | every slot |
//! | `vertical` | `top`, `middle` or `bottom` | every slot; `middle` unless set |
//! | `align` | `start`, `center`, `end`, by the direction of the language; `left`, `right` | every slot but `code`; `center` unless set |
//! | `colour` | `ink`, `accent`, `paper`, or `"#rrggbb"` | slots with text; `ink` unless set |
//! | `fill` | the same, for a panel under the slot | every slot; none unless set |
//! | `max`, `min`, `lines`, `face`, `weight`, `italic`, `case`, `tracking`, … | those of a role | slots with text |
//! | `text` | a text, or one by language, with `{{ … }}` and markup | free texts |
//! | `picture`, `alt` | a file of the layout's folder, and what it shows | pictures |
//!
//! | name of a slot | holds |
//! |---|---|
//! | `heading`, `date`, `authenticity`, `specimen` | that sentence |
//! | `recipient`, `course`, `lead`, `statement`, `outcome`, `details`, or a role of the layout's own locales | the blocks of this role |
//! | a role and a number, `statement-2` | the second block of this role and those after it |
//! | `blocks` | the blocks without a slot of their own, in the order of the language |
//! | `signatories`, `table`, `code`, `logo`, `sponsors`, `badges` | those |
//! | any other name | what its `text` or its `picture` says |

mod check;
pub(crate) mod placed_slot;
pub(crate) mod read;
pub(crate) mod signatory_grid;

pub(super) use self::check::check;
pub(super) use self::read::{OwnFiles, read};
