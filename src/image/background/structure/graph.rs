//! The references between the objects of a PDF, in which a reader must not find a circle.

use std::collections::{HashMap, HashSet};

use super::objects::ObjectText;

/// How deep objects may refer to each other: a reader uses the stack for each step.
const MAX_DEPTH: u32 = 200;
/// The most pages and parts of the page tree, each counted as often as it is listed.
const MAX_PAGES: u64 = 50_000;
/// The keys by which objects refer back, or to what a reader does not follow, or follows only so
/// far (ISO 32000-1, 7.5, 7.7, 8.10, 12.3 to 12.8 and 14.7).
const BACK_KEYS: [&[u8]; 30] = [
    b"A",
    b"AA",
    b"AN",
    b"Annots",
    b"B",
    b"D",
    b"Data",
    b"Dest",
    b"Dests",
    b"F",
    b"First",
    b"IRT",
    b"Last",
    b"N",
    b"Names",
    b"Next",
    b"Obj",
    b"OpenAction",
    b"P",
    b"Parent",
    b"Pg",
    b"PieceInfo",
    b"Popup",
    b"Prev",
    b"Resources",
    b"Root",
    b"StructTreeRoot",
    b"T",
    b"V",
    b"XObject",
];

/// The objects and their references.
#[derive(Default)]
pub(super) struct Graph {
    /// The objects that an object refers to, and whether as a part of the page tree.
    edges: HashMap<u32, Vec<(u32, bool)>>,
    /// Object streams, and the objects that are said to lie in object streams.
    containers: HashSet<u32>,
    contained: HashSet<u32>,
}

#[derive(Clone, Copy)]
struct Reached {
    depth: u32,
    pages: u64,
}

impl Graph {
    /// Adds one form of an object; a file may have several.
    pub(super) fn add(&mut self, object: &ObjectText<'_>) {
        let edges = self.edges.entry(object.number).or_default();
        for (key, target) in &object.references {
            if !object.is_dict || !BACK_KEYS.contains(&key.as_slice()) {
                edges.push((*target, key == b"Kids" || !object.is_dict));
            }
        }
    }

    pub(super) fn add_container(&mut self, number: u32) {
        self.containers.insert(number);
    }

    /// Reads the entries of a cross-reference stream: those of type 2 say which object lies in
    /// which object stream.
    pub(super) fn add_references(
        &mut self,
        decoded: &[u8],
        [kind, container, rest]: [usize; 3],
        index: &[(u32, u32)],
    ) {
        let numbers = index
            .iter()
            .flat_map(|(start, count)| (0..*count).map(|at| start.saturating_add(at)));
        let rows = decoded.chunks_exact((kind + container + rest).max(1));
        let value = |bytes: &[u8]| {
            bytes.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte))
        };
        for (row, number) in rows.zip(numbers) {
            if kind > 0 && value(&row[..kind]) == 2 {
                self.contained.insert(number);
                let container = value(&row[kind..kind + container]);
                self.containers.extend(u32::try_from(container));
            }
        }
    }

    /// Refuses references that a reader would follow without end or too deep.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.containers.intersection(&self.contained).next().is_some() {
            return Err("an object stream lies in an object stream".to_owned());
        }
        let mut roots: Vec<u32> = self.edges.keys().copied().collect();
        roots.sort_unstable();
        let mut reached: HashMap<u32, Option<Reached>> = HashMap::new();
        for root in roots {
            self.follow(root, &mut reached)?;
        }
        Ok(())
    }

    /// Follows the references of an object depth first, with a list in place of the stack. An
    /// object is done (not `None`) after those that it refers to.
    fn follow(
        &self,
        root: u32,
        reached: &mut HashMap<u32, Option<Reached>>,
    ) -> Result<(), String> {
        if reached.contains_key(&root) {
            return Ok(());
        }
        reached.insert(root, None);
        let mut path = vec![(root, 0_usize)];
        while let Some((object, next)) = path.last_mut() {
            let (object, edges) = (*object, self.edges_of(*object));
            let Some((target, _)) = edges.get(*next) else {
                reached.insert(object, Some(sum(edges, reached)?));
                path.pop();
                continue;
            };
            *next += 1;
            match reached.get(target) {
                Some(Some(_)) => {}
                Some(None) => {
                    return Err(format!("its object {target} contains itself"));
                }
                None => {
                    reached.insert(*target, None);
                    path.push((*target, 0));
                }
            }
        }
        Ok(())
    }

    fn edges_of(&self, object: u32) -> &[(u32, bool)] {
        self.edges.get(&object).map_or(&[], Vec::as_slice)
    }
}

fn sum(
    edges: &[(u32, bool)],
    reached: &HashMap<u32, Option<Reached>>,
) -> Result<Reached, String> {
    let mut all = Reached { depth: 0, pages: 1 };
    for (target, is_part) in edges {
        let Some(Some(one)) = reached.get(target) else { continue };
        all.depth = all.depth.max(one.depth + 1);
        if *is_part {
            all.pages = all.pages.saturating_add(one.pages);
        }
    }
    if all.depth > MAX_DEPTH {
        return Err(format!("its objects refer to each other over {MAX_DEPTH} steps"));
    }
    if all.pages > MAX_PAGES {
        return Err(format!("it has more than {MAX_PAGES} pages"));
    }
    Ok(all)
}
