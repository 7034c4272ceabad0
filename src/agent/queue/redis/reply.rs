//! Parses the replies of Redis. The typed replies of the `redis` crate fail on an entry that was
//! trimmed away, which comes as nil.

use std::time::Duration;

use ::redis::Value;

use crate::agent::queue::contract::Depth;
use crate::base::error::{Error, ErrorKind, Result};

/// An entry of a stream; it has no fields if it was trimmed away.
pub(super) struct StreamEntry {
    pub(super) id: String,
    pub(super) fields: Option<Fields>,
}

/// The fields of an entry: names and values, in order.
pub(super) struct Fields(pub(super) Vec<(Vec<u8>, Vec<u8>)>);

/// The reply to `XAUTOCLAIM`.
pub(super) struct Claimed {
    /// Where the next call continues; `0-0` at the end.
    pub(super) cursor: String,
    pub(super) entries: Vec<StreamEntry>,
    /// The number of pending entries that were trimmed away.
    pub(super) lost: usize,
}

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.0.iter();
        fields.find(|(key, _)| key == name.as_bytes()).map(|(_, value)| value.as_slice())
    }
}

/// Parses the reply to `XREADGROUP`: nil, or the entries by stream.
pub(super) fn parse_read(answer: Value) -> Result<Vec<StreamEntry>> {
    let mut found = Vec::new();
    for stream in array(answer)? {
        found.extend(entries(array(stream)?.pop().unwrap_or_default())?);
    }
    Ok(found)
}

/// Parses the reply to `XRANGE` and `XREVRANGE`: the entries.
pub(super) fn parse_range(answer: Value) -> Result<Vec<StreamEntry>> {
    entries(answer)
}

/// Parses the reply to `XAUTOCLAIM`: the cursor, the entries, and since Redis 7 the ids of lost
/// ones.
pub(super) fn parse_claim(answer: Value) -> Result<Claimed> {
    let mut parts = array(answer)?.into_iter();
    let cursor = parts.next().and_then(|cursor| text(&cursor)).ok_or_else(unexpected)?;
    let found = entries(parts.next().unwrap_or_default())?;
    let lost = parts.next().map(array).transpose()?.map_or(0, |lost| lost.len());
    let (entries, gone): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|entry| entry.fields.is_some());
    Ok(Claimed { cursor, entries, lost: lost + gone.len() })
}

/// Returns how often the entry of an `XPENDING` reply was handed out, or none if it is not pending.
pub(super) fn times_delivered(answer: &Value) -> Option<u32> {
    let Value::Array(entries) = answer else { return None };
    let Value::Array(entry) = entries.first()? else { return None };
    Some(u32::try_from(int(entry.get(3)?)?).unwrap_or(u32::MAX))
}

/// Returns the id of the entry that was last handed out to a group, and the number of
/// entries that the group has not acknowledged, from the reply to `XINFO GROUPS`.
pub(super) fn group_state(groups: &Value, group: &str) -> Option<(String, u64)> {
    let Value::Array(groups) = groups else { return None };
    let named = |it: &&Value| get(it, "name").and_then(text).as_deref() == Some(group);
    let group = groups.iter().find(named)?;
    let last = get(group, "last-delivered-id").and_then(text)?;
    Some((last, get(group, "pending").and_then(int)?))
}

/// Computes a group's depth from the replies to `XINFO GROUPS` and `XINFO STREAM`.
pub(super) fn depth(groups: &Value, stream: &Value, group: &str) -> Depth {
    let groups = match groups {
        Value::Array(groups) => groups.as_slice(),
        _ => &[],
    };
    let named = |it: &&Value| get(it, "name").and_then(text).as_deref() == Some(group);
    let Some(group) = groups.iter().find(named) else { return Depth::default() };
    let time_of = |id: &Value| {
        let id = text(id)?;
        id.split('-').next()?.parse::<u64>().ok().map(|time| (id.clone(), time))
    };
    let read = get(group, "last-delivered-id").and_then(time_of);
    let written = get(stream, "last-generated-id").and_then(time_of);
    let is_read_up = read.is_some() && read == written;
    let waiting = get(group, "lag").and_then(int).or(is_read_up.then_some(0));
    let lag = read.zip(written).and_then(|((_, read), (_, written))| match waiting {
        Some(0) => Some(Duration::ZERO),
        // Nothing was read yet: the lag is not known.
        _ if read == 0 => None,
        _ => Some(Duration::from_millis(written.saturating_sub(read))),
    });
    Depth { waiting, held: get(group, "pending").and_then(int), lag }
}

fn entries(answer: Value) -> Result<Vec<StreamEntry>> {
    let mut found = Vec::new();
    for entry in array(answer)? {
        // Redis 6 sends nil in the place of an entry that was trimmed away.
        if entry == Value::Nil {
            found.push(StreamEntry { id: String::new(), fields: None });
            continue;
        }
        let mut parts = array(entry)?.into_iter();
        let id = parts.next().and_then(|id| text(&id)).ok_or_else(unexpected)?;
        let fields = match parts.next() {
            None | Some(Value::Nil) => None,
            Some(fields) => Some(array(fields)?),
        };
        let fields = fields.map(pairs).transpose()?;
        found.push(StreamEntry { id, fields });
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
        _ => Err(unexpected()),
    }
}

fn bytes(value: Value) -> Result<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Int(number) => Ok(number.to_string().into_bytes()),
        _ => Err(unexpected()),
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

/// Finds the value of a name in a list of names and values.
fn get<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Array(values) = list else { return None };
    let mut pairs = values.chunks_exact(2);
    pairs.find(|pair| text(&pair[0]).as_deref() == Some(name)).map(|pair| &pair[1])
}

fn unexpected() -> Error {
    Error::new(ErrorKind::Queue, "the server's answer is not of the form that Redis has")
}
