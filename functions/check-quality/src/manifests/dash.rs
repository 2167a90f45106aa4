//! DASH manifests (ISO/IEC 23009-1): every segment of every representation, from templates, timelines and lists.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Needed;

/// Segments of a representation: four hours have 3,600.
const SEGMENTS_LIMIT: u64 = 100_000;

/// What a manifest demands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifest {
    /// Its representations.
    pub representations: Vec<Representation>,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

/// One quality of picture or sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Representation {
    /// Its id.
    pub id: String,
    /// Whether it is picture.
    pub is_picture: bool,
    /// Files that it needs.
    pub files: Vec<Needed>,
    /// Sum of its segments, where the manifest tells it.
    pub seconds: Option<f64>,
}

/// What an element hands down to those within it.
#[derive(Debug, Clone, Default)]
struct Level {
    attributes: BTreeMap<String, String>,
    base: String,
    template: BTreeMap<String, String>,
    /// Entries of the timeline.
    timeline: Vec<Entry>,
    /// Files of a list.
    listed: Vec<String>,
}

/// Segments of the same duration, one after the other.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: Option<u64>,
    duration: u64,
    repeated: u64,
}

/// Reads a manifest.
pub fn read(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let mut levels = vec![Level::default()];
    let mut is_base = false;
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                is_base = element.local_name().as_ref() == b"BaseURL";
                open(&mut levels, &element);
            }
            Ok(Event::Empty(element)) => {
                open(&mut levels, &element);
                close(&mut levels, element.local_name().as_ref(), &mut manifest);
            }
            Ok(Event::End(element)) => {
                is_base = false;
                close(&mut levels, element.local_name().as_ref(), &mut manifest);
            }
            Ok(Event::Text(text)) if is_base => {
                let text = text.decode().unwrap_or_default();
                if let Some(level) = levels.last_mut() {
                    level.base.push_str(text.trim().trim_start_matches("./"));
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => (),
            Err(error) => {
                manifest.faults.push(format!("it is no XML: {error}"));
                break;
            }
        }
    }
    if manifest.representations.is_empty() {
        manifest.faults.push("it names no representation".into());
    }
    manifest
}

/// Elements that hand something down; all others belong to the one that they stand in.
fn is_level(name: &[u8]) -> bool {
    matches!(
        name,
        b"MPD" | b"Period" | b"AdaptationSet" | b"Representation"
    )
}

fn open(levels: &mut Vec<Level>, element: &BytesStart<'_>) {
    let attributes = element.attributes().filter_map(Result::ok);
    let attributes = attributes.filter_map(|one| {
        let name = String::from_utf8_lossy(one.key.as_ref()).into_owned();
        Some((name, one.unescape_value().ok()?.into_owned()))
    });
    let attributes: BTreeMap<_, _> = attributes.collect();
    let name = element.local_name();
    if is_level(name.as_ref()) {
        let mut level = levels.last().cloned().unwrap_or_default();
        level.attributes.extend(attributes);
        levels.push(level);
        return;
    }
    let Some(level) = levels.last_mut() else {
        return;
    };
    match name.as_ref() {
        // What a template does not say, the ones above it do.
        b"SegmentTemplate" | b"SegmentList" => {
            level.template.extend(attributes);
            level.timeline.clear();
            level.listed.clear();
        }
        b"Initialization" | b"SegmentURL" => {
            let files = ["sourceURL", "media"].map(|name| attributes.get(name).cloned());
            level.listed.extend(files.into_iter().flatten());
        }
        b"S" => {
            let number = |name: &str| attributes.get(name)?.parse::<u64>().ok();
            level.timeline.push(Entry {
                start: number("t"),
                duration: number("d").unwrap_or(0),
                repeated: number("r").unwrap_or(0),
            });
        }
        _ => (),
    }
}

fn close(levels: &mut Vec<Level>, name: &[u8], manifest: &mut Manifest) {
    let level = if is_level(name) { levels.pop() } else { None };
    if let (Some(level), b"Representation") = (level, name) {
        match level.representation() {
            Ok(representation) => manifest.representations.push(representation),
            Err(reason) => manifest.faults.push(reason),
        }
    }
}

