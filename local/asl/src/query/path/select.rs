//! From places to those that a step leads to.

use serde_json::{Map, Value};

use super::{Selection, Step};

/// The places that the steps lead to; `root` is what `$` within a filter means.
pub(super) fn places<'v>(steps: &[Step], start: &'v Value, root: &'v Value) -> Vec<&'v Value> {
    let mut places = vec![start];
    for step in steps {
        places = places
            .into_iter()
            .flat_map(|place| step.select(place, root))
            .collect();
    }
    places
}

impl Step {
    /// The place that a single step leads to.
    pub(super) fn only<'v>(&self, place: &'v Value) -> Option<&'v Value> {
        match &self.selection {
            Selection::Names(names) => place.as_object()?.get(names.first()?),
            Selection::Indexes(indexes) => {
                let items = place.as_array()?;
                items.get(position(*indexes.first()?, items.len())?)
            }
            _ => None,
        }
    }

    pub(super) fn is_single(&self) -> bool {
        !self.is_deep
            && match &self.selection {
                Selection::Names(names) => names.len() == 1,
                Selection::Indexes(indexes) => indexes.len() == 1,
                _ => false,
            }
    }

    /// Several names make an object of those members, at the end of a path.
    pub(super) fn makes_object(&self) -> bool {
        matches!(&self.selection, Selection::Names(names) if names.len() > 1)
    }

    pub(super) fn merge(&self, places: Vec<&Value>) -> Vec<Value> {
        let Selection::Names(names) = &self.selection else {
            return Vec::new();
        };
        let objects = places
            .into_iter()
            .flat_map(|place| self.reach(place))
            .filter_map(Value::as_object);
        let pick = |object: &Map<String, Value>| {
            let members = names
                .iter()
                .filter_map(|name| object.get(name).map(|value| (name.clone(), value.clone())));
            Value::Object(members.collect())
        };
        objects.map(pick).collect()
    }

    /// The place itself or, for `..`, it and all within it.
    fn reach<'v>(&self, place: &'v Value) -> Vec<&'v Value> {
        let mut reached = Vec::new();
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            reached.push(place);
            if self.is_deep {
                open.extend(children(place).into_iter().rev());
            }
        }
        reached
    }

    pub(super) fn select<'v>(&self, place: &'v Value, root: &'v Value) -> Vec<&'v Value> {
        let reached = self.reach(place);
        if let (true, Selection::Filter(filter)) = (self.is_deep, &self.selection) {
            return reached
                .into_iter()
                .filter(|place| filter.holds(place, root))
                .collect();
        }
        reached
            .into_iter()
            .flat_map(|place| self.selection.select(place, root))
            .collect()
    }
}

fn children(place: &Value) -> Vec<&Value> {
    match place {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

impl Selection {
    fn select<'v>(&self, place: &'v Value, root: &'v Value) -> Vec<&'v Value> {
        match (self, place) {
            (Self::Everything, place) => children(place),
            (Self::Names(names), Value::Object(members)) => {
                names.iter().filter_map(|name| members.get(name)).collect()
            }
            (Self::Indexes(indexes), Value::Array(items)) => indexes
                .iter()
                .filter_map(|index| items.get(position(*index, items.len())?))
                .collect(),
            (Self::Slice { from, to, step }, Value::Array(items)) => {
                slice(items, *from, *to, *step)
            }
            (Self::Filter(filter), Value::Array(items)) => items
                .iter()
                .filter(|item| filter.holds(item, root))
                .collect(),
            (Self::Filter(filter), place @ Value::Object(_)) if filter.holds(place, root) => {
                vec![place]
            }
            _ => Vec::new(),
        }
    }
}

/// An index that counts from the end where it is negative.
fn position(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// `[from:to:step]`; a step below 0 goes backwards, 0 nowhere.
fn slice(items: &[Value], from: Option<i64>, to: Option<i64>, step: i64) -> Vec<&Value> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let bound = |bound: Option<i64>, default: i64| match bound {
        None => default,
        Some(bound) if bound < 0 => bound.saturating_add(length).clamp(lowest, highest),
        Some(bound) => bound.clamp(lowest, highest),
    };
    let (first, end) = if step > 0 {
        (bound(from, 0), bound(to, length))
    } else {
        (bound(from, length - 1), bound(to, -1))
    };
    let mut found = Vec::new();
    let mut index = first;
    while step != 0 && if step > 0 { index < end } else { index > end } {
        found.extend(
            usize::try_from(index)
                .ok()
                .and_then(|index| items.get(index)),
        );
        index = index.saturating_add(step);
    }
    found
}
