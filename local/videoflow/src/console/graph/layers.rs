//! Places for boxes that lead to each other, in layers from above to below, and for the lines between them.
//!
//! `rust-sugiyama` places boxes. It tells nothing of lines, so those that pass other layers get a small box in each of
//! these, in a second run: the line goes through them.

use std::collections::{BTreeMap, BTreeSet};

use rust_sugiyama::configure::{Config, RankingType};
use rust_sugiyama::from_vertices_and_edges;

/// Space between boxes, and between layers.
const SPACING: f64 = 26.0;
/// Size of what keeps the place of a line in a layer.
const BEND: (f64, f64) = (6.0, 6.0);

/// A point.
pub type Point = (f64, f64);

/// Where everything is; the box around all begins at (0, 0).
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Centres of the boxes.
    pub centres: Vec<Point>,
    /// For each way the points that it passes between its ends, in its direction.
    pub bends: Vec<Vec<Point>>,
    /// Whether a way leads upwards.
    pub is_back: Vec<bool>,
    /// Size of all.
    pub size: (f64, f64),
}

/// Places boxes of these sizes with these ways between them; every box can be reached from the first one.
pub fn place(sizes: &[(f64, f64)], ways: &[(usize, usize)]) -> Placed {
    let is_back = back_ways(sizes.len(), ways);
    let down: Vec<(usize, usize)> = ways
        .iter()
        .zip(&is_back)
        .map(|(&(from, to), &is_back)| if is_back { (to, from) } else { (from, to) })
        .collect();
    let first = run(sizes, &down);
    let layer_of = layers(&first);
    let mut all_sizes = sizes.to_vec();
    let mut links = Vec::new();
    let mut chains = Vec::new();
    for &(from, to) in &down {
        let layer = |of: usize| layer_of.get(of).copied().unwrap_or(0);
        let passed = layer(to).saturating_sub(layer(from) + 1);
        let chain: Vec<usize> = (all_sizes.len()..all_sizes.len() + passed).collect();
        all_sizes.extend(chain.iter().map(|_| BEND));
        let stops: Vec<usize> = std::iter::once(from)
            .chain(chain.iter().copied())
            .chain([to])
            .collect();
        links.extend(
            stops
                .windows(2)
                .filter_map(|pair| Some((*pair.first()?, *pair.last()?))),
        );
        chains.push(chain);
    }
    let centres = if all_sizes.len() > sizes.len() {
        run(&all_sizes, &links)
    } else {
        first
    };
    gather(sizes, &all_sizes, &centres, &chains, is_back)
}

fn gather(
    sizes: &[(f64, f64)],
    all_sizes: &[(f64, f64)],
    centres: &[Point],
    chains: &[Vec<usize>],
    is_back: Vec<bool>,
) -> Placed {
    let edges = |pick: fn(&Point, &(f64, f64)) -> f64| {
        let both = centres.iter().zip(all_sizes);
        both.map(|(centre, size)| pick(centre, size))
            .collect::<Vec<_>>()
    };
    let least = |of: Vec<f64>| of.into_iter().fold(f64::INFINITY, f64::min);
    let most = |of: Vec<f64>| of.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let left = least(edges(|centre, size| centre.0 - size.0 / 2.0));
    let top = least(edges(|centre, size| centre.1 - size.1 / 2.0));
    let right = most(edges(|centre, size| centre.0 + size.0 / 2.0));
    let bottom = most(edges(|centre, size| centre.1 + size.1 / 2.0));
    let moved = |point: &Point| (point.0 - left, point.1 - top);
    let bends = chains.iter().zip(&is_back).map(|(chain, is_back)| {
        let mut bends: Vec<Point> = chain
            .iter()
            .filter_map(|at| centres.get(*at))
            .map(moved)
            .collect();
        if *is_back {
            bends.reverse();
        }
        bends
    });
    Placed {
        centres: centres.iter().take(sizes.len()).map(moved).collect(),
        bends: bends.collect(),
        is_back,
        size: (right - left, bottom - top),
    }
}