impl Level {
    fn representation(&self) -> Result<Representation, String> {
        let own = |name: &str| self.attributes.get(name).map_or("", String::as_str);
        let id = own("id");
        let kinds = [own("mimeType"), own("contentType")];
        let mut representation = Representation {
            id: id.to_owned(),
            is_picture: kinds.iter().any(|kind| kind.starts_with("video")),
            files: Vec::new(),
            seconds: None,
        };
        for name in ["bandwidth", "codecs"] {
            if own(name).is_empty() {
                return Err(format!("representation {id} has no {name}"));
            }
        }
        let names = if self.listed.is_empty() && self.template.is_empty() {
            vec![String::new()]
        } else if self.listed.is_empty() {
            let (names, seconds) = self.segments(id)?;
            representation.seconds = Some(seconds);
            names
        } else {
            self.listed.clone()
        };
        representation.files = names
            .into_iter()
            .map(|name| Needed {
                name: format!("{}{name}", self.base),
                bytes: 1,
            })
            .collect();
        Ok(representation)
    }

    /// Names of all segments of a template, the initialisation first, and how long they last together.
    fn segments(&self, id: &str) -> Result<(Vec<String>, f64), String> {
        let template = |name: &str| self.template.get(name).map(String::as_str);
        let number = |name: &str| template(name).and_then(|text| text.parse::<u64>().ok());
        let media = template("media").ok_or_else(|| format!("representation {id} has no media"))?;
        let timescale = number("timescale").unwrap_or(1).max(1);
        let start = number("startNumber").unwrap_or(1);
        let times = self.times(number("duration"), timescale);
        let times = times.ok_or_else(|| format!("representation {id} has no readable timeline"))?;
        let bandwidth = self.attributes.get("bandwidth").map_or("", String::as_str);
        let fill = |text: &str, number: u64, time: u64| {
            let values = [
                ("RepresentationID", id.to_owned()),
                ("Bandwidth", bandwidth.to_owned()),
                ("Number", number.to_string()),
                ("Time", time.to_string()),
            ];
            filled(text, &values)
        };
        let first = template("initialization").map(|text| fill(text, start, 0));
        let segments = times.iter().zip(start..);
        let segments = segments.map(|((time, _), number)| fill(media, number, *time));
        let units: u64 = times.iter().map(|(_, duration)| duration).sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let seconds = units as f64 / timescale as f64;
        Ok((first.into_iter().chain(segments).collect(), seconds))
    }

    /// Start and duration of every segment; `None` when they cannot be told.
    fn times(&self, duration: Option<u64>, timescale: u64) -> Option<Vec<(u64, u64)>> {
        let mut times = Vec::new();
        let mut now = 0_u64;
        for entry in &self.timeline {
            now = entry.start.unwrap_or(now);
            for _ in 0..=entry.repeated.min(SEGMENTS_LIMIT) {
                times.push((now, entry.duration));
                now = now.checked_add(entry.duration)?;
            }
        }
        if times.is_empty() {
            let total = self.attributes.get("mediaPresentationDuration");
            let total = milliseconds(total?)?.checked_mul(timescale)? / 1000;
            let duration = duration.filter(|duration| *duration > 0)?;
            let count = total.div_ceil(duration).min(SEGMENTS_LIMIT);
            times.extend((0..count).map(|n| (n * duration, duration.min(total - n * duration))));
        }
        (!times.is_empty()).then_some(times)
    }
}

/// A template with its `$Name$` and `$Name%0<width>d$` filled in; `$$` is a dollar.
fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (index, piece) in template.split('$').enumerate() {
        let (name, width) = match piece.split_once("%0") {
            Some((name, format)) => (name, format.trim_end_matches('d').parse().unwrap_or(0)),
            None => (piece, 0),
        };
        let value = values.iter().find(|(known, _)| *known == name);
        match value {
            _ if index % 2 == 0 => text.push_str(piece),
            _ if piece.is_empty() => text.push('$'),
            // Writing to a String cannot fail.
            Some((_, value)) => drop(write!(text, "{value:0>width$}")),
            None => text.push_str(piece),
        }
    }
    text
}

