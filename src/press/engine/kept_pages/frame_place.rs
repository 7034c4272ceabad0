//! Items of a laid-out page: where they are, and how one of them is changed.

use typst::layout::{Frame, FrameItem, GroupItem, Point};
use typst::text::TextItem;

use crate::press::engine::laid_out::LaidOut;

/// The position of an item: its page, and the number of the item in each frame on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FramePlace {
    pub(super) page: usize,
    pub(super) path: Vec<usize>,
}

impl FramePlace {
    /// The place of the group with a label, if exactly one group of the document has it.
    pub(super) fn of_label(document: &LaidOut, id: &str) -> Option<Self> {
        let mut found = document.pages().iter().enumerate().filter_map(|(page, it)| {
            let mut path = Vec::new();
            find(&it.frame, &|item| has_label(item, id), &mut path)
                .then_some(Self { page, path })
        });
        let place = found.next()?;
        found.next().is_none().then_some(place)
    }

    pub(super) fn below(&self, path: &[usize]) -> Self {
        Self { page: self.page, path: [&self.path[..], path].concat() }
    }

    pub(super) fn item<'a>(
        &self,
        document: &'a LaidOut,
    ) -> Option<&'a (Point, FrameItem)> {
        let mut frame = &document.pages().get(self.page)?.frame;
        let (last, way) = self.path.split_last()?;
        for index in way {
            let (_, FrameItem::Group(group)) = frame.items().nth(*index)? else {
                return None;
            };
            frame = &group.frame;
        }
        frame.items().nth(*last)
    }
}

fn has_label(item: &FrameItem, id: &str) -> bool {
    let FrameItem::Group(GroupItem { label: Some(label), .. }) = item else {
        return false;
    };
    label.resolve().as_str() == id
}

/// Finds the group with a label in a frame.
pub(super) fn labelled<'a>(frame: &'a Frame, id: &str) -> Option<(Point, &'a GroupItem)> {
    frame.items().find_map(|(at, item)| match item {
        FrameItem::Group(group) if has_label(item, id) => Some((*at, group)),
        FrameItem::Group(group) => labelled(&group.frame, id),
        _ => None,
    })
}

/// Finds the first item of a kind, and the way to it.
pub(super) fn find(
    frame: &Frame,
    is_wanted: &dyn Fn(&FrameItem) -> bool,
    path: &mut Vec<usize>,
) -> bool {
    for (index, (_, item)) in frame.items().enumerate() {
        path.push(index);
        if is_wanted(item) {
            return true;
        }
        if let FrameItem::Group(group) = item
            && find(&group.frame, is_wanted, path)
        {
            return true;
        }
        path.pop();
    }
    false
}

pub(super) fn first_text(frame: &Frame) -> Option<&TextItem> {
    frame.items().find_map(|(_, item)| match item {
        FrameItem::Text(text) => Some(text),
        FrameItem::Group(group) => first_text(&group.frame),
        _ => None,
    })
}

/// Changes an item of a frame. `None` if the item is not of the expected kind.
pub(super) type Change<'a> = dyn Fn(&mut Point, &mut FrameItem) -> Option<()> + 'a;

/// The frame with one of its items changed.
pub(super) fn changed(
    frame: &Frame,
    path: &[usize],
    change: &Change<'_>,
) -> Option<Frame> {
    let (index, rest) = path.split_first()?;
    let mut items: Vec<(Point, FrameItem)> = frame.items().cloned().collect();
    let (at, item) = items.get_mut(*index)?;
    if rest.is_empty() {
        change(at, item)?;
    } else {
        let FrameItem::Group(group) = item else { return None };
        group.frame = changed(&group.frame, rest, change)?;
    }
    let mut whole = frame.clone();
    whole.clear();
    whole.push_multiple(items);
    Some(whole)
}