/// Centres of the boxes.
fn run(sizes: &[(f64, f64)], ways: &[(usize, usize)]) -> Vec<Point> {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let vertices: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(at, size)| (number(at), *size))
        .collect();
    let edges: Vec<_> = ways
        .iter()
        .map(|(from, to)| (number(*from), number(*to)))
        .collect();
    let config = Config {
        vertex_spacing: SPACING,
        ranking_type: RankingType::Up,
        ..Config::default()
    };
    let placed: BTreeMap<usize, Point> = from_vertices_and_edges(&vertices, &edges, &config)
        .into_iter()
        .flat_map(|(places, _, _)| places)
        .collect();
    let all = (0..sizes.len()).map(|at| placed.get(&at).copied().unwrap_or_default());
    all.collect()
}

/// The layer of each box: boxes of one layer have their centres at one height.
fn layers(centres: &[Point]) -> Vec<usize> {
    let height = |point: &Point| format!("{:020.3}", point.1 + 1e9);
    let heights: BTreeSet<String> = centres.iter().map(height).collect();
    let all = centres.iter().map(|point| {
        let height = height(point);
        heights.iter().position(|one| *one == height).unwrap_or(0)
    });
    all.collect()
}

/// The ways that lead back to where a walk from the first box has come from.
fn back_ways(boxes: usize, ways: &[(usize, usize)]) -> Vec<bool> {
    let mut is_back = vec![false; ways.len()];
    let mut has_been = vec![false; boxes];
    // A box on the way, and the next of its ways to look at.
    let mut walk: Vec<(usize, usize)> = Vec::new();
    let enter = |walk: &mut Vec<(usize, usize)>, has_been: &mut Vec<bool>, at: usize| {
        if let Some(been) = has_been.get_mut(at) {
            *been = true;
        }
        walk.push((at, 0));
    };
    if boxes > 0 {
        enter(&mut walk, &mut has_been, 0);
    }
    while let Some((at, next)) = walk.pop() {
        let Some((number, &(from, to))) = ways.iter().enumerate().nth(next) else {
            continue;
        };
        walk.push((at, next + 1));
        if from != at {
            continue;
        }
        if walk.iter().any(|(on_the_way, _)| *on_the_way == to) {
            if let Some(is_back) = is_back.get_mut(number) {
                *is_back = true;
            }
        } else if has_been.get(to) == Some(&false) {
            enter(&mut walk, &mut has_been, to);
        }
    }
    is_back
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(boxes: usize, ways: &[(usize, usize)], back: &[bool], bends: &[usize]) {
        let sizes = vec![(100.0, 40.0); boxes];
        let placed = place(&sizes, ways);
        assert_eq!(placed.is_back, back, "{ways:?}");
        let count: Vec<usize> = placed.bends.iter().map(Vec::len).collect();
        assert_eq!(count, bends, "{ways:?}");
        for (at, one) in placed.centres.iter().enumerate() {
            for other in placed.centres.iter().skip(at + 1) {
                let is_apart = (one.0 - other.0).abs() >= 100.0 || (one.1 - other.1).abs() >= 40.0;
                assert!(is_apart, "{ways:?}: {one:?} {other:?}");
            }
            assert!(one.0 >= 50.0 && one.0 <= placed.size.0 - 50.0, "{one:?}");
        }
    }

    #[test]
    fn boxes_lie_apart_and_long_lines_have_bends() {
        check(1, &[], &[], &[]);
        check(3, &[(0, 1), (1, 2), (0, 2)], &[false; 3], &[0, 0, 1]);
        check(4, &[(0, 1), (0, 2), (1, 3), (2, 3)], &[false; 4], &[0; 4]);
    }

    #[test]
    fn a_loop_leads_back_once() {
        // Start, wait, check, done?: the shape of a poll.
        let ways = [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)];
        check(
            5,
            &ways,
            &[false, false, false, true, false],
            &[0, 0, 0, 1, 0],
        );
    }
}