/// Milliseconds of an ISO 8601 duration of hours, minutes and seconds: `PT1H2M3.5S`.
fn milliseconds(text: &str) -> Option<u64> {
    let mut seconds = 0.0;
    let mut rest = text.strip_prefix("PT")?;
    for (unit, worth) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, behind)) = rest.split_once(unit) {
            seconds += number.parse::<f64>().ok()? * worth;
            rest = behind;
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates"
    )]
    let milliseconds = (seconds * 1000.0).round() as u64;
    rest.is_empty().then_some(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A manifest with this inside of its only adaptation set.
    fn manifest(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><!-- a --><MPD mediaPresentationDuration=\"PT0H0M9.5S\"><BaseURL>./</BaseURL>\
             <Period><AdaptationSet mimeType=\"video/mp4\" codecs=\"avc1\">{inside}</AdaptationSet></Period></MPD>"
        )
    }

    fn check(inside: &str, files: &[&str], seconds: Option<f64>) {
        let read = read(&manifest(inside));
        assert_eq!(read.faults, Vec::<String>::new());
        let names = read.representations.iter().flat_map(|one| &one.files);
        let names: Vec<&str> = names.map(|one| one.name.as_str()).collect();
        assert_eq!(names, files, "{inside}");
        let first = read.representations.first();
        assert_eq!(first.and_then(|one| one.seconds), seconds);
        assert!(first.is_some_and(|one| one.is_picture));
    }

    #[test]
    fn every_segment_of_a_timeline_is_named() {
        check(
            "<Representation id=\"v\" bandwidth=\"7\"><SegmentTemplate timescale=\"10\" initialization=\"$RepresentationID$i.mp4\"
             media=\"$RepresentationID$_$Number%03d$.m4s\" startNumber=\"5\"><SegmentTimeline><S t=\"0\" d=\"40\" r=\"1\"/><S d=\"15\"/>
             </SegmentTimeline></SegmentTemplate></Representation>",
            &["vi.mp4", "v_005.m4s", "v_006.m4s", "v_007.m4s"],
            Some(9.5),
        );
        // Times, bandwidths and dollars; what stands above, but for what stands below.
        check(
            "<SegmentTemplate timescale=\"1\" media=\"$Bandwidth$/$Time$$$&amp;.m4s\" startNumber=\"2\"><SegmentTimeline>
             <S t=\"3\" d=\"4\" r=\"1\"/></SegmentTimeline></SegmentTemplate><Representation id=\"a\" bandwidth=\"7\"/>
             <Representation id=\"b\" bandwidth=\"8\"><SegmentTemplate timescale=\"2\"><SegmentTimeline><S d=\"2\"/></SegmentTimeline>
             </SegmentTemplate></Representation>",
            &["7/3$&.m4s", "7/7$&.m4s", "8/0$&.m4s"],
            Some(8.0),
        );
    }

    #[test]
    fn segments_of_one_duration_are_counted() {
        check(
            "<Representation id=\"v\" bandwidth=\"7\"><SegmentTemplate duration=\"4\" media=\"$Number$.m4s\"/></Representation>",
            &["1.m4s", "2.m4s", "3.m4s"],
            Some(9.0),
        );
    }

    #[test]
    fn lists_and_whole_files_are_named() {
        check(
            "<Representation id=\"v\" bandwidth=\"7\"><BaseURL>v/</BaseURL><SegmentList duration=\"4\"><Initialization sourceURL=\"i.mp4\"/>\
             <SegmentURL media=\"1.m4s\"/></SegmentList></Representation>",
            &["v/i.mp4", "v/1.m4s"],
            None,
        );
        check(
            "<Representation id=\"v\" bandwidth=\"7\"><BaseURL>a.mp4</BaseURL></Representation>",
            &["a.mp4"],
            None,
        );
    }

    fn check_fault(text: &str, expected: &str) {
        let faults = read(text).faults;
        assert!(
            faults
                .first()
                .is_some_and(|fault| fault.starts_with(expected)),
            "{faults:?}"
        );
    }

    #[test]
    fn manifests_that_no_player_reads_are_told() {
        check_fault("", "it names no representation");
        check_fault("<MPD></Period>", "it is no XML");
        check_fault(
            &manifest("<Representation id=\"v\"/>"),
            "representation v has no bandwidth",
        );
        check_fault(
            &manifest(
                "<Representation id=\"v\" bandwidth=\"1\"><SegmentTemplate initialization=\"i\"/></Representation>",
            ),
            "representation v has no media",
        );
        check_fault(
            &manifest(
                "<Representation id=\"v\" bandwidth=\"1\"><SegmentTemplate media=\"$Number$\"/></Representation>",
            ),
            "representation v has no readable timeline",
        );
    }
}
