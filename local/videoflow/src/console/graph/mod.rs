//! The picture of the workflows: process-video with the machines that it starts, as boxes and lines.
//!
//! It is made of the definitions in this program, not of those that an execution ran: these would have to be asked for,
//! version by version, and differ by a state or two. States that the picture lacks are in the table below it.

mod definition;
mod layers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;
use videoflow_platform::names;
use videoflow_platform::step_functions::Definitions;

use definition::{Scope, State, WayKind, scope};
use layers::{Point, place};

/// Height of a state's box.
const STATE_HEIGHT: f64 = 38.0;
/// Width of a letter, more or less, and of what stands beside the name.
const LETTER: f64 = 7.6;
const MARK: f64 = 54.0;
/// Space for lines between layers, besides what lies between boxes.
const LINES: f64 = 18.0;
const LIFT: f64 = LINES / 2.0;
/// Least width of a state's box.
const LEAST_WIDTH: f64 = 110.0;
/// Space within a box that holds others, beside and below them, and above.
const MARGIN: f64 = 16.0;
const TITLE: f64 = 42.0;

/// A picture. Places are of upper left corners, in CSS pixels.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Picture {
    /// Width of all.
    pub width: f64,
    /// Height of all.
    pub height: f64,
    /// States, those that hold others before these.
    pub nodes: Vec<Node>,
    /// Ways between them.
    pub edges: Vec<Edge>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Its machine, without prefix.
    pub machine: String,
    /// Its name.
    pub state: String,
    /// `Task`, `Choice`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Machine that it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<String>,
    /// Whether other states lie within.
    #[serde(rename = "isGroup")]
    pub is_group: bool,
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

/// A way between two states of a machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edge {
    /// Machine of both.
    pub machine: String,
    /// State that it leaves.
    pub from: String,
    /// State that it enters.
    pub to: String,
    /// When it is taken.
    pub kind: WayKind,
    /// Points on the way.
    pub points: Vec<Point>,
}

/// Which machines are shown with what lies within.
struct Open(BTreeSet<&'static str>);

/// The definitions, read once.
static MACHINES: LazyLock<Vec<(String, Scope)>> = LazyLock::new(|| {
    let machines = Definitions::embedded().machines.into_iter();
    let read = machines.map(|template| {
        let definition: Value = serde_json::from_str(&template.source).unwrap_or_default();
        (template.name, scope(&definition))
    });
    read.collect()
});

impl Open {
    fn of(machines: impl IntoIterator<Item = &'static str>) -> Self {
        Self(machines.into_iter().collect())
    }
}

/// Machines that process-video starts, in the order of the way.
fn children() -> impl Iterator<Item = &'static str> {
    fn add(scope: &'static Scope, found: &mut Vec<&'static str>) {
        for state in &scope.states {
            found.extend(state.machine.as_deref());
            state.scopes.iter().for_each(|scope| add(scope, found));
        }
    }
    let mut found = Vec::new();
    if let Some(main) = machine(names::PROCESS_VIDEO) {
        add(main, &mut found);
    }
    found.into_iter()
}

/// All pictures that a page switches between: with nothing open (by the name of nothing), with one machine, with all.
pub fn pictures() -> BTreeMap<String, Picture> {
    let one = children().map(|machine| (machine.to_owned(), picture(&Open::of([machine]))));
    let ends = [
        (String::new(), picture(&Open::of([]))),
        ("all".to_owned(), picture(&Open::of(children()))),
    ];
    one.chain(ends).collect()
}

/// The picture of process-video.
fn picture(open: &Open) -> Picture {
    machine(names::PROCESS_VIDEO)
        .map(|main| draw(names::PROCESS_VIDEO, main, open))
        .unwrap_or_default()
}

fn machine(name: &str) -> Option<&'static Scope> {
    let found = MACHINES.iter().find(|(machine, _)| machine == name);
    found.map(|(_, scope)| scope)
}

/// A scope of a machine, from (0, 0).
fn draw(machine: &str, scope: &Scope, open: &Open) -> Picture {
    let inner: Vec<Option<Picture>> = scope
        .states
        .iter()
        .map(|state| within(machine, state, open))
        .collect();
    let sizes: Vec<(f64, f64)> = scope
        .states
        .iter()
        .zip(&inner)
        .map(|(state, inner)| size(state, inner.as_ref()))
        .collect();
    let ways: Vec<(usize, usize)> = scope.ways.iter().map(|way| (way.from, way.to)).collect();
    let spaced: Vec<(f64, f64)> = sizes.iter().map(|size| (size.0, size.1 + LINES)).collect();
    let placed = place(&spaced, &ways);
    let mut picture = Picture {
        width: placed.size.0,
        height: placed.size.1 - LINES,
        ..Picture::default()
    };
    let boxes: Vec<Node> = scope
        .states
        .iter()
        .zip(&inner)
        .zip(sizes.iter().zip(&placed.centres))
        .map(|((state, inner), (size, centre))| Node {
            machine: machine.to_owned(),
            state: state.name.clone(),
            kind: state.kind.clone(),
            child: state.machine.clone(),
            is_group: inner.is_some(),
            x: centre.0 - size.0 / 2.0,
            y: centre.1 - LIFT - size.1 / 2.0,
            w: size.0,
            h: size.1,
        })
        .collect();
    for (way, (bends, is_back)) in scope
        .ways
        .iter()
        .zip(placed.bends.iter().zip(&placed.is_back))
    {
        if let (Some(from), Some(to)) = (boxes.get(way.from), boxes.get(way.to)) {
            picture.edges.push(Edge {
                machine: machine.to_owned(),
                from: from.state.clone(),
                to: to.state.clone(),
                kind: way.kind,
                points: points(from, to, bends, *is_back),
            });
        }
    }
    for (node, inner) in boxes.into_iter().zip(inner) {
        let (x, y, width) = (node.x, node.y, node.w);
        picture.nodes.push(node);
        if let Some(inner) = inner {
            let left = x + (width - inner.width) / 2.0;
            picture.add(inner, left, y + TITLE);
        }
    }
    picture
}

