//! Checks of the manifests: in order, and every file that they need is there.

use std::collections::BTreeSet;

use super::{Fault, Finding};
use crate::evidence::{Evidence, parent};
use crate::manifests::{Needed, dash, hls};

/// Every manifest, and every segment of every manifest.
pub(super) fn manifests(evidence: &Evidence<'_>) -> Finding {
    let stream = &evidence.timeline.renditions.stream;
    let mut looked_at = BTreeSet::new();
    let mut faults = Vec::new();
    let mut judge = |file: &str, wrong: Vec<String>, files: Vec<Needed>| {
        let file = format!("stream/{file}");
        looked_at.insert(file.clone());
        faults.extend(wrong.into_iter().map(|reason| Fault::new(&file, reason)));
        for needed in files {
            let fault = absent(evidence, &needed, &file);
            // A segment that two manifests name is one segment.
            if looked_at.insert(format!("stream/{}", needed.name)) {
                faults.extend(fault);
            }
        }
    };
    let master = hls::master(&evidence.master);
    judge(stream.hls.file_name(), master.faults, Vec::new());
    for (name, text) in &evidence.playlists {
        if text.is_empty() {
            judge(name, vec!["missing or empty".to_owned()], Vec::new());
            continue;
        }
        let media = hls::media(text);
        judge(name, media.faults, media.files);
    }
    let manifest = dash::read(&evidence.dash);
    let files = manifest.representations.into_iter();
    let files = files.flat_map(|one| one.files).collect();
    judge(stream.dash.file_name(), manifest.faults, files);
    Finding::of(looked_at.len(), faults)
}

/// What is wrong with a file that a manifest needs.
fn absent(evidence: &Evidence<'_>, needed: &Needed, by: &str) -> Option<Fault> {
    let folder = parent(&evidence.timeline.renditions.stream.hls).key;
    let file = format!("stream/{}", needed.name);
    let reason = match evidence.sizes.get(&format!("{folder}{}", needed.name)) {
        None => format!("missing; {by} names it"),
        Some(0) => format!("empty; {by} names it"),
        Some(size) if *size < needed.bytes => {
            format!("{size} bytes; {by} names bytes up to {}", needed.bytes)
        }
        Some(_) => return None,
    };
    Some(Fault::new(file, reason))
}
