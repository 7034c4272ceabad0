//! What Redis answers, taken apart. Its own library expects more of some answers than they have: an
//! entry that was trimmed away comes as nothing.

use std::time::Duration;

use ::redis::Value;

use super::Depth;
use crate::base::error::{Error, ErrorKind, Result};

/// An entry of a stream, whose fields are gone if it was trimmed away.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) fields: Option<Fields>,
}

/// Names and values, in order.
pub(super) struct Fields(pub(super) Vec<(Vec<u8>, Vec<u8>)>);

/// What was claimed.
pub(super) struct Claimed {
    pub(super) cursor: String,
    pub(super) entries: Vec<Entry>,
    /// How many there should have been, and are no more.
    pub(super) lost: usize,
}

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.0.iter();
        fields.find(|(key, _)| key == name.as_bytes()).map(|(_, value)| value.as_slice())
    }
}

/// The answer to `XREADGROUP`: nothing, or the entries by stream.
pub(super) fn streams(answer: Value) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    for stream in array(answer)? {
        found.extend(entries(array(stream)?.pop().unwrap_or_default())?);
    }
    Ok(found)
}

/// The answer to `XAUTOCLAIM`: where to go on, the entries, and since Redis 7 what is lost.
pub(super) fn claimed(answer: Value) -> Result<Claimed> {
    let mut parts = array(answer)?.into_iter();
    let cursor = parts.next().and_then(|cursor| text(&cursor)).ok_or_else(strange)?;
    let found = entries(parts.next().unwrap_or_default())?;
    let lost = parts.next().map(array).transpose()?.map_or(0, |lost| lost.len());
    let (entries, gone): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|entry| entry.fields.is_some());
    Ok(Claimed { cursor, entries, lost: lost + gone.len() })
}

/// How often the one entry was handed out that `XPENDING` was asked for, if it is pending.
pub(super) fn times_delivered(answer: &Value) -> Option<u32> {
    let Value::Array(entries) = answer else { return None };
    let Value::Array(entry) = entries.first()? else { return None };
    Some(u32::try_from(int(entry.get(3)?)?).unwrap_or(u32::MAX))
}

/// What `XINFO GROUPS` and `XINFO STREAM` say of a group.
pub(super) fn depth(groups: &Value, stream: &Value, group: &str) -> Depth {
    let groups = match groups {
        Value::Array(groups) => groups.as_slice(),
        _ => &[],
    };
    let named = |it: &&Value| get(it, "name").and_then(text).as_deref() == Some(group);
    let Some(group) = groups.iter().find(named) else { return Depth::default() };
    let milliseconds = |id: &Value| {
        let id = text(id)?;
        id.split('-').next()?.parse::<u64>().ok().map(|time| (id.clone(), time))
    };
    let read = get(group, "last-delivered-id").and_then(milliseconds);
    let written = get(stream, "last-generated-id").and_then(milliseconds);
    let nothing = read.is_some() && read == written;
    let waiting = get(group, "lag").and_then(int).or(nothing.then_some(0));
    let behind = read.zip(written).and_then(|((_, read), (_, written))| match waiting {
        Some(0) => Some(Duration::ZERO),
        // Nothing was read yet: that says nothing of how old it is.
        _ if read == 0 => None,
        _ => Some(Duration::from_millis(written.saturating_sub(read))),
    });
    Depth { waiting, held: get(group, "pending").and_then(int), behind }
}

fn entries(answer: Value) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    for entry in array(answer)? {
        // Redis 6 has nothing in the place of what was trimmed away.
        if entry == Value::Nil {
            found.push(Entry { id: String::new(), fields: None });
            continue;
        }
        let mut parts = array(entry)?.into_iter();
        let id = parts.next().and_then(|id| text(&id)).ok_or_else(strange)?;
        let fields = match parts.next() {
            None | Some(Value::Nil) => None,
            Some(fields) => Some(array(fields)?),
        };
        let fields = fields.map(pairs).transpose()?;
        found.push(Entry { id, fields });
    }
    Ok(found)
}

fn pairs(values: Vec<Value>) -> Result<Fields> {
    let mut values = values.into_iter();
    let mut fields = Vec::new();
    while let (Some(name), Some(value)) = (values.next(), values.next()) {
        fields.push((bytes(name)?, bytes(value)?));
    }
    Ok(Fields(fields))
}

fn array(value: Value) -> Result<Vec<Value>> {
    match value {
        Value::Array(values) => Ok(values),
        Value::Nil => Ok(Vec::new()),
        _ => Err(strange()),
    }
}

fn bytes(value: Value) -> Result<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Int(number) => Ok(number.to_string().into_bytes()),
        _ => Err(strange()),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

fn int(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

/// The value of a name in a list of names and values.
fn get<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Array(values) = list else { return None };
    let mut pairs = values.chunks_exact(2);
    pairs.find(|pair| text(&pair[0]).as_deref() == Some(name)).map(|pair| &pair[1])
}

fn strange() -> Error {
    Error::new(ErrorKind::Queue, "the server's answer is not of the form that Redis has")
}
