//! The pages: their links lead somewhere, every alarm and every text of the code that names the runbook names a paragraph of
//! it, and its prices are those that a job is predicted with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use videoflow_shared::plan::Rung;
use videoflow_shared::prices::{Outlook, bill, predict};
use videoflow_shared::profiles;

use crate::support::root;

/// The runbook.
const OPERATIONS: &str = "docs/operations.md";

/// Folders that hold nothing of the repository.
const PASSED_OVER: [&str; 6] = [
    ".cache",
    ".git",
    ".terraform",
    ".videoflow",
    "target",
    "videoflow-out",
];

/// All files of the repository that end like this, by their path from its root, with their text.
fn files(endings: &[&str]) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !PASSED_OVER.contains(&&*name) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = std::fs::read_to_string(&path).expect("a text");
                let path = path.strip_prefix(root()).expect("it is inside").to_owned();
                found.insert(path, text);
            }
        }
    }
    found
}

/// The lines of a page without those of its code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The name by which GitHub links to a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept
        .chars()
        .filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// The anchors of a page.
pub fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page).filter_map(|line| {
        let heading = line.trim_start_matches('#');
        (heading.len() < line.len()).then(|| anchor(heading))
    });
    headings.collect()
}

/// The targets of a page's links: `](target)`.
fn links(page: &str) -> Vec<&str> {
    let lines = prose(page).flat_map(|line| line.split("](").skip(1));
    lines
        .filter_map(|rest| rest.split([')', ' ']).next())
        .collect()
}

/// What is wrong with a link of a page, if anything is.
fn broken(page: &Path, link: &str, pages: &BTreeMap<PathBuf, String>) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => page.to_owned(),
        _ => normalized(&page.parent().unwrap_or(Path::new("")).join(file)),
    };
    let wrong = format!("{}: {link}", page.display());
    if !root().join(&target).exists() {
        return Some(wrong);
    }
    let is_found = anchor.is_empty()
        || pages
            .get(&target)
            .is_some_and(|text| anchors(text).contains(anchor));
    (!is_found).then_some(wrong)
}

/// A path without `..`.
fn normalized(path: &Path) -> PathBuf {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(parts.pop()),
            std::path::Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts.into_iter().collect()
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let pages = files(&[".md"]);
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (page, text) in &pages {
        for link in links(text) {
            checked += 1;
            wrong.extend(broken(page, link, &pages));
        }
    }
    assert!(checked > 100, "{checked} links");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_names_the_runbook_names_a_paragraph_of_it() {
    let page = std::fs::read_to_string(root().join(OPERATIONS)).expect(OPERATIONS);
    let anchors = anchors(&page);
    let mut checked = 0;
    for (path, text) in files(&[".tf", ".rs", ".py", ".sh", ".yml", ".json"]) {
        // The anchor ends with the text; what Terraform puts in is checked where it is applied.
        for rest in text.split(&format!("{OPERATIONS}#")).skip(1) {
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '-');
            let (anchor, after) = rest.split_at(end.unwrap_or(rest.len()));
            if after.starts_with("${") || anchor.is_empty() {
                continue;
            }
            assert!(anchors.contains(anchor), "{}: {anchor}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 5, "{checked} places");
}

#[test]
fn every_alarm_names_a_paragraph_of_the_runbook() {
    let mut alarms = 0;
    let modules = files(&[".tf"]).into_iter();
    for (path, text) in modules.filter(|(path, _)| !path.iter().any(|part| part == "examples")) {
        for resource in text.split("\nresource \"").skip(1) {
            let is_alarm = [
                "aws_cloudwatch_metric_alarm",
                "aws_cloudwatch_composite_alarm",
            ]
            .iter()
            .any(|kind| resource.starts_with(kind));
            if is_alarm {
                let description = resource
                    .lines()
                    .find(|line| line.trim_start().starts_with("alarm_description"));
                let description = description.unwrap_or_default();
                let is_linked = description.contains(&format!("See {OPERATIONS}#"));
                assert!(is_linked, "{}: {description}", path.display());
                alarms += 1;
            }
        }
    }
    assert!(alarms >= 8, "{alarms} alarms");
}

/// What `seconds` of a video of 1080 lines cost under a profile.
fn price(seconds: f64, profile: &str) -> f64 {
    let profile = profiles::find(profile).expect("a profile");
    let rung = |height: &u32| Rung {
        height: *height,
        width: *height * 16 / 9,
        bitrate: 0,
    };
    let ladder: Vec<Rung> = profile.ladder_heights.iter().map(rung).collect();
    bill(&predict(&Outlook {
        seconds,
        frame_rate: 30.0,
        ladder: &ladder,
        streaming: profile.streaming,
        has_audio: true,
        analyses: profile.analyses,
    }))
    .total_usd
}

#[test]
fn the_runbooks_prices_are_those_of_a_prediction() {
    let page = std::fs::read_to_string(root().join(OPERATIONS)).expect(OPERATIONS);
    let profiles = ["default", "lean", "moderated"];
    let row = |heading: &str, figures: [f64; 3], bold: &str| {
        let cells = figures.map(|figure| format!(" {bold}{figure:.3}{bold} |"));
        let cells = cells.concat();
        let found = page
            .lines()
            .any(|line| line.starts_with(&format!("| **{heading}")) && line.ends_with(&cells));
        assert!(found, "| **{heading}…{cells}");
    };
    let minute = profiles.map(|profile| (price(3600.0, profile) - price(1800.0, profile)) / 30.0);
    row("a minute", minute, "**");
    let fixed = [0, 1, 2].map(|number| price(600.0, profiles[number]) - 10.0 * minute[number]);
    row("besides, a video", fixed, "**");
    let totals = |minutes: f64| {
        let total = |number: usize| format!("{:.2}", fixed[number] + minutes * minute[number]);
        format!("{}, {} or {}", total(0), total(1), total(2))
    };
    let sentence = format!(
        "So ten minutes cost {} USD, and an hour {}.",
        totals(10.0),
        totals(60.0)
    );
    assert!(page.contains(&sentence), "{sentence}");
}

#[test]
fn links_and_anchors_are_read_as_github_does() {
    let check = |heading: &str, expected: &str| assert_eq!(anchor(heading), expected);
    check(" Loss of a region", "loss-of-a-region");
    check(
        " `videoflow asl check`: what is wrong",
        "videoflow-asl-check-what-is-wrong",
    );
    let page =
        "# One\n[a](b.md#c) and [d](e \"f\")\n```sh\n# no heading\n[no](link)\n```\n## Two\n";
    assert_eq!(links(page), ["b.md#c", "e"]);
    assert_eq!(
        anchors(page).into_iter().collect::<Vec<_>>(),
        ["one", "two"]
    );
}
