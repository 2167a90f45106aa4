//! The name that was probably meant.

/// Most letters by which a name may differ from the one that is meant.
const MAX_DISTANCE: usize = 3;

/// ` Is it 'x'?`, if there is a name so near.
pub(super) fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    closest(name, known)
        .map(|near| format!(" Is it '{near}'?"))
        .unwrap_or_default()
}

/// The known name that is nearest to what was written, if it is near.
pub(super) fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let bound = MAX_DISTANCE.min(name.chars().count() / 2);
    let measured = known.map(|known| (distance(name, known), known));
    measured
        .min()
        .filter(|(distance, _)| *distance <= bound)
        .map(|(_, known)| known)
}

/// Levenshtein's distance, not counting case.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.to_lowercase().chars().enumerate() {
        let mut next = vec![index + 1];
        for (cell, (above, theirs)) in row.windows(2).zip(&other).enumerate() {
            let &[diagonal, above] = above else { continue };
            let left = next.get(cell).copied().unwrap_or_default();
            let change = diagonal + usize::from(letter != *theirs);
            next.push(change.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn the_nearest_name_is_meant() {
        let check = |name, expected| {
            let known = ["putObject", "getObject", "listObjectsV2"];
            assert_eq!(closest(name, known.into_iter()), expected, "{name}");
        };
        check("putObjects", Some("putObject"));
        check("ListObjectV2", Some("listObjectsV2"));
        check("send", None);
    }
}