/// What a state's box holds.
fn within(machine: &str, state: &State, open: &Open) -> Option<Picture> {
    if let Some(child) = state
        .machine
        .as_deref()
        .filter(|child| open.0.contains(*child))
    {
        return Some(draw(child, self::machine(child)?, open));
    }
    if state.scopes.is_empty() {
        return None;
    }
    let mut beside = Picture::default();
    for scope in &state.scopes {
        let branch = draw(machine, scope, open);
        let left = if beside.width > 0.0 {
            beside.width + MARGIN * 2.0
        } else {
            0.0
        };
        beside.width = left + branch.width;
        beside.height = beside.height.max(branch.height);
        beside.add(branch, left, 0.0);
    }
    Some(beside)
}

impl Picture {
    /// Takes over another picture, moved.
    fn add(&mut self, other: Self, right: f64, down: f64) {
        self.nodes.extend(other.nodes.into_iter().map(|node| Node {
            x: node.x + right,
            y: node.y + down,
            ..node
        }));
        self.edges.extend(other.edges.into_iter().map(|edge| {
            Edge {
                points: edge
                    .points
                    .iter()
                    .map(|(x, y)| (x + right, y + down))
                    .collect(),
                ..edge
            }
        }));
    }
}

fn size(state: &State, inner: Option<&Picture>) -> (f64, f64) {
    let letters = u16::try_from(state.name.chars().count()).unwrap_or(u16::MAX);
    let named = (f64::from(letters) * LETTER + MARK).max(LEAST_WIDTH);
    match inner {
        Some(inner) => (
            (inner.width + 2.0 * MARGIN).max(named + MARK),
            inner.height + TITLE + MARGIN,
        ),
        None => (named, STATE_HEIGHT),
    }
}

/// From the lower edge of a box to the upper edge of the next; a way back goes from upper to lower.
fn points(from: &Node, to: &Node, bends: &[Point], is_back: bool) -> Vec<Point> {
    let middle = |node: &Node| node.x + node.w / 2.0;
    let (leave, enter) = if is_back {
        (from.y, to.y + to.h)
    } else {
        (from.y + from.h, to.y)
    };
    // Lines that come from the side leave and enter at that side, so that they do not lie upon each other.
    let towards = |node: &Node, next: f64| {
        let reach = node.w / 2.0 - 18.0;
        middle(node) + ((next - middle(node)) / 4.0).clamp(-reach, reach)
    };
    let first = bends.first().map_or_else(|| middle(to), |bend| bend.0);
    let last = bends.last().map_or_else(|| middle(from), |bend| bend.0);
    std::iter::once((towards(from, first), leave))
        .chain(bends.iter().map(|(x, y)| (*x, y - LIFT)))
        .chain([(towards(to, last), enter)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlap(one: &Node, other: &Node) -> bool {
        one.x < other.x + other.w
            && other.x < one.x + one.w
            && one.y < other.y + other.h
            && other.y < one.y + one.h
    }

    #[test]
    fn the_whole_picture_has_every_state_and_none_lies_upon_another() {
        let picture = picture(&Open::of(children()));
        let machines: BTreeSet<&str> = picture
            .nodes
            .iter()
            .map(|node| node.machine.as_str())
            .collect();
        assert_eq!(machines.len(), 8, "{machines:?}");
        let plain: Vec<&Node> = picture.nodes.iter().filter(|node| !node.is_group).collect();
        assert!(plain.len() > 80, "{}", plain.len());
        for (at, one) in plain.iter().enumerate() {
            assert!(one.x >= 0.0 && one.x + one.w <= picture.width, "{one:?}");
            assert!(one.y >= 0.0 && one.y + one.h <= picture.height, "{one:?}");
            for other in plain.iter().skip(at + 1) {
                assert!(!overlap(one, other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn machines_open_one_by_one() {
        let names: Vec<&str> = children().collect();
        assert_eq!(names.len(), 7, "{names:?}");
        let pictures = pictures();
        let count = |name: &str| pictures.get(name).map_or(0, |picture| picture.nodes.len());
        assert_eq!(pictures.len(), 9);
        assert!(count("") < count("merge-brief") && count("merge-brief") < count("all"));
        let has = |name: &str, state: &str| {
            let picture = pictures.get(name);
            picture.is_some_and(|picture| picture.nodes.iter().any(|node| node.state == state))
        };
        assert!(has("merge-brief", "AlignStreams") && !has("", "AlignStreams"));
    }
}
